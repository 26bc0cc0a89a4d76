/**
 * Decides what happens to an Event: it becomes a new object, increments the count of an existing one, is combined with
 * similar ones, or is dropped. Source: client-go tools/record/events_cache.go
 */
import type { Event } from '../api/generated/core/v1.ts';
import { rfc3339 } from '../api/time.ts';
import type { Clock } from './clock.ts';
import { LruMap } from './lru-map.ts';

/** An Event before it is stored. */
export type NewEvent = Omit<Event, 'apiVersion' | 'kind' | 'metadata'> & {
  readonly metadata: { readonly name: string; readonly namespace: string };
};

const limits = {
  cacheSize: 4096,
  aggregateAfter: 10,
  aggregateIntervalMs: 600_000,
  spamBurst: 25,
  spamRefillMs: 300_000,
} as const;

const aggregatePrefix = '(combined from similar events): ';

interface Aggregate {
  /** A set would be larger: nearly all reasons have a single message. */
  readonly messages: readonly string[];
  readonly lastMs: number;
}

interface Seen {
  readonly name: string;
  readonly count: number;
  readonly firstTimestamp: string | null | undefined;
  readonly eventTime: string | null | undefined;
}

interface Bucket {
  readonly tokens: number;
  readonly atMs: number;
}

const text = (value: string | undefined): string => value ?? '';

/**
 * Identifies the object of an Event. A uid is sufficient by itself, and within one source the source's name is not
 * needed.
 */
function objectKey({ involvedObject: o }: NewEvent): string {
  const named = o.uid === undefined || o.uid === '' || o.uid === o.name;
  return named ? `${text(o.kind)}\0${text(o.namespace)}\0${text(o.name)}\0${text(o.apiVersion)}` : o.uid;
}

/** The key under which repetitions are counted. */
function eventKey(object: string, { involvedObject, type, reason, message }: NewEvent): string {
  return `${object}\0${text(involvedObject.fieldPath)}\0${text(type)}\0${text(reason)}\0${text(message)}`;
}

const aggregateKey = (object: string, { type, reason }: NewEvent): string => `${object}\0${text(type)}\0${text(reason)}`;

/** Correlates the events of one source. Holds at most 4096 keys of each kind. */
export class EventCorrelator {
  readonly #clock: Clock;
  readonly #aggregates = new LruMap<string, Aggregate>(limits.cacheSize);
  readonly #seen = new LruMap<string, Seen>(limits.cacheSize);
  readonly #buckets = new LruMap<string, Bucket>(limits.cacheSize);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The Event to create (`count` 1), or to update; undefined when it is dropped. */
  correlate(event: NewEvent): NewEvent | undefined {
    const object = objectKey(event);
    const { key, event: aggregated } = this.#aggregate(object, event);
    const counted = this.#count(key, aggregated);
    return this.#isSpam(object, event) ? undefined : counted;
  }

  /** From the tenth different message of one reason within ten minutes on, all of them share one Event. */
  #aggregate(object: string, event: NewEvent): { readonly key: string; readonly event: NewEvent } {
    const now = this.#clock.now();
    const key = aggregateKey(object, event);
    const message = text(event.message);
    const known = this.#aggregates.get(key);
    const before = known === undefined || now - known.lastMs > limits.aggregateIntervalMs ? [] : known.messages;
    const messages = before.includes(message) ? before : [...before, message];
    const few = messages.length < limits.aggregateAfter;
    this.#aggregates.set(key, { messages: few ? messages : messages.filter((other) => other !== message), lastMs: now });
    if (few) return { key: eventKey(object, event), event };
    // Upstream keeps only what the combined ones share, and does not say again who reports them.
    const { related: _, ...shared } = event;
    return { key, event: { ...shared, message: aggregatePrefix + message, reportingComponent: '', reportingInstance: '' } };
  }

  /** Gives a repetition the name and the first timestamp of the first occurrence. */
  #count(key: string, event: NewEvent): NewEvent {
    const seen = this.#seen.get(key);
    const count = (seen?.count ?? 0) + 1;
    const name = seen?.name ?? event.metadata.name;
    const firstTimestamp = seen === undefined ? event.firstTimestamp : seen.firstTimestamp;
    const eventTime = seen === undefined ? event.eventTime : seen.eventTime;
    this.#seen.set(key, { name, count, firstTimestamp, eventTime });
    return { ...event, metadata: { ...event.metadata, name }, firstTimestamp, eventTime, count };
  }

  /** A source may emit 25 events about an object at once, and then one every five minutes. */
  #isSpam(object: string, event: NewEvent): boolean {
    const key = `${object}\0${text(event.type)}`;
    const now = this.#clock.now();
    const bucket = this.#buckets.get(key) ?? { tokens: limits.spamBurst, atMs: now };
    const tokens = Math.min(limits.spamBurst, bucket.tokens + (now - bucket.atMs) / limits.spamRefillMs);
    const spam = tokens < 1;
    this.#buckets.set(key, { tokens: spam ? tokens : tokens - 1, atMs: now });
    return spam;
  }
}

/** The times of a new Event. */
export const eventTimestamps = (nowMs: number): { readonly firstTimestamp: string; readonly lastTimestamp: string } => {
  const now = rfc3339(nowMs);
  return { firstTimestamp: now, lastTimestamp: now };
};
