/**
 * The API server on its sockets: HTTPS with HTTP/1.1 and HTTP/2 on one port. Client certificates are requested but not
 * required. `close` ends watches and streams cleanly and drains connections within a time limit.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { DEFAULT_CIPHERS } from 'node:tls';
import { contain, containConnection } from '../../client/error-boundary.ts';
import type { Pki } from '../pki/pki.ts';
import { type App, type AppOptions, createApp } from './app.ts';
import { containedRequests, isDestroyable, resetStream } from './contained-requests.ts';
import { cutOff } from './cut-off.ts';
import type { NodeBindings } from './exchange.ts';
import { closeGently, hasTwoHosts, holdBody, maxHeaderBytes, readThroughStream, refuseConnection, refuseRequest } from './http1.ts';
import { serveRequest } from './node-requests.ts';
import { mayUpgrade } from './streaming/may-upgrade.ts';
import { handleUpgrade } from './streaming/upgrade.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

export interface ServerOptions extends AppOptions {
  readonly pki: Pick<Pki, 'caCertificate' | 'serving'>;
  /** The first address is the main one, which `url` names. */
  readonly addresses: readonly [ListenAddress, ...ListenAddress[]];
  /** How long `close` waits for requests in progress, in milliseconds. Default 2000. */
  readonly drainMs?: number;
  /** Called for every request that arrives, except upgrades. */
  readonly onRequest?: () => void;
}

export interface ApiServer {
  /** `https://127.0.0.1:6443`: the URL of the first address. */
  readonly url: string;
  /** The listening ports, in the order of the addresses. */
  readonly ports: readonly number[];
  readonly app: App;
  /** Listens on one more address, too. Rejects when it cannot. */
  listen(address: ListenAddress): Promise<void>;
  close(): Promise<void>;
}

/** Go's clients keep idle connections for 90 s; closing earlier would race with their next request. */
const keepAliveMs = 95_000;
/** Go's defaultMaxReadFrameSize. Source: golang.org/x/net/http2 server.go. */
const maxFrameSize = 1024 * 1024;
const defaultDrainMs = 2000;
/**
 * Go's order: AES-128 comes first, which takes a third less work than Node's first choice and is as safe. Source: Go
 * crypto/tls cipher_suites.go.
 */
const ciphers = ['TLS_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256', DEFAULT_CIPHERS].join(':');

const isHttp1 = (incoming: IncomingMessage | Http2ServerRequest): incoming is IncomingMessage => incoming.httpVersionMajor === 1;

/** All open connections, so that they can be closed. */
class Connections {
  readonly sockets = new Set<Duplex>();
  readonly sessions = new Set<ServerHttp2Session>();
  /** Requests in progress; for HTTP/1 by connection. */
  readonly busy = new Map<Duplex, number>();
  active = 0;
  draining = false;
  #idle: (() => void) | undefined;

  begin(incoming: IncomingMessage | Http2ServerRequest, outgoing: ServerResponse | Http2ServerResponse): void {
    this.active += 1;
    const socket = isHttp1(incoming) ? incoming.socket : undefined;
    if (socket !== undefined) this.busy.set(socket, (this.busy.get(socket) ?? 0) + 1);
    outgoing.once('close', () => {
      this.active -= 1;
      if (socket !== undefined) {
        this.busy.delete(socket);
        if (this.draining) socket.destroySoon();
      }
      if (this.active === 0) this.#idle?.();
    });
  }

  /** Counts an upgraded connection as in progress until it closes. */
  beginUpgrade(socket: Duplex): void {
    this.active += 1;
    socket.once('close', () => {
      this.active -= 1;
      if (this.active === 0) this.#idle?.();
    });
  }

  /** Resolves when no request is in progress, or after `withinMs`. */
  drained(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      if (this.active === 0) done();
      else this.#idle = done;
    });
  }
}

function secureServer(options: ServerOptions, app: App, connections: Connections, stopping: AbortSignal): Http2SecureServer {
  const { pki } = options;
  const report = (error: unknown): void => options.logger.error('A connection was ended: a handler of it threw an error', { error });
  const server = createSecureServer({
    ...containedRequests(report),
    key: pki.serving.key,
    cert: pki.serving.certificate,
    ca: pki.caCertificate,
    allowHTTP1: true,
    requestCert: true,
    rejectUnauthorized: false,
    minVersion: 'TLSv1.2',
    ciphers,
    // Differs: over HTTP/2 one header may have 64 KiB (nghttp2's NGHTTP2_HD_MAX_NV), and all headers must fit into nine
    // frames.
    settings: { maxConcurrentStreams: 1000, initialWindowSize: 1024 * 1024, maxHeaderListSize: maxHeaderBytes, maxFrameSize },
    // In MB. With Node's default of 10, new streams are refused while large lists are being sent.
    maxSessionMemory: 256,
  });
  // HTTP/2 servers with allowHTTP1 also have these members of HTTP/1 servers, but their types do not declare them.
  Object.assign(server, {
    maxHeaderSize: maxHeaderBytes,
    keepAliveTimeout: keepAliveMs,
    headersTimeout: keepAliveMs + 5000,
    requestTimeout: 300_000,
    shouldUpgradeCallback: (incoming: IncomingMessage) => mayUpgrade(incoming, app.server),
  });
  contain(server, (error, [, ...parts]) => {
    const connections = parts.filter(isDestroyable);
    // An error without a connection is not a request's error: throw it.
    if (connections.length === 0) throw error;
    report(error);
    for (const connection of connections) connection.destroy();
  });
  server.on('connection', (socket: Socket) => containConnection(socket, report));
  server.on('stream', (stream) =>
    contain(stream, (error) => {
      report(error);
      resetStream(stream);
    }),
  );
  const serve = ({ incoming, outgoing }: NodeBindings): void => {
    options.onRequest?.();
    connections.begin(incoming, outgoing);
    if (outgoing instanceof ServerResponse && isHttp1(incoming) && hasTwoHosts(incoming)) {
      refuseRequest(outgoing, 'too many Host headers');
      return;
    }
    serveRequest(app, { incoming, outgoing }).catch((error: unknown) => {
      options.logger.error('An answer was cut off', { error });
      cutOff(outgoing);
    });
  };
  server.on('request', (incoming, outgoing) => serve({ incoming, outgoing }));
  server.on('checkContinue', (incoming, outgoing) => {
    holdBody({ incoming, outgoing });
    serve({ incoming, outgoing });
  });
  server.on('tlsClientError', () => app.server.access.handshakeFailed());
  server.on('clientError', refuseConnection);
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    connections.beginUpgrade(socket);
    handleUpgrade(app, incoming, socket, head, stopping).catch((error: unknown) => {
      report(error);
      socket.destroy();
    });
  });
  server.on('secureConnection', (socket) => {
    containConnection(socket, report);
    connections.sockets.add(socket);
    // Small responses must not wait for acknowledgements (Nagle's algorithm).
    socket.setNoDelay(true);
    if (socket.alpnProtocol !== 'h2') {
      readThroughStream(socket);
      // Node calls it after a response that closes the connection.
      socket.destroySoon = () => closeGently(socket);
    }
    socket.once('close', () => connections.sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  });
  server.on('session', (session) => {
    contain(session, (error) => {
      report(error);
      session.destroy();
    });
    connections.sessions.add(session);
    session.once('close', () => connections.sessions.delete(session));
    session.on('error', () => session.destroy());
  });
  return server;
}

function listen(server: Http2SecureServer, { host, port }: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}

/** Starts the API server. Rejects when it cannot listen on an address; it then listens on none. */
export async function createServer(options: ServerOptions): Promise<ApiServer> {
  const app = createApp(options);
  const connections = new Connections();
  const stopping = new AbortController();
  const servers: Http2SecureServer[] = [];
  const ports: number[] = [];
  const listenAt = async (address: ListenAddress): Promise<void> => {
    const server = secureServer(options, app, connections, stopping.signal);
    ports.push(await listen(server, address));
    servers.push(server);
  };
  try {
    for (const address of options.addresses) await listenAt(address);
  } catch (error) {
    for (const server of servers) server.close();
    throw error;
  }
  const [{ host }] = options.addresses;
  const authority = `${host.includes(':') ? `[${host}]` : host}:${ports[0] ?? 0}`;
  app.server.discovery.serverAddress = authority;
  return {
    url: `https://${authority}`,
    ports,
    app,
    listen: listenAt,
    close: () => closeAll(servers, app, connections, stopping, options.drainMs ?? defaultDrainMs),
  };
}

async function closeAll(
  servers: readonly Http2SecureServer[],
  app: App,
  connections: Connections,
  stopping: AbortController,
  drainMs: number,
): Promise<void> {
  const closed = servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
  connections.draining = true;
  app.server.watches.shutDown();
  stopping.abort();
  for (const session of connections.sessions) session.close();
  await connections.drained(drainMs);
  for (const session of connections.sessions) session.destroy();
  for (const socket of connections.sockets) socket.destroy();
  await Promise.all(closed);
}
