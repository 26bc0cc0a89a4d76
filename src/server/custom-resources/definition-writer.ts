/** Writes the status of definitions as the API server itself. */
import type { CustomResourceDefinition } from '../../api/generated/apiextensions/v1.ts';
import { customResourceDefinition } from '../../api/kinds/apiextensions/custom-resource-definition.ts';
import { asJson } from '../../api/object-fields.ts';
import type { RequestContext } from '../../api/requests.ts';
import type { Registry } from '../registry/registry.ts';

/** Upstream's loopback client. Source: apiserver pkg/server/options (LoopbackClientConfig). */
export const serverContext: RequestContext = {
  user: { name: 'system:apiserver', uid: '', groups: ['system:authenticated', 'system:masters'], extra: {} },
  userAgent: 'kube-apiserver',
  warn: () => undefined,
  signal: new AbortController().signal,
};

export class DefinitionWriter {
  readonly #registry: Registry;

  constructor(registry: Registry) {
    this.#registry = registry;
  }

  /** Writes the status, and the finalizers. Rejects with StatusError, 409 when the definition has changed meanwhile. */
  async writeStatus(definition: CustomResourceDefinition): Promise<CustomResourceDefinition> {
    const target = { kind: customResourceDefinition, namespace: '', name: definition.metadata.name, subresource: 'status' };
    const options = { dryRun: false, fieldManager: '', fieldValidation: 'Ignore' } as const;
    const { entry } = await this.#registry.update(serverContext, target, { json: asJson(definition), text: undefined }, options);
    // What is answered has the target's Kind.
    return entry.object as CustomResourceDefinition;
  }
}
