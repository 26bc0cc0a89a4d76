/**
 * Prevents a reconcile from acting on caches older than its own writes. It records what was written for a ref and tells
 * whether the caches show it. Upstream's counterpart are the expectations of pkg/controller/controller_utils.go; here
 * they are exact, by resourceVersion.
 */
import type { KubeObject, ObjectRef } from '../api/object.ts';
import type { ResourceClient } from '../client/client.ts';
import type { Informer } from '../client/informer.ts';

/** True when the cache has seen this resourceVersion or a newer one. */
function hasSeen(informer: Pick<Informer<KubeObject>, 'resourceVersion'>, resourceVersion: string): boolean {
  return Number(informer.resourceVersion) >= Number(resourceVersion);
}

export class WriteTracker {
  readonly #pending: (() => boolean)[] = [];

  /** True when every tracked write shows in the caches. */
  get satisfied(): boolean {
    while (true) {
      const next = this.#pending.at(-1);
      if (next === undefined) return true;
      if (!next()) return false;
      this.#pending.pop();
    }
  }

  /** Wraps a client so that its successful writes are tracked. */
  wrap<T extends KubeObject>(api: ResourceClient<T>, informer: Informer<T>): ResourceClient<T> {
    const written = async (answer: Promise<T>, dryRun = false): Promise<T> => {
      const object = await answer;
      const { resourceVersion } = object.metadata;
      if (!dryRun && !hasSeen(informer, resourceVersion)) this.#pending.push(() => hasSeen(informer, resourceVersion));
      return object;
    };
    return {
      get: (ref) => api.get(ref),
      list: (options) => api.list(options),
      watch: (options) => api.watch(options),
      create: (object, options) => written(api.create(object, options), options?.dryRun),
      update: (object, options) => written(api.update(object, options), options?.dryRun),
      updateStatus: (object, options) => written(api.updateStatus(object, options), options?.dryRun),
      patch: (ref, patch, options) => written(api.patch(ref, patch, options), options?.dryRun),
      delete: async (ref, options) => {
        const before = informer.cache.get(ref);
        await api.delete(ref, options);
        if (before !== undefined && options?.dryRun !== true) this.#trackDelete(ref, before, informer);
      },
      deleteCollection: (list, options) => api.deleteCollection(list, options),
      subresource: (verb, ref, name, body) => api.subresource(verb, ref, name, body),
    };
  }

  /** A deletion is visible when the object is gone, replaced, or marked as deleted. */
  #trackDelete<T extends KubeObject>(ref: ObjectRef, before: T, informer: Informer<T>): void {
    this.#pending.push(() => {
      const now = informer.cache.get(ref);
      return now === undefined || now.metadata.uid !== before.metadata.uid || now.metadata.deletionTimestamp !== undefined;
    });
  }
}
