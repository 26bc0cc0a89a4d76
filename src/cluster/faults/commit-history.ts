/** Which revision the store had some time ago, as far as it has been followed since. */
import type { Store } from '../../server/store/store.ts';

interface Commit {
  readonly atMs: number;
  readonly revision: number;
}

export class CommitHistory {
  readonly #now: () => number;
  readonly #keptMs: number;
  /** Oldest first; of each millisecond only the last. */
  readonly #commits: Commit[];
  readonly #unsubscribe: () => void;

  /** Follows the store from now on. `now` and `keptMs`, for how long commits are kept, are in milliseconds. */
  constructor(store: Pick<Store, 'onCommit' | 'revision'>, now: () => number, keptMs: number) {
    this.#now = now;
    this.#keptMs = keptMs;
    this.#commits = [{ atMs: now(), revision: store.revision }];
    this.#unsubscribe = store.onCommit((revision) => this.#add(revision));
  }

  /** The revision of that many milliseconds ago; the oldest one that is known, when that is longer ago. */
  revisionBefore(ageMs: number): number {
    const atMs = this.#now() - ageMs;
    const found = this.#commits.findLast((commit) => commit.atMs <= atMs) ?? this.#commits[0];
    return found?.revision ?? 0;
  }

  close(): void {
    this.#unsubscribe();
  }

  #add(revision: number): void {
    const atMs = this.#now();
    if (this.#commits.at(-1)?.atMs === atMs && this.#commits.length > 1) this.#commits.pop();
    this.#commits.push({ atMs, revision });
    // The last one before the time that is kept says what was read at its beginning.
    const old = this.#commits.findLastIndex((commit) => commit.atMs <= atMs - this.#keptMs);
    if (old > 0) this.#commits.splice(0, old);
  }
}
