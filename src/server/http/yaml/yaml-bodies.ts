/**
 * Reads the YAML of requests. Large bodies are read in a separate thread, because the library takes seconds for a few
 * MiB and the server must answer other requests meanwhile. The thread reads one body at a time, with limits on waiting
 * bodies, time and memory, and ends when it is idle.
 */
import type { JsonValue } from '../../../api/json.ts';
import { statusErrors } from '../../../api/status-error.ts';
import { YamlError } from '../../../api/yaml/yaml-error.ts';
import type { YamlDocument } from '../../../api/yaml/yaml-to-json.ts';
import type { Clock } from '../../../client/clock.ts';
import type { YamlAnswer } from './yaml-answer.ts';

/** The operations on the thread that are needed here; Node's `Worker` has them. */
export interface YamlWorker {
  postMessage(text: string): void;
  on(event: 'message', listener: (answer: YamlAnswer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  unref(): void;
  terminate(): unknown;
}

export interface YamlBodiesOptions {
  readonly clock: Clock;
  /** Starts the thread. Absent: all bodies are read in the calling thread. */
  readonly createWorker?: (() => YamlWorker) | undefined;
}

/** In UTF-16 units. Shorter bodies are read in a few milliseconds, so a thread is not worthwhile. */
const largeLength = 32 * 1024;
/** How many bodies may wait while another is read. More are refused, as upstream refuses requests beyond its limit. */
const maxWaiting = 8;
/** The longest time that any request may take. */
const readingMs = 60_000;
const idleMs = 10_000;

interface Job {
  readonly text: string;
  readonly resolve: (document: YamlDocument) => void;
  readonly reject: (error: unknown) => void;
}

const isOutOfMemory = (error: Error): boolean => 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY';

export class YamlBodies {
  readonly #options: YamlBodiesOptions;
  readonly #waiting: Job[] = [];
  #worker: YamlWorker | undefined;
  #current: Job | undefined;
  /** Cancels the timer: that of the time limit while a body is read, otherwise that of idleness. */
  #cancelTimer = (): void => undefined;

  constructor(options: YamlBodiesOptions) {
    this.#options = options;
  }

  /** Rejects with YamlError; with StatusError 413, 429 or 504 when reading it would take too much. */
  async read(text: string): Promise<YamlDocument> {
    if (text.length > largeLength && this.#options.createWorker !== undefined) return this.#readElsewhere(text);
    const { yamlToJson } = await import('../../../api/yaml/yaml-to-json.ts');
    return yamlToJson(text);
  }

  #readElsewhere(text: string): Promise<YamlDocument> {
    if (this.#waiting.length >= maxWaiting) throw statusErrors.tooManyRequests('Too many requests, please try again later.', 1);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ text, resolve, reject });
      if (this.#current === undefined) this.#next();
    });
  }

  #next(): void {
    this.#cancelTimer();
    this.#current = this.#waiting.shift();
    if (this.#current === undefined) {
      this.#cancelTimer = this.#options.clock.setTimer(idleMs, () => this.#end());
      return;
    }
    this.#cancelTimer = this.#options.clock.setTimer(readingMs, () =>
      this.#failed(statusErrors.timeout('the body could not be read in time', 1)),
    );
    this.#worker ??= this.#start();
    this.#worker?.postMessage(this.#current.text);
  }

  #start(): YamlWorker | undefined {
    const worker = this.#options.createWorker?.();
    worker?.on('message', (answer) => {
      if (worker === this.#worker) this.#answered(answer);
    });
    worker?.on('error', (error) => {
      if (worker !== this.#worker) return;
      this.#failed(
        isOutOfMemory(error) ? statusErrors.requestEntityTooLarge('Request entity too large: reading it takes too much memory') : error,
      );
    });
    // The thread must not keep the process alive. Called after the listeners are added, because adding them undoes it.
    worker?.unref();
    return worker;
  }

  #answered(answer: YamlAnswer): void {
    const job = this.#current;
    this.#next();
    if ('problem' in answer) job?.reject(new YamlError(answer.problem));
    // Made by JSON.stringify.
    else job?.resolve({ json: JSON.parse(answer.json) as JsonValue, duplicates: answer.duplicates });
  }

  /** Drops the thread, which can no longer be used. */
  #failed(error: unknown): void {
    const job = this.#current;
    this.#end();
    this.#next();
    job?.reject(error);
  }

  #end(): void {
    this.#cancelTimer();
    const worker = this.#worker;
    this.#worker = undefined;
    worker?.terminate();
  }
}
