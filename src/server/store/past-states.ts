/**
 * Restores the states of changes that the log keeps only by revision: from memory when an object is still current,
 * otherwise from the journal.
 */
import { errorText } from '../../api/error-text.ts';
import type { Change } from './change-log.ts';
import { decodeEntry, encodeEntry } from './encode-entry.ts';
import { type Entry, type StoreEvent, StoreUnavailableError } from './store.ts';

export interface PastStatesParts {
  /** The current entry of a key. */
  readonly current: (key: string) => Entry | undefined;
  /** The bytes of a state, as stored in the journal. */
  readonly bytes: (revision: number) => Buffer | undefined;
  readonly freeze: boolean;
}

/** Serves one reading of the log, so that a state which several changes share is decoded once. */
export class PastStates {
  readonly #parts: PastStatesParts;
  readonly #known = new Map<number, Entry>();

  constructor(parts: PastStatesParts) {
    this.#parts = parts;
  }

  /** The event of a change. Throws `StoreUnavailableError` when the journal cannot be read. */
  event(change: Change): StoreEvent {
    if (change.event !== undefined) return change.event;
    const { type, key, revision, previousRevision } = change;
    if (type === 'ADDED') return { type, entry: this.#state(key, revision), previous: undefined, revision };
    const previous = this.#state(key, previousRevision);
    if (type === 'MODIFIED') return { type, entry: this.#state(key, revision), previous, revision };
    return { type, entry: encodeEntry(key, previous.object, revision, { freeze: this.#parts.freeze, stays: false }), previous, revision };
  }

  /**
   * The state that a change replaced; undefined when there was none. Throws `StoreUnavailableError` when the journal
   * cannot be read.
   */
  before({ event, key, previousRevision }: Change): Entry | undefined {
    if (event !== undefined) return event.previous;
    return previousRevision === 0 ? undefined : this.#state(key, previousRevision);
  }

  #state(key: string, revision: number): Entry {
    const current = this.#parts.current(key);
    if (current?.revision === revision) return current;
    const known = this.#known.get(revision);
    if (known !== undefined) return known;
    const entry = decodeEntry(key, this.#read(revision), revision, this.#parts.freeze);
    this.#known.set(revision, entry);
    return entry;
  }

  #read(revision: number): Buffer {
    let bytes: Buffer | undefined;
    try {
      bytes = this.#parts.bytes(revision);
    } catch (cause) {
      throw new StoreUnavailableError(`the store cannot be read: ${errorText(cause)}`, { cause });
    }
    if (bytes === undefined) throw new Error(`the journal lacks the state of revision ${revision}`);
    return bytes;
  }
}
