/** The API proxy sub-resources. Source: apimachinery pkg/util/proxy/upgradeaware.go. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Duplex, PassThrough } from 'node:stream';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type HttpProxy from 'http-proxy';
import { statusErrors } from '../../../api/status-error.ts';
import type { Target } from '../../registry/registry.ts';
import type { Exchange, NodeBindings } from '../exchange.ts';
import type { ServerContext } from '../server-context.ts';
import { type Backend, resolveBackend } from './resolve-backend.ts';

const proxies = new WeakMap<ServerContext, Promise<HttpProxy>>();

/** Loaded on first use; one instance serves all backends. */
function loadProxy(server: ServerContext): Promise<HttpProxy> {
  const known = proxies.get(server);
  if (known !== undefined) return known;
  const made = import('http-proxy').then(({ default: library }) => {
    const proxy = library.createProxyServer({ xfwd: true, secure: false });
    // On Node 24 http-proxy 1.18 leaves the upstream request open when the client goes away.
    proxy.on('proxyReq', (upstream, _request, response) => {
      response.on('close', () => upstream.destroy());
    });
    proxy.on('proxyRes', (answer, request) => {
      if (request.httpVersionMajor !== 2) return;
      for (const name of connectionHeaders) delete answer.headers[name];
      answer.statusMessage = '';
    });
    return proxy;
  });
  proxies.set(server, made);
  return made;
}

/** Headers that prove the client to us are none of the backend's business. */
function withoutCredentials(incoming: IncomingMessage): void {
  for (const name of Object.keys(incoming.headers)) {
    if (name === 'authorization' || name.startsWith('impersonate-') || name.startsWith(':')) delete incoming.headers[name];
  }
}

/** What HTTP/2 does not have. */
const connectionHeaders: readonly string[] = ['connection', 'keep-alive', 'proxy-connection', 'transfer-encoding', 'upgrade'];

/**
 * A request as HTTP/1 shows it, which is what http-proxy passes on. HTTP/2's own object keeps method and URL among the headers, under names
 * that HTTP/1 forbids.
 */
function asHttp1(incoming: NodeBindings['incoming']): IncomingMessage {
  // Requests of HTTP/1 are what they should be.
  if (!('authority' in incoming)) return incoming as IncomingMessage;
  const { method, httpVersion, httpVersionMajor, httpVersionMinor, socket, authority } = incoming;
  const headers = { host: authority, ...incoming.headers };
  const body = new PassThrough();
  incoming.on('aborted', () => body.emit('aborted'));
  const request = Object.assign(incoming.pipe(body), {
    ...{ method, headers, httpVersion, httpVersionMajor, httpVersionMinor, socket, connection: socket, url: incoming.url },
  });
  // A stream with the members of an IncomingMessage that http-proxy uses.
  return request as unknown as IncomingMessage;
}

/** The path below `…/proxy`, with the query. */
export function backendPath(exchange: Exchange): string {
  const marker = '/proxy';
  const at = exchange.path.indexOf(marker, exchange.path.indexOf(`/${exchange.info.resource}/`));
  const path = exchange.path.slice(at + marker.length);
  return `${path === '' ? '/' : path}${exchange.search === '' ? '' : `?${exchange.search}`}`;
}

const urlOf = ({ scheme, host, port }: Backend): string => `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Answers with what the backend says. */
export async function proxyRequest(exchange: Exchange, server: ServerContext, target: Target): Promise<Response> {
  const { node } = exchange;
  if (node === undefined) throw statusErrors.serviceUnavailable('proxying needs a connection');
  const backend = await resolveBackend(exchange, server, target);
  // `…/proxy` without a slash is sent to `…/proxy/`, so that relative links of pages work.
  if (exchange.path.endsWith('/proxy') && (exchange.method === 'GET' || exchange.method === 'HEAD')) {
    return new Response(null, {
      status: 301,
      headers: { Location: `${exchange.path}/${exchange.search === '' ? '' : `?${exchange.search}`}`, 'Audit-Id': exchange.auditId },
    });
  }
  const proxy = await loadProxy(server);
  // http-proxy's types know HTTP/1 only; HTTP/2's compatibility objects have the members it uses.
  const incoming = asHttp1(node.incoming);
  const outgoing = node.outgoing as ServerResponse;
  withoutCredentials(incoming);
  incoming.url = backendPath(exchange);
  return new Promise((resolve, reject) => {
    outgoing.once('close', () => resolve(RESPONSE_ALREADY_SENT));
    proxy.web(incoming, outgoing, { target: urlOf(backend) }, (error: Error) => {
      if (outgoing.headersSent) outgoing.destroy();
      else reject(statusErrors.serviceUnavailable(`error trying to reach service: ${error.message}`));
    });
  });
}

/** Passes an upgraded connection (WebSocket …) on to the backend. */
export async function proxyUpgrade(
  exchange: Exchange,
  server: ServerContext,
  target: Target,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const backend = await resolveBackend(exchange, server, target);
  const proxy = await loadProxy(server);
  withoutCredentials(incoming);
  incoming.url = backendPath(exchange);
  proxy.ws(incoming, socket, head, { target: urlOf(backend) }, () => socket.destroy());
}
