/**
 * A load generator with little overhead, since it shares the machine with the server: raw TLS sockets and prepared
 * requests. Of each answer it reads only the status, the length and (on request) the body.
 */
import { once } from 'node:events';
import { connect, type TLSSocket } from 'node:tls';
import type { Connection } from './bench-cluster.ts';
import { percentile } from './figures.ts';

export interface Answer {
  readonly status: number;
  /** Empty unless asked for. */
  readonly body: string;
}

export interface RequestParts {
  readonly method: string;
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: string;
}

/** A request as bytes. */
export function request({ method, path, accept = 'application/json', contentType = 'application/json', body = '' }: RequestParts): Buffer {
  const content = body === '' ? '' : `Content-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: ${accept}\r\n${content}\r\n${body}`);
}

const lengthHeader = 'content-length: ';
const endOfHead = '\r\n\r\n';
const terminator = Buffer.from('0\r\n\r\n');

/** Receives data without the overhead of a stream. The buffer is reused for the next bytes. */
export interface RawReader {
  readonly buffer: Buffer;
  callback(bytes: number): boolean;
}

/** Opens a keep-alive connection with the administrator's certificate. With a `reader` the socket emits no data. */
export async function openSocket({ host, port, ca, cert, key }: Connection, reader?: RawReader): Promise<TLSSocket> {
  const options = { host, port, ca, cert, key, ALPNProtocols: ['http/1.1'], servername: 'localhost' };
  // Documented for tls.connect, too; its types do not know it.
  const socket = connect(reader === undefined ? options : { ...options, ...{ onread: reader } });
  socket.setNoDelay(true);
  await once(socket, 'secureConnect');
  return socket;
}

/** One connection: one request at a time. */
export class LoadClient {
  readonly #socket: TLSSocket;
  #waiting: PromiseWithResolvers<Answer> | undefined;
  #wantBody = false;
  #head = '';
  #status = 0;
  /** Bytes of the body still to come; -1 before the head is complete, Infinity for chunked answers. */
  #left = -1;
  #body: Buffer[] = [];

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('close', () => this.#waiting?.reject(new Error('the server closed the connection')));
    socket.on('error', (error) => this.#waiting?.reject(error));
  }

  static async open(connection: Connection): Promise<LoadClient> {
    return new LoadClient(await openSocket(connection));
  }

  send(bytes: Buffer, wantBody = false): Promise<Answer> {
    this.#waiting = Promise.withResolvers<Answer>();
    this.#wantBody = wantBody;
    this.#socket.write(bytes);
    return this.#waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    let rest = chunk;
    if (this.#left === -1) {
      this.#head += chunk.toString('latin1', 0, Math.min(chunk.length, 2048));
      const end = this.#head.indexOf(endOfHead);
      if (end === -1) return;
      this.#status = Number(this.#head.slice(9, 12));
      const at = this.#head.toLowerCase().indexOf(lengthHeader);
      this.#left = at === -1 || at > end ? Number.POSITIVE_INFINITY : Number.parseInt(this.#head.slice(at + lengthHeader.length), 10);
      rest = chunk.subarray(end + endOfHead.length - (this.#head.length - Math.min(chunk.length, 2048)));
      this.#head = '';
    }
    if (this.#wantBody) this.#body.push(rest);
    this.#left -= rest.length;
    if (this.#left === 0 || (this.#left === Number.POSITIVE_INFINITY && rest.subarray(-terminator.length).equals(terminator)))
      this.#finish();
  }

  #finish(): void {
    const body = Buffer.concat(this.#body).toString('utf8');
    this.#body = [];
    this.#left = -1;
    this.#waiting?.resolve({ status: this.#status, body });
  }
}

export interface LoadOptions {
  readonly clients: readonly LoadClient[];
  readonly count: number;
  readonly expected: number;
  readonly make: (index: number) => Buffer;
}

/** Sends `count` requests over all connections and keeps each connection busy. Rejects on an unexpected status. */
export async function load({ clients, count, expected, make }: LoadOptions) {
  const requests = Array.from({ length: count }, (_, index) => make(index));
  const timesMs: number[] = [];
  let next = 0;
  const lane = async (client: LoadClient): Promise<void> => {
    for (let bytes = requests[next++]; bytes !== undefined; bytes = requests[next++]) {
      const from = performance.now();
      const { status } = await client.send(bytes);
      timesMs.push(performance.now() - from);
      if (status !== expected) throw new Error(`status ${status} instead of ${expected} for ${bytes.subarray(0, 120).toString()}`);
    }
  };
  const start = performance.now();
  await Promise.all(clients.map(lane));
  const seconds = (performance.now() - start) / 1000;
  return { perSecond: count / seconds, p50Ms: percentile(timesMs, 0.5), p99Ms: percentile(timesMs, 0.99) };
}

/** Runs with `count` connections, closed afterwards. */
export async function withClients<T>(
  connection: Connection,
  count: number,
  use: (clients: readonly LoadClient[]) => Promise<T>,
): Promise<T> {
  const clients = await Promise.all(Array.from({ length: count }, () => LoadClient.open(connection)));
  try {
    return await use(clients);
  } finally {
    for (const client of clients) client.close();
  }
}
