/**
 * Informers: one shared list-and-watch per Kind with an indexed cache, as client-go's shared informers.
 *
 * Guarantees: handlers see every object at least once as added, in order per object, and never before the cache has the
 * state of the event (or a newer one). Intermediate states may be missed, the last one never. Cached objects are
 * frozen. A broken watch is resumed from the last seen revision, and re-listed after 410, with a back-off of 0.8 s
 * doubling to 30 s plus jitter (client-go reflector). Source: client-go
 * tools/cache/{shared_informer,reflector,thread_safe_store}.go
 */

import type { Kind } from '../api/kind.ts';
import type { KubeObject, ObjectRef } from '../api/object.ts';
import type { Selector } from '../api/selector.ts';

/** A consistent read view of all objects of one Kind. */
export interface Cache<T extends KubeObject> {
  get(ref: ObjectRef): T | undefined;
  /** In no particular order; all namespaces unless one is given. */
  list(options?: { readonly namespace?: string; readonly selector?: Selector }): readonly T[];
  /** Objects whose controller owner reference has this uid; indexed. */
  ownedBy(owner: KubeObject): readonly T[];
  byUid(uid: string): T | undefined;
  /** Objects under an index that was declared by `addIndex`; indexed lookups are O(result). */
  byIndex(index: string, value: string): readonly T[];
}

export interface InformerHandlers<T extends KubeObject> {
  added?(object: T): void;
  updated?(object: T, previous: T): void;
  deleted?(object: T): void;
}

/** One Kind's shared list-and-watch. */
export interface Informer<T extends KubeObject> {
  readonly cache: Cache<T>;
  /**
   * Adds handlers; objects already cached are delivered as added before this returns. Returns the function that removes
   * them.
   */
  addHandlers(handlers: InformerHandlers<T>): () => void;
  /**
   * The same as `addHandlers`, but only for objects under one value of a declared index. An object that gets the value
   * is added, one that loses it is deleted. Changes of other objects do not call these handlers.
   */
  addIndexHandlers(index: string, value: string, handlers: InformerHandlers<T>): () => void;
  /** Declares an index (`node` → spec.nodeName …); idempotent by name. */
  addIndex(name: string, values: (object: T) => readonly string[]): void;
  /** Resolves when the first list is in the cache. */
  synced(): Promise<void>;
  /** The newest resourceVersion seen (bookmarks included). */
  readonly resourceVersion: string;
  /**
   * Calls back after every batch that was applied to the cache, bookmarks included, once its handlers have run. Returns
   * the unsubscribe function.
   */
  onProgress(listener: () => void): () => void;
}

/** Creates the informer of each Kind on first use and shares it. */
export interface InformerFactory {
  informer<T extends KubeObject>(kind: Kind<T>): Informer<T>;
  /** Resolves when all informers made so far have synced. */
  synced(): Promise<void>;
}
