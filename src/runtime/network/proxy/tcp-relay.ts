/**
 * Connects one client to one backend: tries other backends when one does not answer, passes on half-closes and resets,
 * and applies back-pressure to the faster side.
 *
 * Both ends start as plain stream sockets, which is the cheapest way to carry one request and one answer: four fifths
 * of the time of such a connection are spent in the kernel. Once an end has sent two chunks, it is read into a reused
 * buffer (adopt-socket.ts), which makes large transfers about twice as fast as piping streams, and keep-alive requests
 * a fifth faster. Options that cost a system call are also set only then.
 */
import { Socket } from 'node:net';
import type { Clock } from '../../../client/clock.ts';
import { contain } from '../../../client/error-boundary.ts';
import type { Backend } from '../network-state.ts';
import { adoptSocket } from './adopt-socket.ts';
import { backendKey } from './balancer.ts';
import type { ConnectWatch } from './connect-watch.ts';
import { type BufferPool, ReadBuffer } from './read-buffers.ts';
import { resetSocket } from './reset-socket.ts';
import type { SourceAddresses } from './source-addresses.ts';

export type LogLine = (
  level: 'debug' | 'info' | 'warn' | 'error',
  message: string,
  fields: Readonly<Record<string, string | number>>,
) => void;

/** What all relays share. */
export interface RelayContext {
  readonly log: LogLine;
  readonly clock: Clock;
  readonly pool: BufferPool;
  readonly connects: ConnectWatch;
  readonly sources: SourceAddresses;
}

/** Chooses the next backend to try. */
export type Pick = (tried: ReadonlySet<string> | undefined) => Backend | undefined;

const maxAttempts = 4;
/** TCP keep-alive, for idle peers that may have vanished without closing. */
const keepAliveMs = 60_000;
/** After this many chunks a connection gets its options and its buffers. */
const tuneAtChunk = 2;
const nothing = Buffer.alloc(0);

/**
 * Joins a client socket (allowHalfOpen, nothing read yet) to a backend. Resets the client when no backend can be
 * reached.
 */
export function relayTcp(context: RelayContext, client: Socket, pick: Pick): void {
  new TcpRelay(context, client, pick).connect();
}

const errorCode = (error: Error): string => ('code' in error && typeof error.code === 'string' ? error.code : '');

/** One end of a relay: a socket, and how its data is passed to the other end. */
class End {
  socket: Socket;
  readonly #relay: TcpRelay;
  #chunks = 0;
  /** True when it will send no more. */
  ended = false;
  /** The buffer into which it is read once its socket is adopted. */
  #buffer: ReadBuffer | undefined;
  /** True while the other end has not accepted the whole read buffer. */
  #flushing = false;

  constructor(relay: TcpRelay, socket: Socket) {
    this.#relay = relay;
    this.socket = socket;
    this.#listen();
  }

  #listen(): void {
    const { socket } = this;
    contain(socket, (error) => this.#relay.fail(error));
    socket.on('drain', () => this.#relay.drained(this));
    socket.on('error', () => this.#relay.abort());
    socket.on('close', () => this.#relay.closed(this));
    socket.on('end', () => {
      this.ended = true;
      this.#relay.ended(this);
    });
  }

  /** Starts to pass on what this end sends. */
  sendTo(other: End): void {
    this.socket.on('data', (chunk: Buffer) => {
      if (!other.socket.write(chunk)) this.socket.pause();
      if (++this.#chunks !== tuneAtChunk) return;
      other.socket.setNoDelay(true);
      other.socket.setKeepAlive(true, keepAliveMs);
      // Deferred until Node has finished the read that delivered this chunk.
      queueMicrotask(() => this.#adopt(other));
    });
  }

  /**
   * From here on, reads into a reused buffer. Does nothing while data waits in the socket's streams; then the next
   * chunk tries again.
   */
  #adopt(other: End): void {
    const plain = this.socket;
    if (plain.destroyed || other.socket.destroyed || this.ended || other.ended) return;
    if (plain.writableLength > 0 || plain.readableLength > 0 || plain.isPaused() || other.#flushing) {
      this.#chunks--;
      return;
    }
    const buffer = new ReadBuffer(this.#relay.context.pool);
    const adopted = adoptSocket(plain, {
      buffer: () => buffer.current,
      callback: (bytes, chunk): boolean => {
        try {
          return this.#pass(buffer, other, bytes, chunk);
        } catch (error) {
          this.#relay.fail(error);
          return false;
        }
      },
    });
    if (adopted === undefined) return;
    this.#buffer = buffer;
    this.socket = adopted;
    this.#listen();
  }

  /**
   * Passes on a read. Returns false to stop reading: the buffer must not be reused before the other end has accepted
   * it.
   */
  #pass(buffer: ReadBuffer, other: End, bytes: number, chunk: Uint8Array): boolean {
    const to = other.socket;
    if (to.destroyed || to.writableEnded) return false;
    const room = to.write(chunk.subarray(0, bytes));
    if (to.writableLength === 0) {
      buffer.consumed(bytes);
      return true;
    }
    this.#flushing = true;
    // A full socket emits `drain` itself; for one that is not full, an empty write calls back.
    if (room) to.write(nothing, () => this.otherDrained(other));
    return false;
  }

  /** Called when the other end accepts data again. */
  otherDrained(other: End): void {
    if (this.#buffer === undefined) {
      this.socket.resume();
    } else if (this.#flushing && other.socket.writableLength === 0) {
      this.#flushing = false;
      this.socket.resume();
    }
  }

  /** Drops the buffer: a write of it that did not complete may still refer to it. */
  release(): void {
    if (!this.#flushing) this.#buffer?.release();
  }
}

class TcpRelay {
  readonly context: RelayContext;
  readonly #pick: Pick;
  readonly #client: End;
  #backend: End | undefined;
  /** The socket to the backend that is being tried. */
  #dialing: Socket | undefined;
  #tried: Set<string> | undefined;
  #attempts = 0;

  constructor(context: RelayContext, client: Socket, pick: Pick) {
    this.context = context;
    this.#pick = pick;
    this.#client = new End(this, client);
  }

  connect(): void {
    const target = this.#attempts < maxAttempts ? this.#pick(this.#tried) : undefined;
    if (target === undefined) {
      resetSocket(this.#client.socket);
      return;
    }
    this.#attempts++;
    this.#dial(target);
  }

  #dial(target: Backend): void {
    const { clock, connects, sources } = this.context;
    const socket = new Socket({ allowHalfOpen: true });
    this.#dialing = socket;
    contain(socket, (error) => this.fail(error));
    const onTimeout = (): void => this.#failed(target, socket, '');
    const onError = (error: Error): void => {
      connects.remove(onTimeout);
      this.#failed(target, socket, errorCode(error));
    };
    connects.add(onTimeout);
    socket.on('error', onError);
    socket.on('connect', () => {
      connects.remove(onTimeout);
      socket.off('error', onError);
      this.#join(socket);
    });
    const localAddress = sources.sourceFor(target.ip, clock.now());
    const { ip: host, port } = target;
    socket.connect(localAddress === undefined ? { host, port } : { host, port, localAddress });
  }

  #failed(target: Backend, socket: Socket, code: string): void {
    socket.destroy();
    if (this.#dialing !== socket || this.#client.socket.destroyed) return;
    this.#dialing = undefined;
    const outOfPorts = code === 'EADDRNOTAVAIL' && this.context.sources.rotate(target.ip, this.context.clock.now());
    if (!outOfPorts) {
      this.#tried ??= new Set();
      this.#tried.add(backendKey(target));
    }
    this.connect();
  }

  #join(socket: Socket): void {
    const backend = new End(this, socket);
    this.#dialing = undefined;
    this.#backend = backend;
    if (this.#client.socket.destroyed) {
      this.abort();
      return;
    }
    backend.sendTo(this.#client);
    // A client may finish before its backend is connected, but not before everything it sent has been read.
    if (this.#client.ended) socket.end();
    else this.#client.sendTo(backend);
  }

  /** Called when an end accepts data again. */
  drained(end: End): void {
    this.#otherOf(end)?.otherDrained(end);
  }

  #otherOf(end: End): End | undefined {
    return end === this.#backend ? this.#client : this.#backend;
  }

  /** Called when one end will send no more. When that holds for both, closing both directly saves the last shutdown. */
  ended(end: End): void {
    const other = this.#otherOf(end);
    if (other === undefined) return;
    if (!other.ended || end.socket.writableLength > 0 || other.socket.writableLength > 0) {
      other.socket.end();
      return;
    }
    end.socket.destroy();
    other.socket.destroy();
  }

  /** An exception in the handling of this connection ends only this connection. */
  fail(error: unknown): void {
    this.context.log('error', 'A connection was reset: its relay failed', {
      error: error instanceof Error ? (error.stack ?? '') : String(error),
    });
    this.abort();
  }

  /** A reset of one end resets the other. */
  abort(): void {
    this.#dialing?.destroy();
    resetSocket(this.#client.socket);
    if (this.#backend !== undefined) resetSocket(this.#backend.socket);
  }

  /** An end that closed before both had finished closes the other, too. */
  closed(end: End): void {
    const other = this.#otherOf(end);
    if (!end.ended || other?.ended !== true) this.abort();
    if (!end.socket.closed || other?.socket.closed === false) return;
    end.release();
    other?.release();
  }
}
