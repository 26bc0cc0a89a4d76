import type { Duplex, Readable, Writable } from 'node:stream';
import {
  type AttachOptions,
  type ExecOptions,
  type LogFollowOptions,
  type LogOptions,
  type LogPiece,
  RuntimeError,
  type Sandboxes,
  type Streams,
} from '../container-runtime.ts';
import { writeChunk } from '../write-chunk.ts';
import { execBehaviour } from './behaviour.ts';
import type { DeclaredBehaviours } from './declared-behaviours.ts';
import { entryTime, isWanted, type LogEntry, renderEntry } from './log-buffer.ts';
import { runProgram } from './program.ts';
import type { ContainerRecord, SimulatedEngine } from './simulated-engine.ts';

/** Exec, attach and logs of one cluster on a simulated engine. */
export class SimulatedStreams implements Streams {
  readonly #engine: SimulatedEngine;
  readonly #cluster: string;
  readonly #declared: DeclaredBehaviours;
  readonly #sandboxes: Pick<Sandboxes, 'dial'>;

  constructor(
    engine: SimulatedEngine,
    cluster: string,
    { sandboxes, declared }: { readonly sandboxes: Pick<Sandboxes, 'dial'>; readonly declared: DeclaredBehaviours },
  ) {
    this.#declared = declared;
    this.#engine = engine;
    this.#cluster = cluster;
    this.#sandboxes = sandboxes;
  }

  async connect(containerId: string, port: number): Promise<Duplex> {
    const { config } = this.#engine.container(this.#cluster, containerId);
    try {
      return await this.#sandboxes.dial(config.sandboxId, port);
    } catch (error) {
      throw Object.assign(new Error('connect ECONNREFUSED', { cause: error }), { code: 'ECONNREFUSED' });
    }
  }

  health(containerId: string, probe: 'startup' | 'readiness' | 'liveness'): boolean | undefined {
    const record = this.#engine.containers.get(containerId);
    if (record === undefined || record.cluster !== this.#cluster) return undefined;
    const { started, ready, live } = this.#declared.current(record);
    return this.#declared.now(record, { startup: started, readiness: ready, liveness: live }[probe]);
  }

  async exec(containerId: string, options: ExecOptions): Promise<number> {
    const record = this.#running(containerId);
    const { config } = record;
    const sandbox = this.#engine.sandboxes.get(config.sandboxId);
    const around = { env: config.env, hostname: sandbox?.config.hostname ?? '', workingDir: config.workingDir };
    const declared = this.#declared.current(record);
    const behaviour = execBehaviour(this.#engine.script, record.view, options.command, { declared, around });
    if (behaviour.failure !== undefined) throw new RuntimeError(behaviour.failure.code ?? 'Other', behaviour.failure.message);
    const { promise, resolve, reject } = Promise.withResolvers<number>();
    const last = behaviour.steps.at(-1);
    const steps = last?.do === 'exit' ? behaviour.steps : [...behaviour.steps, { do: 'exit' as const, code: 0 }];
    const endProcess = runProgram(steps, {
      clock: this.#engine.clock,
      write: (stream, text) => void writeOutput(options, stream, text),
      copyStdin: (onEnd) => copyInput(options.stdin, (chunk) => void writeOutput(options, 'stdout', chunk), onEnd),
      exit: resolve,
    });
    const onExit = (): void => resolve(137);
    const onAbort = (): void => reject(new RuntimeError('Other', 'exec was cancelled'));
    record.onExit.add(onExit);
    options.signal?.addEventListener('abort', onAbort, { once: true });
    try {
      return await promise;
    } finally {
      endProcess();
      record.onExit.delete(onExit);
      options.signal?.removeEventListener('abort', onAbort);
    }
  }

  async attach(containerId: string, options: AttachOptions): Promise<void> {
    const record = this.#running(containerId);
    const { promise, resolve } = Promise.withResolvers<void>();
    const listener = (stream: 'stdout' | 'stderr', chunk: string | Uint8Array): void => void writeOutput(options, stream, chunk);
    const onEnd = (): void => resolve();
    record.listeners.add(listener);
    record.onExit.add(onEnd);
    options.signal?.addEventListener('abort', onEnd, { once: true });
    if (options.stdin !== undefined && record.config.stdin) {
      copyInput(
        options.stdin,
        (chunk) => record.stdin?.write(chunk),
        () => {
          if (record.config.stdinOnce) record.stdin?.end();
        },
      );
    }
    try {
      await promise;
    } finally {
      record.listeners.delete(listener);
      record.onExit.delete(onEnd);
      options.signal?.removeEventListener('abort', onEnd);
    }
  }

  async logs(containerId: string, options: LogOptions, sink: Writable): Promise<void> {
    this.#engine.check();
    const record = this.#engine.container(this.#cluster, containerId);
    record.lines?.catchUp();
    let leftBytes = options.limitBytes ?? Number.POSITIVE_INFINITY;
    const print = async (entry: LogEntry): Promise<boolean> => {
      const bytes = Buffer.from(renderEntry(entry, options.timestamps));
      const part = bytes.length > leftBytes ? bytes.subarray(0, leftBytes) : bytes;
      leftBytes -= part.length;
      return (await writeChunk(sink, part)) && leftBytes > 0;
    };
    const follow = options.follow && record.view.state !== 'exited' ? followEntries(record, options) : undefined;
    try {
      for (const entry of record.logs?.select(options) ?? []) if (!(await print(entry))) return;
      if (follow === undefined) return;
      for (let entry = await follow.next(); entry !== undefined; entry = await follow.next()) if (!(await print(entry))) return;
    } finally {
      follow?.stop();
    }
  }

  async followLog(containerId: string, options: LogFollowOptions, take: (pieces: readonly LogPiece[]) => Promise<void>): Promise<void> {
    this.#engine.check();
    const record = this.#engine.container(this.#cluster, containerId);
    record.lines?.catchUp();
    const all: LogOptions = { ...options, follow: true, timestamps: true };
    const pass = ({ stream, timeMs, text }: LogEntry): Promise<void> =>
      take([{ stream, time: entryTime(timeMs), begins: true, bytes: Buffer.from(text) }]);
    const follow = record.view.state === 'exited' ? undefined : followEntries(record, all);
    try {
      for (const entry of record.logs?.select(all) ?? []) if (!options.signal.aborted) await pass(entry);
      for (let entry = await follow?.next(); entry !== undefined; entry = await follow?.next()) await pass(entry);
    } finally {
      follow?.stop();
    }
  }

  #running(id: string): ContainerRecord {
    this.#engine.check();
    const record = this.#engine.container(this.#cluster, id);
    if (record.view.state !== 'running') throw new RuntimeError('Other', `Container ${id} is not running`);
    return record;
  }
}

function writeOutput(options: AttachOptions, stream: 'stdout' | 'stderr', chunk: string | Uint8Array): boolean | Promise<boolean> {
  const sink = stream === 'stderr' && !options.tty ? options.stderr : options.stdout;
  return sink === undefined ? true : writeChunk(sink, chunk);
}

function copyInput(stdin: Readable | undefined, onData: (chunk: Uint8Array) => void, onEnd: () => void): void {
  if (stdin === undefined) onEnd();
  stdin?.on('data', onData);
  stdin?.once('end', onEnd);
}

function followEntries(record: ContainerRecord, options: LogOptions): { next(): Promise<LogEntry | undefined>; stop(): void } {
  const queue: LogEntry[] = [];
  let ended = false;
  let wake: (() => void) | undefined;
  const end = (): void => {
    ended = true;
    wake?.();
  };
  let unfollow: (() => void) | undefined;
  const listen = (): void => {
    unfollow = record.logs?.follow((entry) => {
      if (entry === undefined) end();
      else if (isWanted(entry, options)) queue.push(entry);
      wake?.();
    });
  };
  listen();
  // The log buffer is created at the first output. Until then, a listener on the raw output waits for it.
  const onFirst = (): void => {
    if (unfollow !== undefined) return;
    record.listeners.delete(onFirst);
    for (const entry of record.logs?.select(options) ?? []) queue.push(entry);
    listen();
    wake?.();
  };
  if (record.logs === undefined) record.listeners.add(onFirst);
  record.onExit.add(end);
  if (options.signal.aborted) end();
  options.signal.addEventListener('abort', end, { once: true });
  return {
    async next() {
      while (queue.length === 0 && !ended) {
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
      }
      return options.signal.aborted ? undefined : queue.shift();
    },
    stop() {
      unfollow?.();
      record.listeners.delete(onFirst);
      record.onExit.delete(end);
      options.signal.removeEventListener('abort', end);
    },
  };
}
