import type { Socket } from 'node:net';
import type { Readable, Writable } from 'node:stream';
import {
  type AttachOptions,
  type ExecOptions,
  type LogFollowOptions,
  type LogOptions,
  type LogPiece,
  RuntimeError,
  type Streams,
} from '../container-runtime.ts';
import { delay, type RuntimeClock } from '../runtime-clock.ts';
import { writeChunk } from '../write-chunk.ts';
import { demultiplex, passThrough } from './demultiplex.ts';
import type { DockerApi } from './docker-api.ts';
import { type EndExecOptions, endExec } from './end-exec.ts';
import { toRuntimeError } from './errors.ts';
import { DockerLogs } from './logs.ts';

/**
 * Docker detaches a session when these keys are typed. Kubernetes has no such feature, so this is a sequence that
 * nobody types.
 */
const DETACH_KEYS = Array.from({ length: 8 }, () => 'ctrl-_').join(',');
const EXIT_CODE_TRIES = 12;

/** Exec, attach and logs on Docker. Writables that the caller passes are never ended here. */
export class DockerStreams implements Streams {
  readonly #api: DockerApi;
  readonly #clock: RuntimeClock;
  readonly #options: EndExecOptions;

  constructor(options: EndExecOptions) {
    this.#options = options;
    this.#api = options.api;
    this.#clock = options.clock;
  }

  async exec(containerId: string, options: ExecOptions): Promise<number> {
    const { command, tty, stdin, signal, endsOnAbort = false } = options;
    const { Id } = await this.#api.json<{ Id: string }>({
      method: 'POST',
      path: `/containers/${containerId}/exec`,
      body: { Cmd: command, Tty: tty, AttachStdin: stdin !== undefined, AttachStdout: true, AttachStderr: !tty, DetachKeys: DETACH_KEYS },
    });
    throwIfAborted(signal);
    const socket = await this.#api.hijack({ method: 'POST', path: `/exec/${Id}/start`, body: { Detach: false, Tty: tty } });
    const stopResizing = this.#resize(`/exec/${Id}/resize`, options);
    try {
      await converse(socket, options);
    } finally {
      stopResizing();
    }
    if (endsOnAbort && signal?.aborted === true) await endExec(this.#options, Id, containerId);
    throwIfAborted(signal);
    return this.#exitCode(Id);
  }

  async attach(containerId: string, options: AttachOptions): Promise<void> {
    const stdin = options.stdin !== undefined;
    const stderr = options.stderr !== undefined;
    // An attach without outputs would not end with the container: the engine says nothing then. What nobody asked for
    // goes nowhere.
    const stdout = options.stdout !== undefined || !stderr;
    const socket = await this.#api.hijack({
      method: 'POST',
      path: `/containers/${containerId}/attach`,
      query: { stream: true, stdin, stdout, stderr, detachKeys: DETACH_KEYS },
    });
    socket.on('error', () => socket.destroy());
    const { tty } = await this.#attached(containerId, socket);
    const stopResizing = this.#resize(`/containers/${containerId}/resize`, options);
    try {
      // Whether the stream is framed depends on the container's TTY setting, not on the client's request. Source:
      // kubelet_pods.go (GetAttach).
      await converse(socket, { ...options, tty });
    } finally {
      stopResizing();
    }
  }

  /**
   * The engine also attaches to a container that has ended, and then sends nothing for ever. It attaches to the streams
   * before it answers, and detaches under the same lock under which the container's state changes. So if the container
   * still runs now, the streams will end when it ends.
   */
  async #attached(containerId: string, socket: Socket): Promise<{ readonly tty: boolean }> {
    try {
      const { State, Config } = await this.#api.json<{ State: { Running: boolean }; Config: { Tty: boolean } }>({
        method: 'GET',
        path: `/containers/${containerId}/json`,
      });
      if (!State.Running) throw new RuntimeError('Other', `container ${containerId} is not running`);
      return { tty: Config.Tty };
    } catch (error) {
      socket.destroy();
      throw error;
    }
  }

  logs(containerId: string, options: LogOptions, sink: Writable): Promise<void> {
    return new DockerLogs(this.#api, this.#clock).read(containerId, options, sink);
  }

  followLog(containerId: string, options: LogFollowOptions, take: (pieces: readonly LogPiece[]) => Promise<void>): Promise<void> {
    return new DockerLogs(this.#api, this.#clock).follow(containerId, options, take);
  }

  /** The daemon may publish the exit code shortly after the streams end. */
  async #exitCode(execId: string): Promise<number> {
    for (let tries = 0; tries < EXIT_CODE_TRIES; tries++) {
      const { Running, ExitCode } = await this.#api.json<{ Running: boolean; ExitCode: number | null }>({
        method: 'GET',
        path: `/exec/${execId}/json`,
      });
      if (!Running && ExitCode !== null) return ExitCode;
      await delay(this.#clock, Math.min(2 ** tries, 500));
    }
    throw new RuntimeError('Other', 'the exit code of the command is unknown');
  }

  /**
   * Passes terminal sizes on until the returned function is called. A size that arrives after the process has ended is
   * ignored.
   */
  #resize(path: string, { resize, tty }: AttachOptions): () => void {
    if (resize === undefined || !tty) return () => undefined;
    const sizes = resize[Symbol.asyncIterator]();
    let stopped = false;
    const run = async (): Promise<void> => {
      for (let next = await sizes.next(); next.done !== true && !stopped; next = await sizes.next()) {
        const { width, height } = next.value;
        await this.#api.json({ method: 'POST', path, query: { w: width, h: height } });
      }
    };
    run().catch(() => undefined);
    return () => {
      stopped = true;
      sizes.return?.()?.catch(() => undefined);
    };
  }
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new RuntimeError('Other', 'exec was cancelled', { cause: signal.reason });
}

/**
 * Runs a session until the engine closes its side or the signal aborts. When the input ends, the connection is
 * half-closed.
 */
async function converse(socket: Socket, options: AttachOptions): Promise<void> {
  const { stdin, stdout, stderr, tty, signal } = options;
  const onAbort = (): void => void socket.destroy();
  if (signal?.aborted === true) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });
  const stopInput = feed(stdin, socket);
  try {
    await (tty ? passThrough : demultiplex)(socket, (stream, chunk) => {
      const sink = stream === 'stderr' ? stderr : stdout;
      return sink === undefined ? true : writeChunk(sink, chunk);
    });
  } catch (error) {
    if (signal?.aborted !== true) throw toRuntimeError(error);
  } finally {
    stopInput();
    signal?.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

/**
 * So much input may wait for the engine before it is no longer read. The engine takes a fifth of it at once: with much
 * less, reading would stop and go on with each of its turns.
 */
const INPUT_BYTES = 1024 * 1024;

/** Hands the input to the engine. */
function feed(stdin: Readable | undefined, socket: Socket): () => void {
  if (stdin === undefined) return () => undefined;
  const onData = (chunk: Buffer): void => {
    if (!socket.writable) return;
    socket.write(chunk);
    if (socket.writableLength >= INPUT_BYTES) stdin.pause();
  };
  const onDrain = (): void => void stdin.resume();
  const endInput = (): void => void socket.end();
  // An input that fails or is abandoned is treated as ended.
  const ends = ['end', 'error', 'close'];
  for (const event of ends) stdin.once(event, endInput);
  socket.on('drain', onDrain);
  stdin.on('data', onData);
  if (stdin.readableEnded || stdin.destroyed) endInput();
  return () => {
    for (const event of ends) stdin.off(event, endInput);
    stdin.off('data', onData);
    socket.off('drain', onDrain);
    stdin.pause();
  };
}
