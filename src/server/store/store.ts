/**
 * The object store: holds the state of a cluster under one strictly increasing revision.
 *
 * Guarantees of every implementation (see store.contract.ts):
 * - Reads are synchronous and show committed state only: what has been read or watched survives `kill -9`.
 * - A write resolves after its transaction has been committed and its event was delivered to all watchers. All writes
 *   of one turn of the event loop share one transaction (group commit). Writes to one key are ordered as called.
 * - Every write has its own revision, greater than all before. A write whose bytes equal the stored ones makes no
 *   revision.
 * - Objects are frozen and encoded once: `bytes` is the JSON of `object`, revision included, and is sent by lists, gets
 *   and watches.
 * - Objects under a prefix that is kept on disk only (`DiskOnly`) take no memory where there is a disk. Reads of them
 *   are just as synchronous and exact.
 * - The change log holds at least `logWindow` revisions, and more for readers who come back (`hold`). A watch from an
 *   older one fails with `CompactedError`.
 */
import type { KubeObject } from '../../api/object.ts';

/** One stored object. `object` is deeply frozen; `bytes` is its JSON with `metadata.resourceVersion` = `revision`. */
export interface Entry {
  /**
   * `<resourceName>/<namespace>/<name>`, or `<resourceName>//<name>` for cluster scope. Keys sort as upstream's lists
   * do.
   */
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
  /**
   * For entries that are kept on disk only (`DiskOnly.topic`): only those with this topic. Other entries have no topic
   * and are all listed.
   */
  readonly topic?: string;
}

/** Describes objects that are many, short-lived and seldom read. */
export interface DiskOnly {
  /** A prefix of all their keys: whole segments, with the trailing slash. */
  readonly prefix: string;
  /** The value by which they can be found without reading each. */
  topic(object: KubeObject): string;
}

/** When a key was last written. */
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
  /** The revision that the key must have: 0: the key must be absent; undefined: not checked. */
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
   * Commits one write and resolves with the stored entry (for a delete: the DELETED event's entry). Rejects with
   * `KeyConflictError` when the key is not at `expectedRevision`, and with `StoreUnavailableError` when the disk cannot
   * be written.
   */
  write(write: Write): Promise<Entry>;
  /**
   * Delivers every event under `prefix` with a revision greater than `after`: those in the log synchronously before
   * this returns, then live ones. `prefix` is empty, a prefix of whole key segments with its slash, or the key of one
   * object. Throws `CompactedError` when `after` is older than the log.
   */
  watch(prefix: string, after: number, listener: WatchListener): WatchHandle;
  /**
   * The state of a list at an older revision within the log window (continue tokens, `resourceVersionMatch=Exact`).
   * Throws `CompactedError`.
   */
  listAt(prefix: string, revision: number, options?: Omit<ListOptions, 'topic'>): ListResult;
  /**
   * Keeps the log from a revision on for some seconds more, because a reader will go on from it: up to ten times
   * `logWindow`. See held-revisions.ts.
   */
  hold(revision: number): void;
  /** For a prefix that is kept on disk only: the keys whose last write is oldest, oldest first. */
  oldest(prefix: string, limit: number): readonly Written[];
  /**
   * Called after each commit with the newest revision, for progress notifications (bookmarks). Returns the unsubscribe
   * function.
   */
  onCommit(listener: (revision: number) => void): () => void;
  /** The error of the last commit; undefined when it succeeded. */
  readonly problem: string | undefined;
  /** The oldest revision from which a watch can start. */
  readonly compactedRevision: number;
  /** Flushes and closes; later writes reject with `StoreUnavailableError`. */
  close(): Promise<void>;
}

/** Thrown when a key does not have the expected revision. `current` is the committed entry, if any. */
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

/** Thrown when the requested revision is no longer in the change log. */
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

/** Thrown when the store cannot be written: disk full, I/O error, closed. No part of the write is visible. */
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
