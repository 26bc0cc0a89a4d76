/**
 * Versions of objects that are newer than a cache's: what was just written, or what is going to be written. Source:
 * pkg/scheduler/framework/plugins/volumebinding/passive_assume_cache.go; pv_controller_base.go (storeObjectUpdate).
 */
import { type KubeObject, type ObjectRef, refKey, refOf } from '../../api/object.ts';

export class Assumed<T extends KubeObject> {
  readonly #objects = new Map<string, T>();

  /** Takes a version in place of the cache's, until the cache has a newer one. */
  assume(object: T): void {
    this.#objects.set(refKey(refOf(object)), object);
  }

  forget(ref: ObjectRef): void {
    this.#objects.delete(refKey(ref));
  }

  /** The newest version of an object that the cache has. */
  newest(cached: T): T {
    const ref = refOf(cached);
    const assumed = this.#objects.get(refKey(ref));
    if (assumed === undefined) return cached;
    const isCurrent = assumed.metadata.uid === cached.metadata.uid;
    if (isCurrent && Number(assumed.metadata.resourceVersion) >= Number(cached.metadata.resourceVersion)) return assumed;
    this.forget(ref);
    return cached;
  }
}
