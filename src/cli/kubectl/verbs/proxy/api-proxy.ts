/** The server of `kubectl proxy`. Source: kubectl pkg/proxy/proxy_server.go. */
import { lstat, readFile, rm } from 'node:fs/promises';
import {
  type ClientRequest,
  createServer,
  request as httpRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type Server,
  ServerResponse,
} from 'node:http';
import { request as httpsRequest } from 'node:https';
import { join, normalize } from 'node:path';
import type { Duplex } from 'node:stream';

export interface ApiProxyOptions {
  /** The API server. Its path is used only with `appendServerPath`. */
  readonly server: URL;
  readonly appendServerPath: boolean;
  /** Below which the API is served; ends with a slash. */
  readonly prefix: string;
  /** A folder of files, and below which path they are served. */
  readonly files: { readonly folder: string; readonly prefix: string } | undefined;
  /** Whether a request may pass; its path is decoded and without the prefix. */
  readonly allowed: (request: { readonly host: string; readonly method: string; readonly path: string }) => boolean;
  /** Who the proxy is towards the API server. */
  readonly credentials: OutgoingHttpHeaders;
  readonly tls: object;
}

export type ListenAt = { readonly host: string; readonly port: number } | { readonly socket: string };

const pathOf = (url: string): string => url.split('?', 1)[0] ?? url;

/** As Go's net/http answers an error. */
function refuse(response: ServerResponse, code: number, text: string): void {
  response.writeHead(code, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' }).end(`${text}\n`);
}

const statusLine = ({ statusCode, statusMessage, rawHeaders }: IncomingMessage): string => {
  const lines = [`HTTP/1.1 ${statusCode} ${statusMessage}`];
  for (let index = 0; index < rawHeaders.length; index += 2) lines.push(`${rawHeaders[index]}: ${rawHeaders[index + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
};

/** Serves the API without credentials. */
export class ApiProxy {
  readonly #options: ApiProxyOptions;
  readonly #server: Server;
  readonly #upgraded = new Set<Duplex>();

  constructor(options: ApiProxyOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => this.#handle(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /**
   * Resolves with the address, as Go writes it. A socket of a file is for its owner alone, and takes the place of one
   * that is there. Rejects with a system error.
   */
  async listen(at: ListenAt): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#server.once('error', reject);
    if ('socket' in at) {
      const found = await lstat(at.socket).catch(() => undefined);
      if (found?.isSocket() === true) await rm(at.socket);
      const mask = process.umask(0o077);
      this.#server.listen(at.socket, resolve);
      process.umask(mask);
    } else this.#server.listen(at.port, at.host, resolve);
    await promise;
    const address = this.#server.address();
    if (address === null || typeof address === 'string') return address ?? '';
    return `${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
    for (const socket of this.#upgraded) socket.destroy();
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { files } = this.#options;
    if (files !== undefined && request.url?.startsWith(files.prefix) === true) {
      const name = decodedPath(request.url.slice(files.prefix.length)) ?? '';
      readFile(join(files.folder, normalize(`/${name}`))).then(
        (bytes) => response.end(bytes),
        () => refuse(response, 404, '404 page not found'),
      );
      return;
    }
    const upstream = this.#forward(request, response, {});
    if (upstream !== undefined) request.pipe(upstream);
  }

  /** Passes a stream on that is no HTTP any more after the answer. */
  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const response = new ServerResponse(request);
    // What an HTTP server hands over is a socket.
    response.assignSocket(socket as Parameters<ServerResponse['assignSocket']>[0]);
    response.shouldKeepAlive = false;
    this.#upgraded.add(socket);
    socket.once('close', () => this.#upgraded.delete(socket));
    response.once('finish', () => socket.end());
    const { connection, upgrade } = request.headers;
    const upstream = this.#forward(request, response, { connection, upgrade });
    upstream?.once('upgrade', (answer, other, first) => {
      response.detachSocket(socket as Parameters<ServerResponse['detachSocket']>[0]);
      socket.write(statusLine(answer));
      socket.write(first);
      other.write(head);
      socket.pipe(other).pipe(socket);
      socket.once('close', () => other.destroy());
      other.once('close', () => socket.destroy());
      socket.on('error', () => other.destroy());
      other.on('error', () => socket.destroy());
    });
    upstream?.end();
  }

  /** The request to the API server, whose answer goes to `response`; undefined when there is none. */
  #forward(request: IncomingMessage, response: ServerResponse, hopByHop: IncomingHttpHeaders): ClientRequest | undefined {
    const { allowed, appendServerPath, prefix, server } = this.#options;
    const { url = '/', method = 'GET' } = request;
    if (!url.startsWith(prefix)) {
      refuse(response, 404, '404 page not found');
      return undefined;
    }
    // A prefix that begins like the API's own paths is a part of them.
    const path = prefix.startsWith('/api') ? url : `/${url.slice(prefix.length)}`;
    const decoded = decodedPath(path);
    if (decoded === undefined) {
      refuse(response, 400, '400 Bad Request');
      return undefined;
    }
    if (!allowed({ host: (request.headers.host ?? '').replace(/:\d+$/, ''), method, path: decoded })) {
      refuse(response, 403, 'Forbidden');
      return undefined;
    }
    const { host: _host, connection: _connection, upgrade: _upgrade, authorization: _authorization, ...headers } = request.headers;
    const options = {
      method,
      hostname: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port,
      path: appendServerPath ? `${server.pathname.replace(/\/$/, '')}${path}` : path,
      headers: { ...headers, ...hopByHop, ...this.#options.credentials, ...userAgentOf(headers) },
      ...this.#options.tls,
    };
    const upstream = (server.protocol === 'http:' ? httpRequest : httpsRequest)(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.on('error', () => response.destroy());
      answer.pipe(response);
    });
    upstream.on('error', (error) => {
      if (response.headersSent) response.destroy();
      else refuse(response, 500, error.message);
    });
    response.once('close', () => upstream.destroy());
    return upstream;
  }
}

/** Undefined when it cannot be decoded. */
function decodedPath(path: string): string | undefined {
  try {
    return decodeURIComponent(pathOf(path));
  } catch {
    return undefined;
  }
}

const userAgentOf = (headers: IncomingHttpHeaders): OutgoingHttpHeaders =>
  headers['user-agent'] === undefined ? {} : { 'user-agent': headers['user-agent'] };
