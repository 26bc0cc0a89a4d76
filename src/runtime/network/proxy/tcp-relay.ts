/**
 * Joins one client connection to one backend: tries other backends when one does not answer, passes on half-closes and resets, holds back the faster side.
 *
 * The backend is read into reused buffers (`onread`), and so is the client once it has sent more than one chunk (adopt-socket.ts), which makes large transfers about twice
 * as fast as piping streams, and keep-alive requests a third. Options that cost a system call are set on the second chunk only, so that a connection that carries one
 * request and one answer does without.
 */
import { Socket } from 'node:net';
import type { Clock } from '../../../client/clock.ts';
import type { Backend } from '../network-state.ts';
import { adoptSocket } from './adopt-socket.ts';
import { backendKey } from './balancer.ts';
import type { ConnectWatch } from './connect-watch.ts';
import { type BufferPool, ReadBuffer } from './read-buffers.ts';
import type { SourceAddresses } from './source-addresses.ts';

/** What all relays share. */
export interface RelayContext {
  readonly clock: Clock;
  readonly pool: BufferPool;
  readonly connects: ConnectWatch;
  readonly sources: SourceAddresses;
}

/** Chooses the next backend to try. */
export type Pick = (tried: ReadonlySet<string> | undefined) => Backend | undefined;

const maxAttempts = 4;
/** Of idle peers that may have vanished without a word. */
const keepAliveMs = 60_000;
const nothing = Buffer.alloc(0);

/** Joins a client socket (allowHalfOpen, nothing read yet) to a backend. Resets the client when no backend can be reached. */
export function relayTcp(context: RelayContext, client: Socket, pick: Pick): void {
  new TcpRelay(context, client, pick).connect();
}

const errorCode = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

/** After the second chunk a connection is worth its options. */
function tune(socket: Socket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMs);
}

/** One direction: from a socket that is read into a reused buffer to another. */
interface Lane {
  readonly buffer: ReadBuffer;
  chunks: number;
  /** The reader has ended. */
  ended: boolean;
  /** Set while the writer has not taken all of the read buffer. */
  flushing: boolean;
}

const laneOf = (buffer: ReadBuffer): Lane => ({ buffer, chunks: 0, ended: false, flushing: false });

class TcpRelay {
  readonly #context: RelayContext;
  #client: Socket;
  readonly #pick: Pick;
  readonly #down: Lane;
  /** Has a buffer once the client has been adopted. */
  #up: Lane | undefined;
  #clientChunks = 0;
  #clientEnded = false;
  #backend: Socket | undefined;
  #tried: Set<string> | undefined;
  #attempts = 0;
  #connected = false;
  readonly #onClientError = (): void => this.#abort();
  readonly #onClientClose = (): void => this.#closed();
  readonly #onClientEnd = (): void => {
    this.#clientEnded = true;
    if (this.#connected) this.#clientDone();
  };

  constructor(context: RelayContext, client: Socket, pick: Pick) {
    this.#context = context;
    this.#client = client;
    this.#pick = pick;
    this.#down = laneOf(new ReadBuffer(context.pool));
    this.#listen();
  }

  connect(): void {
    const target = this.#attempts < maxAttempts ? this.#pick(this.#tried) : undefined;
    if (target === undefined) {
      this.#client.resetAndDestroy();
      return;
    }
    this.#attempts++;
    this.#dial(target);
  }

  #dial(target: Backend): void {
    const { clock, connects, sources } = this.#context;
    const { buffer } = this.#down;
    const socket = new Socket({
      allowHalfOpen: true,
      onread: { buffer: () => buffer.current, callback: (bytes, chunk) => this.#pass(this.#down, socket, this.#client, bytes, chunk) },
    });
    this.#backend = socket;
    const onTimeout = (): void => {
      socket.destroy();
      this.#failed(target, '');
    };
    connects.add(onTimeout);
    socket.on('connect', () => {
      connects.remove(onTimeout);
      this.#join(socket);
    });
    socket.on('error', (error) => {
      if (this.#connected) return this.#abort();
      connects.remove(onTimeout);
      if (this.#backend === socket) this.#failed(target, errorCode(error));
    });
    const localAddress = sources.sourceFor(target.ip, clock.now());
    socket.connect({
      host: target.ip,
      port: target.port,
      autoSelectFamily: false,
      ...(localAddress === undefined ? {} : { localAddress }),
    });
  }

  #failed(target: Backend, code: string): void {
    this.#backend = undefined;
    if (this.#client.destroyed) return;
    const outOfPorts = code === 'EADDRNOTAVAIL' && this.#context.sources.rotate(target.ip, this.#context.clock.now());
    if (!outOfPorts) {
      this.#tried ??= new Set();
      this.#tried.add(backendKey(target));
    }
    this.connect();
  }

  #join(backend: Socket): void {
    if (this.#client.destroyed) {
      backend.resetAndDestroy();
      return;
    }
    this.#connected = true;
    backend.on('drain', () => this.#backendDrained());
    backend.on('end', () => {
      this.#down.ended = true;
      if (this.#clientEnded && this.#client.writableLength === 0) this.#finish();
      else this.#client.end();
    });
    backend.on('close', () => this.#backendClosed());
    if (this.#clientEnded) this.#clientDone();
    else this.#client.on('data', (chunk: Buffer) => this.#fromStream(backend, chunk));
  }

  /** The client's events, of the socket as accepted or as adopted. A client may end, or go, before its backend is connected. */
  #listen(): void {
    const client = this.#client;
    client.on('error', this.#onClientError);
    client.on('close', this.#onClientClose);
    client.on('end', this.#onClientEnd);
    client.on('drain', () => {
      if (this.#backend !== undefined) this.#flushed(this.#down, this.#backend, client);
    });
  }

  #clientDone(): void {
    if (this.#down.ended && this.#client.writableLength === 0) this.#finish();
    else this.#backend?.end();
  }

  /** A chunk of a client that is still a plain stream. */
  #fromStream(backend: Socket, chunk: Buffer): void {
    this.#clientChunks++;
    if (!backend.write(chunk)) this.#client.pause();
    if (this.#clientChunks !== 2) return;
    tune(backend);
    // Not before Node is done with the read that brought this chunk.
    queueMicrotask(() => this.#adopt(backend));
  }

  /** Reads the client into a reused buffer from here on. Left as it is while something waits in its streams: the next chunk counts again. */
  #adopt(backend: Socket): void {
    const accepted = this.#client;
    if (accepted.destroyed || backend.destroyed || this.#clientEnded || this.#down.ended) return;
    if (accepted.writableLength > 0 || accepted.readableLength > 0 || accepted.isPaused() || this.#down.flushing) {
      this.#clientChunks = 1;
      return;
    }
    const up = laneOf(new ReadBuffer(this.#context.pool));
    const adopted = adoptSocket(accepted, {
      buffer: () => up.buffer.current,
      callback: (bytes, chunk): boolean => this.#pass(up, this.#client, backend, bytes, chunk),
    });
    if (adopted === undefined) return;
    this.#up = up;
    this.#client = adopted;
    this.#listen();
  }

  /** A read into a lane's buffer. False stops reading: the buffer may not be reused before the other side has taken it. */
  #pass(lane: Lane, from: Socket, to: Socket, bytes: number, chunk: Uint8Array): boolean {
    if (to.destroyed || to.writableEnded) return false;
    if (++lane.chunks === 2) tune(to);
    const room = to.write(chunk.subarray(0, bytes));
    if (to.writableLength === 0) {
      lane.buffer.consumed(bytes);
      return true;
    }
    lane.flushing = true;
    // A full socket announces itself with `drain`; one that is not full needs asking.
    if (room) to.write(nothing, () => this.#flushed(lane, from, to));
    return false;
  }

  #flushed(lane: Lane, from: Socket, to: Socket): void {
    if (!lane.flushing || to.writableLength > 0) return;
    lane.flushing = false;
    from.resume();
  }

  #backendDrained(): void {
    const backend = this.#backend;
    if (this.#up === undefined || backend === undefined) this.#client.resume();
    else this.#flushed(this.#up, this.#client, backend);
  }

  /** Both sides have said all: closing outright saves the last shutdown. */
  #finish(): void {
    this.#client.destroy();
    this.#backend?.destroy();
  }

  /** A reset on one side is a reset on the other. */
  #abort(): void {
    this.#client.resetAndDestroy();
    const backend = this.#backend;
    if (backend === undefined) return;
    if (backend.connecting) backend.destroy();
    else backend.resetAndDestroy();
  }

  #closed(): void {
    const backend = this.#backend;
    if (backend !== undefined && !backend.destroyed) {
      if (this.#clientEnded && this.#down.ended) backend.destroy();
      else this.#abort();
    }
    this.#release();
  }

  #backendClosed(): void {
    if (!this.#client.destroyed && !this.#down.ended) this.#abort();
    this.#release();
  }

  /** Gives the buffers back once nothing reads or writes them any more. */
  #release(): void {
    if (!this.#client.closed || this.#backend?.closed === false) return;
    if (!this.#down.flushing) this.#down.buffer.release();
    if (this.#up?.flushing === false) this.#up.buffer.release();
  }
}
