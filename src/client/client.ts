/**
 * The typed client by which controllers, scheduler, kubelet and CLI reach the API, in process or over HTTPS with the
 * same behaviour. Every method rejects with `StatusError` and no other error.
 */
import type { JsonObject, JsonValue } from '../api/json.ts';
import type { AnyKind, Kind } from '../api/kind.ts';
import type { KubeObject, ObjectRef, Received } from '../api/object.ts';
import type { DeleteOptions, PatchType } from '../api/request-options.ts';

export interface WriteOptions {
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly fieldValidation?: 'Ignore' | 'Warn' | 'Strict';
}

export interface ListOptions {
  /** '' or absent: all namespaces. */
  readonly namespace?: string;
  /** Label selector in string form. */
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly limit?: number;
  readonly continue?: string;
  readonly resourceVersion?: string;
  readonly resourceVersionMatch?: 'Exact' | 'NotOlderThan';
}

export interface WatchOptions {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  readonly resourceVersion?: string;
  readonly allowBookmarks?: boolean;
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number;
  /** Ends the watch. */
  readonly signal: AbortSignal;
}

export interface Patch {
  readonly type: PatchType;
  readonly body: JsonValue;
  /** Only for server-side apply. */
  readonly force?: boolean;
  /** '' or absent: the main resource; 'status', 'scale'. */
  readonly subresource?: string;
}

export interface ObjectList<T extends KubeObject> {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly continue?: string | undefined;
    readonly remainingItemCount?: number | undefined;
  };
  readonly items: readonly T[];
}

export type WatchEvent<T extends KubeObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string; readonly initialEventsEnd: boolean };

/** Operations on the objects of one Kind. Returned objects are frozen. */
export interface ResourceClient<T extends KubeObject> {
  get(ref: ObjectRef): Promise<T>;
  list(options?: ListOptions): Promise<ObjectList<T>>;
  /**
   * Batches of events in order. Ends normally when the signal aborts or the server's timeout is reached; rejects with
   * StatusError (410 Expired …). A batch holds all events of one commit (or of one network read).
   */
  watch(options: WatchOptions): AsyncIterable<readonly WatchEvent<T>[]>;
  create(object: Received<T>, options?: WriteOptions): Promise<T>;
  update(object: Received<T>, options?: WriteOptions): Promise<T>;
  updateStatus(object: Received<T>, options?: WriteOptions): Promise<T>;
  patch(ref: ObjectRef, patch: Patch, options?: WriteOptions): Promise<T>;
  delete(ref: ObjectRef, options?: DeleteOptions): Promise<void>;
  deleteCollection(list: ListOptions, options?: DeleteOptions): Promise<void>;
  /** POST, PUT or GET of a sub-resource whose body is another type: binding, token, scale, eviction. */
  subresource(verb: 'get' | 'create' | 'update', ref: ObjectRef, name: string, body?: JsonObject): Promise<JsonObject>;
}

/** The API of one cluster, as one user. */
export interface Client {
  resource<T extends KubeObject>(kind: Kind<T>): ResourceClient<T>;
}

export type { AnyKind, DeleteOptions, PatchType };
