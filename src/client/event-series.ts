/**
 * Events in the style of events.k8s.io, as the scheduler records them: the first occurrence makes an Event, the second
 * begins a series on it, and further ones are only counted here; the count is written when the series ends, and now and
 * then before, so that the Event does not expire. Messages do not tell occurrences apart. Source: client-go
 * tools/events/event_broadcaster.go. Differs: bounded, and timers run only while there is something to write.
 */
import type { ObjectReference } from '../api/generated/core/v1.ts';
import { rfc3339Micro } from '../api/time.ts';
import type { Clock } from './clock.ts';
import type { NewEvent } from './event-correlator.ts';

/** After this time without another occurrence an Event is no longer counted; in milliseconds. */
const finishMs = 6 * 60_000;
const refreshMs = 30 * 60_000;
const maxKnown = 4096;

interface Known {
  /** As first recorded. */
  readonly event: NewEvent;
  /** 1: there is no series yet. */
  count: number;
  lastMs: number;
}

export interface EventSeriesOptions {
  readonly clock: Clock;
  /** Writes the present state of an Event that has a series. */
  readonly write: (event: NewEvent) => void;
  readonly signal: AbortSignal;
}

const referenceKey = ({ kind, namespace, name, uid, apiVersion, resourceVersion, fieldPath }: ObjectReference): readonly unknown[] => [
  ...[kind, namespace, name, uid, apiVersion, resourceVersion, fieldPath],
];

/** Occurrences with the same key are those of one Event. */
const keyOf = ({ type, action, reason, reportingComponent, reportingInstance, involvedObject, related }: NewEvent): string =>
  JSON.stringify([
    ...[type, action, reason, reportingComponent, reportingInstance],
    ...referenceKey(involvedObject),
    ...(related === undefined ? [] : referenceKey(related)),
  ]);

const shown = ({ event, count, lastMs }: Known): NewEvent =>
  count === 1 ? event : { ...event, series: { count, lastObservedTime: rfc3339Micro(lastMs) } };

export class EventSeries {
  readonly #options: EventSeriesOptions;
  /** The one whose last occurrence is longest ago comes first. */
  readonly #known = new Map<string, Known>();
  #cancelFinish: (() => void) | undefined;
  #cancelRefresh: (() => void) | undefined;

  constructor(options: EventSeriesOptions) {
    this.#options = options;
    options.signal.addEventListener('abort', () => this.#stop(), { once: true });
  }

  /** The Event to write for an occurrence; undefined when it is only counted. */
  observe(event: NewEvent): NewEvent | undefined {
    const key = keyOf(event);
    const lastMs = this.#options.clock.now();
    const known = this.#known.get(key) ?? { event, count: 0, lastMs };
    this.#known.delete(key);
    known.count++;
    known.lastMs = lastMs;
    this.#known.set(key, known);
    this.#bound();
    this.#cancelFinish ??= this.#timer(finishMs, () => this.#finish());
    if (known.count > 2) return undefined;
    if (known.count === 2) this.#cancelRefresh ??= this.#timer(refreshMs, () => this.#refresh());
    return shown(known);
  }

  #timer(delayMs: number, callback: () => void): (() => void) | undefined {
    return this.#options.signal.aborted ? undefined : this.#options.clock.setTimer(delayMs, callback);
  }

  #bound(): void {
    if (this.#known.size <= maxKnown) return;
    for (const [key, oldest] of this.#known) {
      this.#end(key, oldest);
      return;
    }
  }

  #end(key: string, known: Known): void {
    this.#known.delete(key);
    if (known.count > 1) this.#options.write(shown(known));
  }

  /** Forgets what has not occurred for a while, and writes the final counts. */
  #finish(): void {
    this.#cancelFinish = undefined;
    const before = this.#options.clock.now() - finishMs;
    for (const [key, known] of this.#known) {
      if (known.lastMs >= before) break;
      this.#end(key, known);
    }
    if (this.#known.size > 0) this.#cancelFinish = this.#timer(finishMs, () => this.#finish());
  }

  /** Writes the counts of all series, which makes their Events live longer. */
  #refresh(): void {
    this.#cancelRefresh = undefined;
    const series = [...this.#known.values()].filter(({ count }) => count > 1);
    for (const known of series) this.#options.write(shown(known));
    if (series.length > 0) this.#cancelRefresh = this.#timer(refreshMs, () => this.#refresh());
  }

  #stop(): void {
    this.#cancelFinish?.();
    this.#cancelRefresh?.();
  }
}
