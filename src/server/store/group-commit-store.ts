/**
 * The in-memory model behind every store: key index, change log, watchers, and the group commit that all writes of one
 * turn of the event loop share. Invariant: memory changes only after the journal has committed. Until then writes are
 * in an overlay that only other writes see.
 */
import { errorText } from '../../api/error-text.ts';
import type { KubeObject } from '../../api/object.ts';
import { type Change, ChangeLog } from './change-log.ts';
import { encodeEntry, sameContent } from './encode-entry.ts';
import { HeldRevisions } from './held-revisions.ts';
import type { Compaction, Journal, JournalContents, Shelf } from './journal.ts';
import { PastStates } from './past-states.ts';
import { SortedEntries } from './sorted-entries.ts';
import {
  CompactedError,
  type Entry,
  KeyConflictError,
  type ListOptions,
  type ListResult,
  type Store,
  type StoreEvent,
  StoreUnavailableError,
  type WatchHandle,
  type WatchListener,
  type Write,
  type Written,
} from './store.ts';
import { callSafely, WatchHub } from './watch-hub.ts';

export interface StoreOptions {
  /** The minimum number of revisions in the change log. Default 5,000. */
  readonly logWindow?: number;
  /** How many of the newest events stay in memory when the journal can restore the others. Default 32. */
  readonly eventsInMemory?: number;
  /** For how long revisions are held: milliseconds since any fixed moment. Default: those of the process. */
  readonly uptimeMs?: () => number;
  /** Whether stored objects are deeply frozen. Default: in tests and when NODE_ENV is `development` or `test`. */
  readonly freeze?: boolean;
}

/** A write that waits for its commit. `settle` is called after the commit, with the error if it failed. */
interface Pending {
  readonly settle: (failure: StoreUnavailableError | undefined) => void;
}

const emptyContents: JournalContents = { compacted: 1, entries: [], changes: [] };
/** Compaction runs in steps of this many revisions, so that no commit pays for much of it. */
const compactionStep = 256;
/** How many steps at most, besides what a commit itself adds: there may be much to drop once nobody holds it. */
const mostSteps = 4;
/** How many times the log's window is kept at most for those who hold old revisions. */
const heldWindows = 10;

/** Freezing helps to find mistakes during development; it is off for users because it costs time. */
export const freezesByDefault = ({ NODE_ENV, NODE_TEST_CONTEXT } = process.env): boolean =>
  NODE_ENV === 'development' || NODE_ENV === 'test' || NODE_TEST_CONTEXT !== undefined;

const byKey = (a: { readonly key: string }, b: { readonly key: string }): number => (a.key < b.key ? -1 : 1);

export class GroupCommitStore implements Store {
  readonly #journal: Journal;
  readonly #logWindow: number;
  readonly #freeze: boolean;
  readonly #entries = new Map<string, Entry>();
  readonly #index = new SortedEntries();
  readonly #log: ChangeLog;
  readonly #held: HeldRevisions;
  readonly #watchers = new WatchHub();
  readonly #commitListeners = new Set<(revision: number) => void>();
  #revision: number;
  #overlay = new Map<string, Entry | undefined>();
  #staged: StoreEvent[] = [];
  #pending: Pending[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #closed = false;
  #problem: string | undefined;

  constructor(journal: Journal, options: StoreOptions = {}, contents: JournalContents = emptyContents) {
    this.#journal = journal;
    this.#logWindow = options.logWindow ?? 5_000;
    this.#freeze = options.freeze ?? freezesByDefault();
    const whole = journal.state === undefined ? Number.POSITIVE_INFINITY : (options.eventsInMemory ?? 32);
    this.#log = new ChangeLog(contents.compacted, whole);
    this.#held = new HeldRevisions(options.uptimeMs ?? (() => performance.now()));
    this.#revision = contents.compacted + contents.changes.length;
    for (const entry of contents.entries) this.#put(entry);
    for (const change of contents.changes) this.#log.restore(change);
  }

  get revision(): number {
    return this.#revision;
  }

  get compactedRevision(): number {
    return this.#log.compacted;
  }

  get(key: string): Entry | undefined {
    const { shelf } = this.#journal;
    return shelf !== undefined && key.startsWith(shelf.prefix) ? fromDisk(() => shelf.get(key)) : this.#entries.get(key);
  }

  /** Whether the object of a key is kept on disk only. */
  #isShelved(key: string): boolean {
    const { shelf } = this.#journal;
    return shelf !== undefined && key.startsWith(shelf.prefix);
  }

  list(prefix: string, options: ListOptions = {}): ListResult {
    return { ...this.#range(prefix, options), revision: this.#revision };
  }

  oldest(prefix: string, limit: number): readonly Written[] {
    const { shelf } = this.#journal;
    return shelf === undefined ? [] : fromDisk(() => shelf.oldest(prefix, limit));
  }

  listAt(prefix: string, revision: number, options: Omit<ListOptions, 'topic'> = {}): ListResult {
    if (revision < this.#log.compacted) throw new CompactedError(revision, this.#log.compacted);
    const { after, limit } = options;
    const undone = this.#changesAfter(revision, prefix);
    if (undone.size === 0) return { ...this.#range(prefix, options), revision };
    const changed = [...undone.values()].filter(({ first }) => after === undefined || first.key > after);
    const past = changed.map(({ first }) => first).filter(({ previousRevision }) => previousRevision !== 0);
    past.sort(byKey);
    const kept: Entry[] = [];
    let now: { readonly entries: readonly Entry[]; readonly remaining: number };
    let total = past.length - changed.filter(({ isPresent }) => isPresent).length;
    let read = after;
    let passed = 0;
    do {
      now = this.#range(prefix, { ...options, ...(read === undefined ? {} : { after: read }) });
      if (read === after) total += now.entries.length + now.remaining;
      kept.push(...now.entries.filter(({ key }) => !undone.has(key)));
      read = now.entries.at(-1)?.key ?? '';
      while ((past[passed]?.key ?? '\u{10ffff}') <= read) passed++;
    } while (now.remaining > 0 && limit !== undefined && kept.length + passed < limit);
    const all: (Entry | Change)[] = [...kept, ...past].sort(byKey);
    const states = this.#pastStates();
    // Only the states of the page are read from disk.
    const page = (limit === undefined ? all : all.slice(0, limit)).map((one) => ('bytes' in one ? one : states.before(one)));
    const entries = page.filter((entry) => entry !== undefined);
    return { entries, revision, remaining: total - entries.length };
  }

  /** By key: the first change after a revision, which holds the state at that revision, and whether it is there now. */
  #changesAfter(revision: number, prefix: string): ReadonlyMap<string, { readonly first: Change; isPresent: boolean }> {
    const changes = new Map<string, { readonly first: Change; isPresent: boolean }>();
    for (const change of this.#log.after(revision)) {
      if (!change.key.startsWith(prefix)) continue;
      const isPresent = change.type !== 'DELETED';
      const known = changes.get(change.key);
      if (known === undefined) changes.set(change.key, { first: change, isPresent });
      else known.isPresent = isPresent;
    }
    return changes;
  }

  hold(revision: number): void {
    this.#held.hold(revision);
  }

  watch(prefix: string, after: number, listener: WatchListener): WatchHandle {
    if (after < this.#log.compacted) throw new CompactedError(after, this.#log.compacted);
    const missed = this.#log.after(after).filter(({ key }) => key.startsWith(prefix));
    if (missed.length > 0) {
      const states = this.#pastStates();
      listener(missed.map((change) => states.event(change)));
    }
    return this.#watchers.add(prefix, Math.max(after, this.#revision), listener);
  }

  get problem(): string | undefined {
    return this.#closed ? 'the store is closed' : this.#problem;
  }

  onCommit(listener: (revision: number) => void): () => void {
    this.#commitListeners.add(listener);
    return () => void this.#commitListeners.delete(listener);
  }

  write(write: Write): Promise<Entry> {
    if (this.#closed) return Promise.reject(new StoreUnavailableError('the store is closed'));
    return new Promise((resolve, reject) => {
      const outcome = this.#stage(write);
      this.#pending.push({
        settle: (failure) => {
          if (failure !== undefined) reject(failure);
          else if (outcome === undefined) reject(new KeyConflictError(write.key, this.get(write.key)));
          else resolve(outcome);
        },
      });
      this.#flushing ??= setImmediate(() => this.#flush());
    });
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearImmediate(this.#flushing);
    this.#flush();
    this.#watchers.clear();
    this.#commitListeners.clear();
    this.#journal.close();
  }

  /** Checks a write against committed and pending state, and queues its event. Returns undefined on conflict. */
  #stage({ key, object, expectedRevision }: Write): Entry | undefined {
    const current = this.#overlay.has(key) ? this.#overlay.get(key) : this.get(key);
    if (expectedRevision !== undefined && expectedRevision !== (current?.revision ?? 0)) return undefined;
    const revision = this.#revision + this.#staged.length + 1;
    if (object === undefined) return current === undefined ? undefined : this.#stageDelete(current, revision);
    return this.#stagePut(key, object, current, revision);
  }

  #stageDelete(previous: Entry, revision: number): Entry {
    const entry = encodeEntry(previous.key, previous.object, revision, { freeze: this.#freeze, stays: false });
    this.#overlay.set(previous.key, undefined);
    this.#staged.push({ type: 'DELETED', entry, previous, revision });
    return entry;
  }

  #stagePut(key: string, object: KubeObject, previous: Entry | undefined, revision: number): Entry {
    const entry = encodeEntry(key, object, revision, { freeze: this.#freeze, stays: !this.#isShelved(key) });
    if (previous !== undefined && sameContent(previous, entry)) return previous;
    this.#overlay.set(key, entry);
    this.#staged.push(
      previous === undefined ? { type: 'ADDED', entry, previous, revision } : { type: 'MODIFIED', entry, previous, revision },
    );
    return entry;
  }

  #flush(): void {
    const staged = this.#staged;
    const pending = this.#pending;
    this.#staged = [];
    this.#pending = [];
    this.#overlay = new Map();
    this.#flushing = undefined;
    const failure = staged.length === 0 ? undefined : this.#commit(staged);
    for (const { settle } of pending) settle(failure);
  }

  #commit(events: readonly StoreEvent[]): StoreUnavailableError | undefined {
    const compaction = this.#compactionFor(events.length);
    try {
      this.#journal.commit(events, compaction);
    } catch (error) {
      const cause = errorText(error);
      this.#problem = `the store cannot be written: ${cause}`;
      return new StoreUnavailableError(this.#problem, { cause: error });
    }
    this.#problem = undefined;
    for (const event of events) this.#apply(event);
    if (compaction !== undefined) this.#log.drop(compaction.through - this.#log.compacted);
    this.#watchers.publish(events);
    for (const listener of [...this.#commitListeners]) callSafely(() => listener(this.#revision));
    return undefined;
  }

  #compactionFor(added: number): Compaction | undefined {
    const { compacted, size } = this.#log;
    const surplus = size + added - this.#logWindow;
    if (surplus < compactionStep) return undefined;
    const held = this.#held.lowest();
    const free = held === undefined ? surplus : Math.max(held - compacted, size + added - heldWindows * this.#logWindow);
    const leaving = Math.min(surplus, size, free, added + mostSteps * compactionStep);
    if (leaving <= 0) return undefined;
    const superseded: number[] = [];
    for (const { type, revision, previousRevision } of this.#log.oldest(leaving)) {
      if (previousRevision !== 0) superseded.push(previousRevision);
      if (type === 'DELETED') superseded.push(revision);
    }
    return { through: compacted + leaving, superseded };
  }

  #pastStates(): PastStates {
    return new PastStates({
      current: (key) => this.get(key),
      bytes: (revision) => this.#journal.state?.(revision),
      freeze: this.#freeze,
    });
  }

  /** The current entries under a prefix, from memory and from the shelf. */
  #range(prefix: string, options: ListOptions): { readonly entries: readonly Entry[]; readonly remaining: number } {
    const { shelf } = this.#journal;
    if (shelf === undefined || !(shelf.prefix.startsWith(prefix) || prefix.startsWith(shelf.prefix)))
      return this.#index.range(prefix, options);
    if (prefix.startsWith(shelf.prefix)) return fromDisk(() => shelf.range(prefix, options));
    const shelved = fromDisk(() => shelf.range(prefix, options));
    return merged(this.#index.range(prefix, options), shelved, options.limit);
  }

  #put(entry: Entry): void {
    this.#entries.set(entry.key, entry);
    this.#index.set(entry);
  }

  #apply(event: StoreEvent): void {
    this.#log.push(event);
    this.#revision = event.revision;
    if (this.#isShelved(event.entry.key)) return;
    if (event.type === 'DELETED') {
      this.#entries.delete(event.entry.key);
      this.#index.delete(event.entry.key);
    } else this.#put(event.entry);
  }
}

/** Runs a read that may fail in the same way as a write. */
function fromDisk<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new StoreUnavailableError(`the store cannot be read: ${errorText(cause)}`, { cause });
  }
}

type Range = ReturnType<Shelf['range']>;

/** Merges two ranges. */
function merged(a: Range, b: Range, limit: number | undefined): Range {
  const all = [...a.entries, ...b.entries].sort((x, y) => (x.key < y.key ? -1 : 1));
  const entries = limit === undefined ? all : all.slice(0, limit);
  return { entries, remaining: a.remaining + b.remaining + all.length - entries.length };
}
