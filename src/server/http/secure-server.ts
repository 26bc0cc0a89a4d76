/**
 * HTTPS with HTTP/1.1 and HTTP/2 on one port, whatever is served there. Client certificates are requested but not
 * required. An error in the handlers of a connection ends that connection alone.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import {
  createSecureServer,
  type Http2SecureServer,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import type { Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { DEFAULT_CIPHERS } from 'node:tls';
import { contain, containConnection } from '../../client/error-boundary.ts';
import type { Logger } from '../../client/logger.ts';
import type { Pki } from '../pki/pki.ts';
import type { App } from './app.ts';
import { containedRequests, isDestroyable, resetStream } from './contained-requests.ts';
import { cutOff } from './cut-off.ts';
import type { NodeBindings } from './exchange.ts';
import { closeGently, hasTwoHosts, holdBody, maxHeaderBytes, readThroughStream, refuseConnection, refuseRequest } from './http1.ts';
import { serveRequest } from './node-requests.ts';

export type SecureServer = Http2SecureServer;

export interface ListenAddress {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
}

/** What a server serves, and as whom. */
export interface Site extends Pick<Pki, 'caCertificate' | 'serving'>, Pick<App, 'handle'> {
  readonly logger: Logger;
  /** Called for every request that arrives, except upgrades. */
  readonly onRequest?: (() => void) | undefined;
  readonly onHandshakeFailed?: () => void;
  /** How long a client may take to send its headers over HTTP/1.1, in milliseconds. Default: 100,000. */
  readonly headersMs?: number | undefined;
  /** Requests that become streams. Absent: none do. */
  readonly upgrades?: {
    may(incoming: IncomingMessage): boolean;
    upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>;
  };
}

/** Go's clients keep idle connections for 90 s; closing earlier would race with their next request. */
const keepAliveMs = 95_000;
/** Go's defaultMaxReadFrameSize. Source: golang.org/x/net/http2 server.go. */
const maxFrameSize = 1024 * 1024;
/**
 * Go's order: AES-128 comes first, which takes a third less work than Node's first choice and is as safe. Source: Go
 * crypto/tls cipher_suites.go.
 */
const ciphers = ['TLS_AES_128_GCM_SHA256', 'ECDHE-ECDSA-AES128-GCM-SHA256', DEFAULT_CIPHERS].join(':');

const isHttp1 = (incoming: IncomingMessage | Http2ServerRequest): incoming is IncomingMessage => incoming.httpVersionMajor === 1;

/** All open connections of a site, so that they can be closed. */
export class Connections {
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

/** Makes a server of a site, which does not listen yet. */
export function secureServer(site: Site, connections: Connections): SecureServer {
  const { logger, upgrades, headersMs = keepAliveMs + 5000 } = site;
  const report = (error: unknown): void => logger.error('A connection was ended: a handler of it threw an error', { error });
  const server = createSecureServer({
    ...containedRequests(report),
    key: site.serving.key,
    cert: site.serving.certificate,
    ca: site.caCertificate,
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
    headersTimeout: headersMs,
    // How often Node looks at the time limits; its default is 30 s.
    connectionsCheckingInterval: Math.min(30_000, headersMs),
    requestTimeout: 300_000,
    shouldUpgradeCallback: (incoming: IncomingMessage) => upgrades?.may(incoming) === true,
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
    site.onRequest?.();
    connections.begin(incoming, outgoing);
    if (outgoing instanceof ServerResponse && isHttp1(incoming) && hasTwoHosts(incoming)) {
      refuseRequest(outgoing, 'too many Host headers');
      return;
    }
    serveRequest(site, { incoming, outgoing }).catch((error: unknown) => {
      logger.error('An answer was cut off', { error });
      cutOff(outgoing);
    });
  };
  server.on('request', (incoming, outgoing) => serve({ incoming, outgoing }));
  server.on('checkContinue', (incoming, outgoing) => {
    holdBody({ incoming, outgoing });
    serve({ incoming, outgoing });
  });
  server.on('tlsClientError', () => site.onHandshakeFailed?.());
  server.on('clientError', refuseConnection);
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex, head: Buffer) => {
    connections.beginUpgrade(socket);
    const upgrading = upgrades?.upgrade(incoming, socket, head) ?? Promise.reject(new Error('it upgrades nothing'));
    upgrading.catch((error: unknown) => {
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

/** Resolves with the port. Rejects when the address cannot be listened on. */
export function listen(server: Server, { host, port }: ListenAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
