/**
 * The object store: the truth of a cluster, one strictly rising revision over everything.
 *
 * Guarantees, for every implementation (see store.contract.ts):
 * - Reads are synchronous, from memory, and show committed state only: what is read or watched survives `kill -9`.
 * - A write resolves after its transaction is committed and its event was handed to all watchers; all writes that arrive in one turn of the
 *   event loop share one transaction (group commit). Writes to one key are ordered as called.
 * - Every write has a revision of its own, greater than all before; a write whose bytes equal the stored ones makes none.
 * - Objects are frozen and encoded once: `bytes` is the JSON of `object`, revision included, and serves lists, gets and watches.
 * - Objects under a prefix that is kept on disk only (`DiskOnly`) cost no memory where there is a disk; reads of them are as synchronous and as exact.
 * - The change log holds at least `logWindow` revisions; a watch from an older one fails with `CompactedError`.
 */
import type { KubeObject } from '../../api/object.ts';

/** One stored object. `object` is deeply frozen; `bytes` is its JSON with `metadata.resourceVersion` = `revision`. */
export interface Entry {
  /** `<resourceName>/<namespace>/<name>`, or `<resourceName>//<name>` for cluster scope. Keys sort as upstream's lists do. */
  readonly key: string;
  readonly object: KubeObject;
  readonly bytes: Buffer;
  readonly revision: number;
}

export interface ListOptions {
  /** Only keys after this one (exclusive). */
  readonly after?: string;
  /** At most this many; absent: all. */
  readonly limit?: number;
  /** Only entries with this topic, of what is kept on disk only (`DiskOnly.topic`); others, which have none, are all listed. */
  readonly topic?: string;
}

/** Objects that are many, short-lived and seldom read. */
export interface DiskOnly {
  /** Of all their keys: a prefix of whole segments with its slash. */
  readonly prefix: string;
  /** What they can be found by without a look at each. */
  topic(object: KubeObject): string;
}

/** When something was last written. */
export interface Written {
  readonly key: string;
  readonly revision: number;
  /** Milliseconds since the epoch. */
  readonly atMs: number;
}

export interface ListResult {
  readonly entries: readonly Entry[];
  /** The store's revision at the moment of the read. */
  readonly revision: number;
  /** How many keys under the prefix follow the last one returned; 0 at the end. */
  readonly remaining: number;
}

/** A write: `object` is stored under `key`; `undefined` deletes. The store sets `metadata.resourceVersion`. */
export interface Write {
  readonly key: string;
  readonly object: KubeObject | undefined;
  /** The revision that the key must have: 0 = must be absent, absent = no check. */
  readonly expectedRevision?: number;
}

export type StoreEvent =
  | { readonly type: 'ADDED'; readonly entry: Entry; readonly previous: undefined; readonly revision: number }
  | { readonly type: 'MODIFIED'; readonly entry: Entry; readonly previous: Entry; readonly revision: number }
  /** `entry` is the last state, re-encoded with the revision of its deletion. */
  | { readonly type: 'DELETED'; readonly entry: Entry; readonly previous: Entry; readonly revision: number };

export interface WatchHandle {
  close(): void;
}

/** Receives the events of one commit under the watched prefix, in revision order. Must not throw or block. */
export type WatchListener = (events: readonly StoreEvent[]) => void;

/** How the store is read and written. All methods except `write` and `close` are synchronous. */
export interface Store {
  /** The newest committed revision. Starts at 1 in an empty store. */
  readonly revision: number;
  get(key: string): Entry | undefined;
  /** Entries under a key prefix in key order. */
  list(prefix: string, options?: ListOptions): ListResult;
  /**
   * Commits one write; resolves with the stored entry (for a delete: the DELETED event's entry).
   * Rejects with `KeyConflictError` when `expectedRevision` differs, `StoreUnavailableError` when the disk refuses.
   */
  write(write: Write): Promise<Entry>;
  /**
   * Delivers every event under `prefix` with a revision greater than `after`: the logged ones synchronously before this returns, then live ones.
   * `prefix` is empty, a prefix of whole key segments with its slash, or one object's key.
   * Throws `CompactedError` when `after` is older than the log.
   */
  watch(prefix: string, after: number, listener: WatchListener): WatchHandle;
  /** The state of a list as of an older revision within the log window (continue tokens, `resourceVersionMatch=Exact`). Throws `CompactedError`. */
  listAt(prefix: string, revision: number, options?: Omit<ListOptions, 'topic'>): ListResult;
  /** Of what is kept on disk only under a prefix, those that were not written for the longest time, the oldest first. */
  oldest(prefix: string, limit: number): readonly Written[];
  /** Called after each commit with the newest revision: progress notifications for bookmarks. Returns the unsubscribe function. */
  onCommit(listener: (revision: number) => void): () => void;
  /** Why the last commit failed; undefined when it succeeded. */
  readonly problem: string | undefined;
  /** The oldest revision from which a watch can start. */
  readonly compactedRevision: number;
  /** Flushes and closes; later writes reject with `StoreUnavailableError`. */
  close(): Promise<void>;
}

/** The key did not have the expected revision. `current` is the committed entry, if any. */
export class KeyConflictError extends Error {
  readonly key: string;
  readonly current: Entry | undefined;
  constructor(key: string, current: Entry | undefined) {
    super(`store key ${key} is at revision ${current?.revision ?? 0}`);
    this.name = 'KeyConflictError';
    this.key = key;
    this.current = current;
  }
}

/** The requested revision has left the change log. */
export class CompactedError extends Error {
  readonly requested: number;
  readonly compacted: number;
  constructor(requested: number, compacted: number) {
    super(`revision ${requested} has been compacted; the log starts after ${compacted}`);
    this.name = 'CompactedError';
    this.requested = requested;
    this.compacted = compacted;
  }
}

/** The store cannot be written: disk full, I/O error, closed. Nothing of the write is visible. */
export class StoreUnavailableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailableError';
  }
}

/** The storage key of an object. */
export const storeKey = (resourceName: string, namespace: string, name: string): string => `${resourceName}/${namespace}/${name}`;

/** The prefix of all objects of a kind, or of a kind in one namespace. */
export const storePrefix = (resourceName: string, namespace?: string): string =>
  namespace === undefined || namespace === '' ? `${resourceName}/` : `${resourceName}/${namespace}/`;
