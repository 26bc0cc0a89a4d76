/** The webhooks of all configurations, in the order in which they are asked: by configuration, then as listed. */
import type {
  MutatingWebhook,
  MutatingWebhookConfiguration,
  ValidatingWebhook,
  ValidatingWebhookConfiguration,
} from '../../../api/generated/admissionregistration/v1.ts';
import { fromLabelSelector, type Selector } from '../../../api/selector.ts';
import type { ObjectReader } from '../object-reader.ts';

export type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;
type Configuration = ValidatingWebhookConfiguration | MutatingWebhookConfiguration;

/** A webhook with what is derived from it once. */
export interface Hook {
  readonly webhook: Webhook;
  readonly configuration: string;
  /** Unique among the webhooks of a resource. */
  readonly id: string;
  readonly namespaceSelector: Selector;
  readonly objectSelector: Selector;
}

const none: readonly Hook[] = [];

/** Reads the hooks of a resource; those of a configuration are made once for each of its states. */
export function hooksReader(reader: ObjectReader, resourceName: string): () => readonly Hook[] {
  const known = new WeakMap<Configuration, readonly Hook[]>();
  return () => {
    // Only webhook configurations are stored under this resource name; names sort them.
    const stored = reader.list(resourceName) as readonly Configuration[];
    if (stored.length === 0) return none;
    return stored.flatMap((configuration) => {
      const hooks = known.get(configuration) ?? hooksOf(configuration);
      known.set(configuration, hooks);
      return hooks;
    });
  };
}

function hooksOf({ metadata, webhooks = [] }: Configuration): readonly Hook[] {
  const seen = new Map<string, number>();
  return webhooks.map((webhook: Webhook) => {
    const count = seen.get(webhook.name) ?? 0;
    seen.set(webhook.name, count + 1);
    return {
      webhook,
      configuration: metadata.name,
      id: `${metadata.name}/${webhook.name}/${count}`,
      namespaceSelector: fromLabelSelector(webhook.namespaceSelector ?? {}),
      objectSelector: fromLabelSelector(webhook.objectSelector ?? {}),
    };
  });
}
