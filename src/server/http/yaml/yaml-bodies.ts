/**
 * Reads the YAML of requests. What is large is read by a thread of its own, since the library takes seconds for a few MiB and
 * the server must go on meanwhile: one body at a time, bounded in number, time and memory. The thread ends when it is idle.
 */
import type { JsonValue } from '../../../api/json.ts';
import { statusErrors } from '../../../api/status-error.ts';
import { YamlError } from '../../../api/yaml/yaml-error.ts';
import type { YamlDocument } from '../../../api/yaml/yaml-to-json.ts';
import type { Clock } from '../../../client/clock.ts';
import type { YamlAnswer } from './yaml-answer.ts';

/** The thread as it is needed here; Node's `Worker` is one. */
export interface YamlWorker {
  postMessage(text: string): void;
  on(event: 'message', listener: (answer: YamlAnswer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  unref(): void;
  terminate(): unknown;
}

export interface YamlBodiesOptions {
  readonly clock: Clock;
  /** Starts the thread. Absent: everything is read at once. */
  readonly createWorker?: (() => YamlWorker) | undefined;
}

/** In UTF-16 units: what is read in a few milliseconds is not worth a thread. */
const largeLength = 32 * 1024;
/** Bodies that wait while another is read; more are refused, as upstream refuses more requests than it can hold. */
const maxWaiting = 8;
/** No request takes longer. */
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
  /** Of the time limit while a body is read, of idleness otherwise. */
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
    // After the listeners, which would undo it: the thread does not keep the process alive.
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

  /** The thread is of no use any more. */
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
