/**
 * Joins one client connection to one backend: tries other backends when one does not answer, passes on half-closes and resets, holds back the faster side.
 *
 * The backend is read into reused buffers (`onread`), which is what makes large transfers about twice as fast as piping streams; clients
 * are plain stream sockets because Node offers accepted connections nothing else. Options that cost a system call are set on the second chunk only, so that a connection
 * that carries one request and one answer does without.
 */
import { Socket } from 'node:net';
import type { Clock } from '../../../client/clock.ts';
import type { Backend } from '../network-state.ts';
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

/** Joins a paused client socket (allowHalfOpen) to a backend. Resets the client when no backend can be reached. */
export function relayTcp(context: RelayContext, client: Socket, pick: Pick): void {
  new TcpRelay(context, client, pick).connect();
}

const errorCode = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

/** After the second chunk a connection is worth its options. */
function tune(socket: Socket): void {
  socket.setNoDelay(true);
  socket.setKeepAlive(true, keepAliveMs);
}

class TcpRelay {
  readonly #context: RelayContext;
  readonly #client: Socket;
  readonly #pick: Pick;
  readonly #buffer: ReadBuffer;
  #backend: Socket | undefined;
  #tried: Set<string> | undefined;
  #attempts = 0;
  #chunksUp = 0;
  #chunksDown = 0;
  #clientEnded = false;
  #backendEnded = false;
  #connected = false;
  /** Set while the client has not taken all of the read buffer. */
  #flushing = false;

  constructor(context: RelayContext, client: Socket, pick: Pick) {
    this.#context = context;
    this.#client = client;
    this.#pick = pick;
    this.#buffer = new ReadBuffer(context.pool);
    client.on('error', () => this.#abort());
    client.on('close', () => this.#closed());
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
    const socket = new Socket({
      allowHalfOpen: true,
      onread: { buffer: () => this.#buffer.current, callback: (bytes, chunk) => this.#down(bytes, chunk) },
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
    const client = this.#client;
    client.on('data', (chunk: Buffer) => {
      if (++this.#chunksUp === 2) tune(backend);
      if (!backend.write(chunk)) client.pause();
    });
    backend.on('drain', () => client.resume());
    client.on('drain', () => this.#flushed());
    client.on('end', () => {
      this.#clientEnded = true;
      if (this.#backendEnded && client.writableLength === 0) this.#finish();
      else backend.end();
    });
    backend.on('end', () => {
      this.#backendEnded = true;
      if (this.#clientEnded && client.writableLength === 0) this.#finish();
      else client.end();
    });
    backend.on('close', () => this.#backendClosed());
    client.resume();
  }

  /** A read from the backend. False stops reading: the buffer may not be reused before the client has taken it. */
  #down(bytes: number, chunk: Uint8Array): boolean {
    const client = this.#client;
    if (client.destroyed || client.writableEnded) return false;
    if (++this.#chunksDown === 2) tune(client);
    const room = client.write(chunk.subarray(0, bytes));
    if (client.writableLength === 0) {
      this.#buffer.consumed(bytes);
      return true;
    }
    this.#flushing = true;
    // A full socket announces itself with `drain`; one that is not full needs asking.
    if (room) client.write(nothing, () => this.#flushed());
    return false;
  }

  #flushed(): void {
    if (!this.#flushing || this.#client.writableLength > 0) return;
    this.#flushing = false;
    this.#backend?.resume();
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
    if (!this.#flushing) this.#buffer.release();
    const backend = this.#backend;
    if (backend === undefined || backend.destroyed) return;
    if (this.#clientEnded && this.#backendEnded) backend.destroy();
    else this.#abort();
  }

  #backendClosed(): void {
    if (this.#client.destroyed) return;
    if (!this.#backendEnded) this.#abort();
  }
}
