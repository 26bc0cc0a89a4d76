/**
 * Removes Events an hour after their last change: one ordered map and one timer. Source: kube-apiserver --event-ttl, which upstream leaves to etcd leases.
 */
import type { Event } from '../api/generated/core/v1.ts';
import { event } from '../api/kinds/event.ts';
import { type ObjectRef, refKey, refOf } from '../api/object.ts';
import { isConflict, isNotFound } from '../api/status-error.ts';
import { timeOf } from './pods.ts';
import type { BackgroundController, RunDeps, Running } from './running.ts';

export const defaultEventTtlMs = 3_600_000;

interface Due {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly atMs: number;
}

/** Deletes Events `ttlMs` milliseconds after they were last written; default one hour. */
export function eventTtlController(ttlMs: number = defaultEventTtlMs): BackgroundController {
  return { name: 'event-ttl', start: (deps) => new EventTtl(deps, ttlMs) };
}

const lastChange = ({ series, lastTimestamp, eventTime, metadata }: Event): number =>
  timeOf(series?.lastObservedTime) || timeOf(lastTimestamp) || timeOf(eventTime) || timeOf(metadata.creationTimestamp);

class EventTtl implements Running {
  readonly #deps: RunDeps;
  readonly #ttlMs: number;
  /** In the order in which they are due: every change moves an Event to the end. */
  readonly #due = new Map<string, Due>();
  #cancel: (() => void) | undefined;
  #working: Promise<void> | undefined;

  constructor(deps: RunDeps, ttlMs: number) {
    this.#deps = deps;
    this.#ttlMs = ttlMs;
    const informer = deps.informers.informer(event);
    let early: Event[] | undefined = [];
    const changed = (object: Event): void => {
      if (early === undefined) this.#set(object, deps.clock.now());
      else early.push(object);
    };
    const remove = informer.addHandlers({ added: changed, updated: changed, deleted: (object) => this.#due.delete(refKey(refOf(object))) });
    deps.signal.addEventListener('abort', () => {
      remove();
      this.#cancel?.();
    });
    informer
      .synced()
      .then(() => {
        // What was there at the start is as old as it says.
        for (const object of (early ?? []).sort((a, b) => lastChange(a) - lastChange(b))) this.#set(object, lastChange(object));
        early = undefined;
      })
      .catch((error: unknown) => deps.log.error('event expiry did not start', { error }));
  }

  get idle(): boolean {
    return this.#working === undefined;
  }

  async stopped(): Promise<void> {
    await this.#working;
  }

  #set(object: Event, changedMs: number): void {
    const ref = refOf(object);
    const key = refKey(ref);
    this.#due.delete(key);
    this.#due.set(key, { ref, uid: object.metadata.uid, atMs: changedMs + this.#ttlMs });
    this.#arm();
  }

  #arm(): void {
    if (this.#cancel !== undefined || this.#working !== undefined || this.#deps.signal.aborted) return;
    for (const { atMs } of this.#due.values()) {
      this.#cancel = this.#deps.clock.setTimer(Math.max(0, atMs - this.#deps.clock.now()), () => {
        this.#cancel = undefined;
        this.#working = this.#expire().finally(() => {
          this.#working = undefined;
          this.#arm();
        });
      });
      return;
    }
  }

  async #expire(): Promise<void> {
    const { client, clock, log, signal } = this.#deps;
    const expired: Due[] = [];
    for (const [key, due] of this.#due) {
      if (due.atMs > clock.now()) break;
      expired.push(due);
      this.#due.delete(key);
    }
    for (const { ref, uid } of expired) {
      if (signal.aborted) return;
      try {
        await client.resource(event).delete(ref, { preconditions: { uid } });
      } catch (error) {
        if (!isNotFound(error) && !isConflict(error)) log.warn('event not expired', { error, ref: refKey(ref) });
      }
    }
  }
}
