/** Which plugins to ask about an event. Source: pkg/scheduler/scheduler.go buildQueueingHintMap. */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { Kind } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { ActionSet, ClusterEvent, RegisteredEvent } from './cluster-event.ts';
import type { Plugin } from './plugin.ts';

export interface PluginHint {
  readonly plugin: string;
  readonly registered: RegisteredEvent;
}

export class QueueingHints {
  readonly #byKind = new Map<string, PluginHint[]>();
  /** The Kinds that some plugin wants to hear of. */
  readonly kinds: readonly Kind<KubeObject>[];

  constructor(plugins: readonly Pick<Plugin, 'name' | 'events'>[]) {
    const kinds = new Map<string, Kind<KubeObject>>();
    for (const { name, events = [] } of plugins) {
      for (const registered of events) {
        const known = this.#byKind.get(registered.resourceName) ?? [];
        known.push({ plugin: name, registered });
        this.#byKind.set(registered.resourceName, known);
        kinds.set(registered.resourceName, registered.kind);
      }
    }
    this.kinds = [...kinds.values()];
  }

  /** What some plugin wants to hear of a Kind's objects: all else need not be found out. */
  wanted({ resourceName }: { readonly resourceName: string }): ActionSet {
    return (this.#byKind.get(resourceName) ?? []).reduce((all, { registered }) => all | registered.actions, 0);
  }

  /** Those to ask about an event. */
  of(event: ClusterEvent): readonly PluginHint[] {
    return (this.#byKind.get(event.kind.resourceName) ?? []).filter(({ registered }) => (registered.actions & event.actions) !== 0);
  }
}

/** Who refused a Pod at its last attempt. */
export interface Rejectors {
  /** Names of plugins. */
  readonly plugins: ReadonlySet<string>;
  /** Those of them that said `Pending`. */
  readonly pending: ReadonlySet<string>;
}

export const noRejectors: Rejectors = { plugins: new Set(), pending: new Set() };

/** What an event does for a Pod: nothing, another attempt after its back-off, or one at once. */
export type Effect = 'none' | 'afterBackoff' | 'now';

/** Asks the plugins that refused a Pod; one that nobody refused is tried again whatever happens. */
export function effectOf(pod: Pod, rejectors: Rejectors, event: ClusterEvent, hints: readonly PluginHint[]): Effect {
  if (rejectors.plugins.size === 0) return 'afterBackoff';
  let effect: Effect = 'none';
  for (const { plugin, registered } of hints) {
    if (!rejectors.plugins.has(plugin) || !registered.hint(pod, event)) continue;
    if (rejectors.pending.has(plugin)) return 'now';
    if (rejectors.pending.size === 0) return 'afterBackoff';
    effect = 'afterBackoff';
  }
  return effect;
}
