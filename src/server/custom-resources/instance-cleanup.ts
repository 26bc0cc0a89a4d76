/**
 * Deletes the objects of a definition that is being deleted, and lets it go when there are none left. Source:
 * apiextensions-apiserver pkg/controller/finalizer/crd_finalizer.go. Differs: the end is noticed when the last object
 * goes, not by asking every five seconds.
 */
import { errorText } from '../../api/error-text.ts';
import type { CustomResourceDefinition } from '../../api/generated/apiextensions/v1.ts';
import type { AnyKind } from '../../api/kind.ts';
import { conditionOf, isSame, isTrue, type NewCondition, withCondition } from '../../api/kinds/apiextensions/conditions.ts';
import { cleanupFinalizer } from '../../api/kinds/apiextensions/custom-resource-definition.ts';
import { rfc3339 } from '../../api/time.ts';
import type { MutableKindSet } from '../registry/kind-set.ts';
import type { Registry } from '../registry/registry.ts';
import { type Store, storePrefix, type WatchHandle } from '../store/store.ts';
import { resourceNameOf } from './custom-kinds.ts';
import { type DefinitionWriter, serverContext } from './definition-writer.ts';

export interface InstanceCleanupOptions {
  readonly store: Store;
  readonly kinds: MutableKindSet;
  readonly registry: Registry;
  readonly writer: DefinitionWriter;
  readonly now: () => number;
  /** Called with the name of a definition that should be looked at again. */
  readonly wake: (name: string) => void;
}

const terminating = (status: 'True' | 'False', reason: string, message: string): NewCondition => ({
  type: 'Terminating',
  status,
  reason,
  message,
});

const inProgress = terminating('True', 'InstanceDeletionInProgress', 'CustomResource deletion is in progress');

const everything = { labelSelector: '', fieldSelector: '', limit: 0, continue: '', resourceVersion: '', resourceVersionMatch: '' } as const;

export class InstanceCleanup {
  readonly #options: InstanceCleanupOptions;
  /** The definitions whose last objects are waited for. */
  readonly #waiting = new Map<string, WatchHandle>();

  constructor(options: InstanceCleanupOptions) {
    this.#options = options;
  }

  /** One step; the write of the definition brings the next. Rejects with the error of what could not be done. */
  async run(definition: CustomResourceDefinition): Promise<void> {
    const { name } = definition.metadata;
    if (!isTrue(definition, 'Established')) {
      await this.#finish(definition, terminating('False', 'NeverEstablished', 'resource was never established'));
      return;
    }
    // One that has failed is tried again, without saying in between that it is in progress.
    const failedBefore = conditionOf(definition, 'Terminating')?.reason === 'InstanceDeletionFailed';
    if (!failedBefore && !isSame(conditionOf(definition, 'Terminating'), inProgress)) {
      await this.#options.writer.writeStatus(this.#with(definition, inProgress));
      return;
    }
    const { kinds } = this.#options;
    const kind = kinds.byResourceName(resourceNameOf(kinds, name));
    try {
      if (kind !== undefined) await this.#deleteAll(kind);
    } catch (error) {
      const failed = terminating('True', 'InstanceDeletionFailed', `could not issue all deletes: ${errorText(error)}`);
      await this.#options.writer.writeStatus(this.#with(definition, failed));
      throw error;
    }
    if (kind !== undefined && this.#hasObjects(kind)) this.#waitForLast(name, kind);
    else await this.#finish(definition, terminating('False', 'InstanceDeletionCompleted', 'removed all instances'));
  }

  forget(name: string): void {
    this.#waiting.get(name)?.close();
    this.#waiting.delete(name);
  }

  stop(): void {
    for (const name of [...this.#waiting.keys()]) this.forget(name);
  }

  async #deleteAll(kind: AnyKind): Promise<void> {
    const target = { kind, namespace: '', name: '', subresource: '' };
    await this.#options.registry.deleteCollection(serverContext, target, everything, {});
  }

  #hasObjects(kind: AnyKind): boolean {
    return this.#options.store.list(storePrefix(kind.resourceName), { limit: 1 }).entries.length > 0;
  }

  #waitForLast(name: string, kind: AnyKind): void {
    if (this.#waiting.has(name)) return;
    const { store, wake } = this.#options;
    const handle = store.watch(storePrefix(kind.resourceName), store.revision, (events) => {
      if (!events.some(({ type }) => type === 'DELETED') || this.#hasObjects(kind)) return;
      this.forget(name);
      wake(name);
    });
    this.#waiting.set(name, handle);
  }

  #with(definition: CustomResourceDefinition, condition: NewCondition): CustomResourceDefinition {
    const { status } = definition;
    return {
      ...definition,
      status: { ...status, conditions: withCondition(status.conditions ?? [], condition, rfc3339(this.#options.now())) },
    };
  }

  async #finish(definition: CustomResourceDefinition, condition: NewCondition): Promise<void> {
    const { metadata, ...rest } = this.#with(definition, condition);
    const finalizers = (metadata.finalizers ?? []).filter((finalizer) => finalizer !== cleanupFinalizer);
    await this.#options.writer.writeStatus({ ...rest, metadata: { ...metadata, finalizers } });
  }
}
