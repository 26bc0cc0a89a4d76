/** The recorder that writes Events to the API. Writes of one Event stay in order, and callers never wait for them. */
import type { Event, ObjectReference } from '../api/generated/core/v1.ts';
import type { JsonObject } from '../api/json.ts';
import type { KubeObject, Received } from '../api/object.ts';
import { isNotFound } from '../api/status-error.ts';
import { rfc3339Micro } from '../api/time.ts';
import type { ResourceClient } from './client.ts';
import { type Clock, sleep } from './clock.ts';
import { EventCorrelator, eventTimestamps, type NewEvent } from './event-correlator.ts';
import type { EventRecorder, EventSubject } from './event-recorder.ts';
import { EventSeries } from './event-series.ts';
import type { Logger } from './logger.ts';
import { isNamespaceTerminating } from './namespace-terminating.ts';

export interface ApiEventRecorderOptions {
  readonly api: Pick<ResourceClient<Event>, 'create' | 'patch'>;
  /** `source.component`, e.g. `kubelet`, `deployment-controller`. */
  readonly component: string;
  /** `source.host`: the node of a kubelet. */
  readonly host?: string;
  /**
   * Set: Events are recorded in the style of events.k8s.io (eventTime, series, action), with this action for each
   * reason, as the scheduler does: see `EventSeries`. Absent: the classic style of all other components, see
   * `EventCorrelator`.
   */
  readonly actionOf?: (reason: string) => string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** A recorder whose outstanding writes can be awaited. */
export interface ApiEventRecorder extends EventRecorder {
  /** How many Events have not been written yet. */
  readonly pending: number;
  /** Resolves when every Event recorded so far was written or dropped. */
  flushed(): Promise<void>;
}

/** Differs: upstream queues 1,000 events. minik writes a burst of pods faster, so more events may wait. */
const maxPending = 10_000;
const maxTries = 12;
const retryDelayMs = 10_000;
const maxMessageBytes = 1024;

export function createEventRecorder(options: ApiEventRecorderOptions): ApiEventRecorder {
  return new Recorder(options);
}

class Recorder implements ApiEventRecorder {
  readonly #options: ApiEventRecorderOptions;
  /** What becomes of an occurrence: undefined when there is nothing to write. */
  readonly #correlate: (event: NewEvent) => NewEvent | undefined;
  /** The last write of each Event, by namespace and name; the next write of that Event waits for it. */
  readonly #tails = new Map<string, Promise<void>>();
  #pending = 0;
  /** Part of the names of Events. It begins elsewhere for each component: two may report about one object at once. */
  #sequence: bigint;

  constructor(options: ApiEventRecorderOptions) {
    this.#options = options;
    const { clock, signal, actionOf } = options;
    if (actionOf === undefined) {
      const correlator = new EventCorrelator(clock);
      this.#correlate = (event) => correlator.correlate(event);
    } else {
      const series = new EventSeries({ clock, signal, write: (event) => this.#enqueue(event) });
      this.#correlate = (event) => series.observe(event);
    }
    this.#sequence = beginningFor(`${options.component}/${options.host ?? ''}`);
  }

  get pending(): number {
    return this.#pending;
  }

  async flushed(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }

  event(about: KubeObject | EventSubject, type: 'Normal' | 'Warning', reason: string, message: string): void {
    if (this.#options.signal.aborted) return;
    const event = this.#correlate(this.#newEvent(about, { type, reason, message }));
    if (event !== undefined) this.#enqueue(event);
  }

  #enqueue(event: NewEvent): void {
    const { log } = this.#options;
    const { reason } = event;
    if (this.#pending >= maxPending) {
      log.warn('event dropped: too many are waiting', { reason, about: event.involvedObject.name });
      return;
    }
    const key = `${event.metadata.namespace}/${event.metadata.name}`;
    this.#pending++;
    const tail = (this.#tails.get(key) ?? Promise.resolve())
      .then(() => this.#write(event))
      .catch((error: unknown) => {
        const fields = { error, reason, about: event.involvedObject.name };
        if (isNamespaceTerminating(error)) log.debug('event not written', fields);
        else log.warn('event not written', fields);
      })
      .finally(() => {
        this.#pending--;
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
      });
    this.#tails.set(key, tail);
  }

  #newEvent(
    about: KubeObject | EventSubject,
    what: { readonly type: string; readonly reason: string; readonly message: string },
  ): NewEvent {
    const { clock, component, host, actionOf } = this.#options;
    const involvedObject = referenceTo(about);
    const related = 'object' in about && about.related !== undefined ? { related: referenceTo(about.related) } : {};
    const nowMs = clock.now();
    const nanos = BigInt(Math.trunc(nowMs)) * 1_000_000n + (this.#sequence++ % 1_000_000n);
    const times =
      actionOf === undefined
        ? eventTimestamps(nowMs)
        : { firstTimestamp: null, lastTimestamp: null, eventTime: rfc3339Micro(nowMs), action: actionOf(what.reason) };
    return {
      metadata: { name: `${involvedObject.name}.${nanos.toString(16)}`, namespace: involvedObject.namespace ?? 'default' },
      involvedObject,
      ...related,
      ...what,
      message: truncate(what.message),
      source: actionOf === undefined ? { component, ...(host === undefined ? {} : { host }) } : {},
      ...times,
      reportingComponent: component,
      reportingInstance: host ?? (actionOf === undefined ? '' : component),
    };
  }

  /**
   * Creates an Event on its first occurrence and patches it on repetitions. Retries while the API does not answer.
   * Source: client-go tools/record/event.go recordToSink.
   */
  async #write(event: NewEvent): Promise<void> {
    const { clock, signal } = this.#options;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#writeOnce(event);
        return;
      } catch (error) {
        const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
        const transient = typeof code === 'number' && (code >= 500 || code === 429);
        if (!transient || attempt >= maxTries || signal.aborted) throw error;
      }
      await sleep(clock, retryDelayMs, signal);
    }
  }

  async #writeOnce(event: NewEvent): Promise<void> {
    const { api } = this.#options;
    const body = repetition(event);
    if (body !== undefined) {
      try {
        await api.patch(event.metadata, { type: 'strategic', body });
        return;
      } catch (error) {
        // The Event has expired meanwhile: create it again, with its count.
        if (!isNotFound(error)) throw error;
      }
    }
    const object: Received<Event> = { apiVersion: 'v1', kind: 'Event', ...event };
    await api.create(object);
  }
}

/** What changes in an Event that occurs again; undefined for the first time. */
function repetition({ series, count = 1, message, lastTimestamp }: NewEvent): JsonObject | undefined {
  if (series !== undefined) return { series: { ...series } };
  return count > 1 ? { count, message, lastTimestamp } : undefined;
}

/** A number below a million that differs from name to name. */
const beginningFor = (name: string): bigint =>
  [...name].reduce((hash, letter) => (hash * 31n + BigInt(letter.codePointAt(0) ?? 0)) % 1_000_003n, 7n) % 1_000_000n;

/** Source: client-go tools/reference/ref.go GetReference. */
function referenceTo(about: KubeObject | EventSubject): ObjectReference & { readonly name: string } {
  const { object, fieldPath } = 'object' in about ? about : { object: about, fieldPath: undefined };
  const { metadata } = object;
  return {
    kind: object.kind,
    ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
    name: metadata.name,
    uid: metadata.uid,
    apiVersion: object.apiVersion,
    resourceVersion: metadata.resourceVersion,
    ...(fieldPath === undefined ? {} : { fieldPath }),
  };
}

/** The API refuses messages of more than 1024 bytes. Source: pkg/apis/core/validation/events.go NoteLengthLimit. */
function truncate(message: string): string {
  if (Buffer.byteLength(message) <= maxMessageBytes) return message;
  return `${Buffer.from(message)
    .subarray(0, maxMessageBytes - 6)
    .toString('utf8')
    .replace(/\uFFFD$/, '')} ...`;
}
