/** The API proxy sub-resources. Source: apimachinery pkg/util/proxy/upgradeaware.go. */

import type { Agent, IncomingMessage, ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import type HttpProxy from 'http-proxy';
import { dialError } from '../../../api/go-dial-error.ts';
import { StatusError, statusErrors } from '../../../api/status-error.ts';
import type { Target } from '../../registry/registry.ts';
import { Answer, alreadySent } from '../answer.ts';
import { cutOff } from '../cut-off.ts';
import type { Exchange, NodeBindings } from '../exchange.ts';
import { askForBody } from '../http1.ts';
import type { ServerContext } from '../server-context.ts';
import { askKubelet, decodedPath } from './node-proxy.ts';
import { relayResponse } from './relay-response.ts';
import { authorityOf, resolveBackend } from './resolve-backend.ts';
import { joinPath } from './rewrite-links.ts';

type TakeAnswer = (answer: IncomingMessage) => void;

interface Relay {
  readonly proxy: HttpProxy;
  /** The function that waits for the response of each request. */
  readonly waiting: WeakMap<IncomingMessage, TakeAnswer>;
}

const relays = new WeakMap<ServerContext, Promise<Relay>>();

/** Loaded on first use; one instance serves all backends. */
function loadRelay(server: ServerContext): Promise<Relay> {
  const known = relays.get(server);
  if (known !== undefined) return known;
  const made = import('http-proxy').then(({ default: library }) => {
    const proxy = library.createProxyServer({ secure: false, selfHandleResponse: true, toProxy: true });
    const waiting = new WeakMap<IncomingMessage, TakeAnswer>();
    // On Node 24 http-proxy 1.18 leaves the upstream request open when the client goes away.
    proxy.on('proxyReq', (upstream, _request, response) => {
      response.on('close', () => upstream.destroy());
    });
    proxy.on('proxyRes', (answer, request) => waiting.get(request)?.(answer));
    return { proxy, waiting };
  });
  relays.set(server, made);
  return made;
}

/**
 * Removes the headers that authenticate the client to this server, which the backend must not see, and those that
 * belong to the connection.
 */
export function dropCredentials(headers: IncomingMessage['headers']): void {
  for (const name of Object.keys(headers)) {
    if (name === 'authorization' || name.startsWith('impersonate-') || name.startsWith(':')) delete headers[name];
  }
}

/** Tells the backend the client's address. Source: Go net/http/httputil reverseproxy.go. */
export function addForwardedFor(incoming: IncomingMessage): void {
  const before = incoming.headers['x-forwarded-for'];
  const address = incoming.socket.remoteAddress ?? '';
  incoming.headers['x-forwarded-for'] = before === undefined ? address : `${String(before)}, ${address}`;
}

/**
 * Gives a request the form of HTTP/1, which http-proxy passes on. Node's HTTP/2 requests keep method and URL among the
 * headers, under names that HTTP/1 forbids.
 */
function asHttp1(incoming: NodeBindings['incoming']): IncomingMessage {
  // HTTP/1 requests need no change.
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

/** Matches `/api/v1/namespaces/x/pods/y/proxy` and `/api/v1/nodes/x/proxy`. Names may be any text, even "proxy". */
const prefixes = { namespaced: /^(?:\/+[^/]+){7}/, clustered: /^(?:\/+[^/]+){5}/ } as const;

/** Splits the path into the part up to `…/proxy` and the part below it. */
export function splitProxyPath({ path, info }: Pick<Exchange, 'path' | 'info'>): readonly [prefix: string, below: string] {
  const [prefix = ''] = (info.namespace === '' ? prefixes.clustered : prefixes.namespaced).exec(path) ?? [];
  return [prefix, path.slice(prefix.length)];
}

/** The URL that is requested from the backend. */
export const backendUrl = (below: string, search: string): string => `${below === '' ? '/' : below}${search === '' ? '' : `?${search}`}`;

/** The error for a backend that cannot be reached. Source: apimachinery pkg/util/proxy/transport.go. */
export const unreachable = (error: Error, authority: string): StatusError =>
  error instanceof StatusError ? error : statusErrors.serviceUnavailable(`error trying to reach service: ${dialError(error, authority)}`);

const needsConnection = (): StatusError => statusErrors.serviceUnavailable('proxying needs a connection');

/** Answers with the backend's response. */
export async function proxyRequest(exchange: Exchange, server: ServerContext, target: Target): Promise<Answer> {
  const { node } = exchange;
  // Requests to kubelets stay within this process.
  if (node === undefined && target.kind.plural !== 'nodes') throw needsConnection();
  const backend = await resolveBackend(exchange, server, target);
  const [prefix, below] = splitProxyPath(exchange);
  // `…/proxy` without a slash is redirected to `…/proxy/`, so that relative links in pages work.
  if (below === '' && (exchange.method === 'GET' || exchange.method === 'HEAD')) {
    const location = `${exchange.path}/${exchange.search === '' ? '' : `?${exchange.search}`}`;
    return new Answer(301, { Location: location, 'Audit-Id': exchange.auditId });
  }
  if (backend.kubelet !== undefined) return askKubelet(exchange, server, backend.kubelet, decodedPath(below === '' ? '/' : below));
  if (node === undefined) throw needsConnection();
  const incoming = relayed(node);
  incoming.headers['x-forwarded-uri'] = joinPath(prefix, below === '' ? '/' : below);
  incoming.url = backendUrl(below, exchange.search);
  const { scheme, agent } = backend;
  return relayRequest(exchange, server, incoming, {
    scheme,
    authority: authorityOf(backend),
    prefix,
    ...(agent === undefined ? {} : { agent }),
  });
}

/** The client's request as it is sent on, without what only this server may see. */
export function relayed(node: NodeBindings): IncomingMessage {
  askForBody(node);
  const incoming = asHttp1(node.incoming);
  dropCredentials(incoming.headers);
  delete incoming.headers.expect;
  addForwardedFor(incoming);
  return incoming;
}

/** Whom a request is sent on to. */
export interface RelayTarget {
  readonly scheme: 'http' | 'https';
  readonly authority: string;
  /** The part of the path by which the backend is reached, for links in pages. */
  readonly prefix: string;
  /** Connections of its own, or with certificates of their own. Default: connections that check nothing. */
  readonly agent?: Agent;
}

/** Sends a request on and answers with what comes back. */
export async function relayRequest(
  { node, auditId }: Exchange,
  server: ServerContext,
  incoming: IncomingMessage,
  { scheme, authority, prefix, agent }: RelayTarget,
): Promise<Answer> {
  if (node === undefined) throw needsConnection();
  const { proxy, waiting } = await loadRelay(server);
  // http-proxy's types know HTTP/1 only; HTTP/2's compatibility objects have the members it uses.
  const outgoing = node.outgoing as ServerResponse;
  const requestHost = incoming.headers.host ?? '';
  const common = { 'audit-id': auditId, 'cache-control': 'no-cache, private' };
  return new Promise((resolve, reject) => {
    outgoing.once('close', () => resolve(alreadySent));
    const fail = (error: Error): void => {
      if (outgoing.headersSent) cutOff(node.outgoing);
      else reject(unreachable(error, authority));
    };
    waiting.set(incoming, (answer) => {
      relayResponse(answer, node, { backendHost: authority, requestHost, prefix }, common).catch(fail);
    });
    proxy.web(incoming, outgoing, { target: `${scheme}://${authority}`, ...(agent === undefined ? {} : { agent }) }, fail);
  });
}
