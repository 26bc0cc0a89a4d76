import { errorText } from '../../../api/error-text.ts';
import type { PodRuntimeEvent, RuntimeEvent } from '../container-runtime.ts';
import { EventQueue } from '../event-queue.ts';
import { delay, type RuntimeClock } from '../runtime-clock.ts';
import type { DockerApi } from './docker-api.ts';
import { type EngineEvent, readEngineEvents } from './engine-events.ts';
import { LABEL } from './names-and-labels.ts';

const FIRST_BACK_OFF_MS = 50;
const LAST_BACK_OFF_MS = 2000;

const TYPES = {
  podsandbox: { start: 'sandboxStarted', die: 'sandboxStopped', destroy: 'sandboxRemoved' },
  container: { start: 'containerStarted', die: 'containerExited', destroy: 'containerRemoved', oom: 'containerOom' },
} as const;

/** One connection to the engine's event stream while there are listeners; reopened with back-off when it breaks. */
export class DockerEvents {
  readonly #api: DockerApi;
  readonly #cluster: string;
  readonly #clock: RuntimeClock;
  /** The readers, each with the node to which it is restricted. */
  readonly #queues = new Map<EventQueue, string | undefined>();
  #running: AbortController | undefined;
  #open = false;
  /** True when listeners have been told that the engine is unavailable. */
  #away = false;

  constructor(api: DockerApi, cluster: string, clock: RuntimeClock) {
    this.#api = api;
    this.#cluster = cluster;
    this.#clock = clock;
  }

  /** Events until the signal aborts. The first is `resync`, once the stream is open. */
  subscribe(signal: AbortSignal, node?: string): AsyncIterable<RuntimeEvent> {
    const queue = new EventQueue(signal, (closed) => {
      this.#queues.delete(closed);
      if (this.#queues.size > 0) return;
      this.#running?.abort();
      this.#running = undefined;
    });
    if (signal.aborted) return queue;
    this.#queues.set(queue, node);
    if (this.#running === undefined) {
      this.#running = new AbortController();
      this.#run(this.#running.signal).catch((error: unknown) => {
        throw error; // only a bug gets here, so the process handles it
      });
    } else if (this.#open) queue.push({ type: 'resync' });
    return queue;
  }

  close(): void {
    for (const queue of [...this.#queues.keys()]) queue.close();
  }

  async #run(signal: AbortSignal): Promise<void> {
    let backOffMs = FIRST_BACK_OFF_MS;
    while (!signal.aborted) {
      const opened = await this.#follow(signal);
      backOffMs = opened ? FIRST_BACK_OFF_MS : Math.min(backOffMs * 2, LAST_BACK_OFF_MS);
      await delay(this.#clock, backOffMs, signal);
    }
  }

  /** Reads the stream to its end. Returns whether it could be opened. A broken connection counts as an end. */
  async #follow(signal: AbortSignal): Promise<boolean> {
    let opened = false;
    const onOpened = (): void => {
      opened = true;
      this.#open = true;
      this.#resync();
    };
    const filters = { type: ['container'], label: [`${LABEL.cluster}=${this.#cluster}`], event: ['start', 'die', 'destroy', 'oom'] };
    try {
      await readEngineEvents(this.#api, filters, { signal, opened: onOpened, event: (event) => this.#accept(event) });
    } catch (error) {
      // The caller tries again; a stream that broke is reported as resync.
      if (!opened && !signal.aborted) this.#unavailable(error);
    } finally {
      this.#open = false;
    }
    return opened;
  }

  #accept(engineEvent: EngineEvent): void {
    const event = toRuntimeEvent(engineEvent);
    const podNode = engineEvent.Actor.Attributes[LABEL.node];
    if (event === undefined) return;
    for (const [queue, node] of this.#queues) if (node === undefined || node === podNode) queue.push(event);
  }

  #unavailable(error: unknown): void {
    if (this.#away) return;
    this.#away = true;
    const message = errorText(error);
    for (const queue of this.#queues.keys()) queue.push({ type: 'unavailable', message });
  }

  #resync(): void {
    this.#away = false;
    for (const queue of this.#queues.keys()) queue.push({ type: 'resync' });
  }
}

function toRuntimeEvent({ Action, Actor }: EngineEvent): RuntimeEvent | undefined {
  const kind = Actor.Attributes[LABEL.type];
  if (kind !== 'podsandbox' && kind !== 'container') return undefined;
  const types: Readonly<Record<string, PodRuntimeEvent['type'] | undefined>> = TYPES[kind];
  const type = types[Action];
  return type === undefined ? undefined : { type, podUid: Actor.Attributes[LABEL.podUid] ?? '', id: Actor.ID };
}
