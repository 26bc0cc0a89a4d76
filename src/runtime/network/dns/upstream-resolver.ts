/**
 * Forwards questions to the host's resolvers, in order, over UDP, and over TCP when an answer was truncated. A question
 * that is asked again while it is in progress shares its answer. Answers are checked: source address, id, question.
 */
import { createSocket, type Socket } from 'node:dgram';
import { connect } from 'node:net';
import type { Clock } from '../../../client/clock.ts';
import { contain } from '../../../client/error-boundary.ts';
import { numericLookup } from '../proxy/udp-listener.ts';

/** Timeout of one attempt, in milliseconds; CoreDNS's forward plugin gives up a whole question after 5 s. */
const tryMs = 2000;
const rounds = 2;
/** The most questions in progress. Source: the forward plugin's max_concurrent in kubeadm's Corefile. */
const maxConcurrent = 1000;
const idleMs = 30_000;

/** A resolver: address, and port when not 53. */
export interface Upstream {
  readonly address: string;
  readonly port: number;
}

interface Waiting {
  readonly question: Buffer;
  readonly upstream: Upstream;
  resolve(answer: Buffer): void;
}

export interface UpstreamResolverOptions {
  readonly clock: Clock;
  /** Random numbers in [0, 1) for query ids, which must not be predictable. */
  readonly random: () => number;
  /** Called with an error that occurred while reading an answer. The question then runs into its timeout. */
  onError(error: unknown): void;
}

/** `1.2.3.4`, `1.2.3.4:5353`, `[::1]:53`, `::1`. */
export function parseUpstream(text: string): Upstream {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  if (bracketed !== null) return { address: bracketed[1] ?? '', port: Number(bracketed[2] ?? 53) };
  const plain = /^([^:]+):(\d+)$/.exec(text);
  return plain === null ? { address: text, port: 53 } : { address: plain[1] ?? '', port: Number(plain[2]) };
}

/** Length of header and question; undefined when malformed. Names in questions are never compressed. */
export function questionEnd(message: Buffer): number | undefined {
  let at = 12;
  while (at < message.length) {
    const length = message[at] ?? 0;
    if (length === 0) return at + 5 <= message.length ? at + 5 : undefined;
    if (length > 63) return undefined;
    at += length + 1;
  }
  return undefined;
}

/** Owns the sockets to the resolvers. */
export class UpstreamResolver {
  readonly #options: UpstreamResolverOptions;
  #upstreams: readonly Upstream[];
  readonly #sockets = new Map<string, Socket>();
  readonly #waiting = new Map<string, Waiting>();
  readonly #shared = new Map<string, Promise<Buffer | undefined>>();
  #cancelIdle: (() => void) | undefined;
  #closed = false;

  constructor(options: UpstreamResolverOptions, upstreams: readonly Upstream[]) {
    this.#options = options;
    this.#upstreams = upstreams;
  }

  set upstreams(upstreams: readonly Upstream[]) {
    this.#upstreams = upstreams;
  }

  /** The answer to a query, with the query's id; undefined when no resolver answered in time. */
  async resolve(query: Buffer, overTcp: boolean): Promise<Buffer | undefined> {
    const key = `${overTcp ? 't' : 'u'}${query.toString('latin1', 2)}`;
    let answer = this.#shared.get(key);
    if (answer === undefined) {
      if (this.#shared.size >= maxConcurrent || this.#closed) return undefined;
      answer = this.#ask(query, overTcp).finally(() => this.#shared.delete(key));
      this.#shared.set(key, answer);
    }
    const shared = await answer;
    if (shared === undefined) return undefined;
    const own = Buffer.from(shared);
    own.writeUInt16BE(query.readUInt16BE(0), 0);
    return own;
  }

  close(): void {
    this.#closed = true;
    this.#cancelIdle?.();
    for (const socket of this.#sockets.values()) socket.close();
    this.#sockets.clear();
  }

  async #ask(query: Buffer, overTcp: boolean): Promise<Buffer | undefined> {
    for (let round = 0; round < rounds; round++) {
      for (const upstream of this.#upstreams) {
        if (this.#closed) return undefined;
        const answer = await (overTcp ? this.#overTcp(query, upstream) : this.#overUdp(query, upstream));
        // After SERVFAIL or REFUSED the next resolver is tried.
        const failed = answer === undefined || [2, 5].includes((answer[3] ?? 0) & 15);
        if (!failed || (answer !== undefined && round === rounds - 1 && upstream === this.#upstreams.at(-1))) return answer;
      }
    }
    return undefined;
  }

  #overUdp(query: Buffer, upstream: Upstream): Promise<Buffer | undefined> {
    const end = questionEnd(query);
    if (end === undefined) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      const id = this.#freeId(upstream);
      const key = `${id} ${upstream.address} ${upstream.port}`;
      const finish = (answer: Buffer | undefined): void => {
        cancel();
        this.#waiting.delete(key);
        this.#closeWhenIdle();
        resolve(answer);
      };
      const cancel = this.#options.clock.setTimer(tryMs, () => finish(undefined));
      this.#waiting.set(key, { question: query.subarray(12, end), upstream, resolve: finish });
      const message = Buffer.from(query);
      message.writeUInt16BE(id, 0);
      this.#socket(upstream).send(message, upstream.port, upstream.address, (error) => {
        if (error !== null) finish(undefined);
      });
    });
  }

  #freeId(upstream: Upstream): number {
    let id = Math.floor(this.#options.random() * 65_536);
    while (this.#waiting.has(`${id} ${upstream.address} ${upstream.port}`)) id = (id + 1) & 0xffff;
    return id;
  }

  #socket(upstream: Upstream): Socket {
    const type = upstream.address.includes(':') ? 'udp6' : 'udp4';
    const open = this.#sockets.get(type);
    if (open !== undefined) return open;
    const socket = createSocket({ type, lookup: numericLookup });
    this.#sockets.set(type, socket);
    contain(socket, (error) => this.#options.onError(error));
    socket.on('message', (answer, { address, port }) => this.#answered(answer, address, port));
    socket.on('error', () => {
      if (this.#sockets.get(type) === socket) this.#sockets.delete(type);
      socket.close();
    });
    return socket;
  }

  #answered(answer: Buffer, address: string, port: number): void {
    if (answer.length < 12) return;
    const waiting = this.#waiting.get(`${answer.readUInt16BE(0)} ${address} ${port}`);
    if (waiting === undefined || ((answer[2] ?? 0) & 0x80) === 0) return;
    const asked = answer.subarray(12, 12 + waiting.question.length);
    if (asked.toString('latin1').toLowerCase() === waiting.question.toString('latin1').toLowerCase()) waiting.resolve(answer);
  }

  /**
   * Closes the sockets when no question is in progress, so that an idle cluster has no open sockets and later questions
   * use other source ports.
   */
  #closeWhenIdle(): void {
    this.#cancelIdle?.();
    this.#cancelIdle = this.#options.clock.setTimer(idleMs, () => {
      if (this.#waiting.size > 0) return;
      for (const socket of this.#sockets.values()) socket.close();
      this.#sockets.clear();
    });
  }

  #overTcp(query: Buffer, upstream: Upstream): Promise<Buffer | undefined> {
    return new Promise((resolve) => {
      const socket = connect({ host: upstream.address, port: upstream.port });
      let received = Buffer.alloc(0);
      const finish = (answer: Buffer | undefined): void => {
        cancel();
        socket.destroy();
        resolve(answer);
      };
      const cancel = this.#options.clock.setTimer(tryMs * 2, () => finish(undefined));
      contain(socket, (error) => {
        this.#options.onError(error);
        finish(undefined);
      });
      socket.on('error', () => finish(undefined));
      socket.on('close', () => finish(undefined));
      socket.on('data', (chunk: Buffer) => {
        received = Buffer.concat([received, chunk]);
        if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
        const answer = received.subarray(2, 2 + received.readUInt16BE(0));
        finish(answer.length >= 12 && answer.readUInt16BE(0) === query.readUInt16BE(0) ? answer : undefined);
      });
      const prefix = Buffer.alloc(2);
      prefix.writeUInt16BE(query.length, 0);
      socket.write(Buffer.concat([prefix, query]));
    });
  }
}
