/** Sends single requests to an API server over one kept-alive connection and returns the answers unchanged. */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import { setTimeout } from 'node:timers/promises';

/** The address of a server and the credentials of its administrator. */
export interface ServerAccess {
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  /** PEM; absent: the server's certificate is not checked. */
  readonly ca?: string;
  readonly clientCertificate?: string;
  readonly clientKey?: string;
  readonly token?: string;
}

export interface Call {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Reads lines up to the first for which this is true; then the connection is closed. */
  readonly isLast?: (line: string) => boolean;
}

export interface RawAnswer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly warnings: readonly string[];
  readonly body: Buffer;
}

export class ApiClient {
  readonly #access: ServerAccess;
  readonly #agent: Agent;

  constructor(access: ServerAccess) {
    this.#access = access;
    this.#agent = new Agent({ keepAlive: true });
  }

  /**
   * Rejects when the server does not answer. A request with its own `authorization` header is not sent as the
   * administrator. A request that comes while a storage is being prepared, as after a definition was created, is sent
   * again, as every client does.
   */
  async send(call: Call): Promise<RawAnswer> {
    const response = await this.#open(call);
    const body = await (call.isLast === undefined ? readWhole(response) : readUntil(response, call.isLast));
    if (response.statusCode === 429 && body.includes('storage is (re)initializing')) {
      await setTimeout(200);
      return this.send(call);
    }
    return {
      code: response.statusCode ?? 0,
      headers: response.headers,
      warnings: warningsOf(response),
      body,
    };
  }

  close(): void {
    this.#agent.destroy();
  }

  #open(call: Call): Promise<IncomingMessage> {
    const { url, ca, clientCertificate, clientKey, token } = this.#access;
    const foreign = call.headers.authorization !== undefined;
    const options: RequestOptions = {
      method: call.method,
      agent: this.#agent,
      headers: {
        'user-agent': 'oracle',
        ...(token === undefined || foreign ? {} : { authorization: `Bearer ${token}` }),
        ...(call.body === undefined ? {} : { 'content-length': Buffer.byteLength(call.body) }),
        ...call.headers,
      },
      ...(ca === undefined ? { rejectUnauthorized: false } : { ca }),
      ...(clientCertificate === undefined || foreign ? {} : { cert: clientCertificate }),
      ...(clientKey === undefined || foreign ? {} : { key: clientKey }),
    };
    return new Promise((resolve, reject) => {
      const sent = request(`${url}${call.path}`, options, resolve);
      sent.once('error', reject);
      sent.end(call.body);
    });
  }
}

/** Each Warning header by itself. */
function warningsOf({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.filter((_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === 'warning');
}

async function readWhole(response: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

async function readUntil(response: IncomingMessage, isLast: (line: string) => boolean): Promise<Buffer> {
  const lines: string[] = [];
  let rest = '';
  response.setEncoding('utf8');
  for await (const piece of response) {
    const parts = (rest + String(piece)).split('\n');
    rest = parts.pop() ?? '';
    const last = parts.findIndex(isLast);
    lines.push(...(last < 0 ? parts : parts.slice(0, last + 1)));
    if (last >= 0) break; // ends the response, and with it the connection
  }
  return Buffer.from(`${lines.join('\n')}\n`);
}
