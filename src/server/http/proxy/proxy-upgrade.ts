/**
 * Upgraded connections (WebSocket …) through the API proxy. Source: apimachinery pkg/util/proxy/upgradeaware.go,
 * tryUpgrade.
 */
import { type Agent, type IncomingMessage, type OutgoingHttpHeaders, request as requestHttp, STATUS_CODES } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { statusErrors } from '../../../api/status-error.ts';
import type { Target } from '../../registry/registry.ts';
import type { Exchange } from '../exchange.ts';
import type { ServerContext } from '../server-context.ts';
import { addForwardedFor, backendUrl, dropCredentials, splitProxyPath, unreachable } from './proxy.ts';
import { authorityOf, type Backend, resolveBackend } from './resolve-backend.ts';

interface Answered {
  readonly answer: IncomingMessage;
  /**
   * The backend's connection and the bytes that have already arrived on it; absent when the backend did not upgrade.
   */
  readonly backend?: { readonly socket: Duplex; readonly head: Buffer };
}

/**
 * The head of a response as it is sent. For a response that is not an upgrade: the body has already been unchunked, and
 * the connection is closed after it.
 */
function headOf({ statusCode = 502, rawHeaders }: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? ''}`];
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = rawHeaders[at] ?? '';
    if (statusCode === 101 || !/^(connection|keep-alive|transfer-encoding)$/i.test(name)) lines.push(`${name}: ${rawHeaders[at + 1]}`);
  }
  if (statusCode !== 101) lines.push('Connection: close');
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** Joins two connections. When one ends, in whatever way, the other ends after the data in flight. */
function join(one: Duplex, other: Duplex): Promise<void> {
  const oneWay = (from: Duplex, to: Duplex): void => {
    from.pipe(to);
    from.once('end', () => to.end(() => to.destroy()));
    from.once('close', () => {
      if (!from.readableEnded) to.destroy();
    });
    from.on('error', () => from.destroy());
  };
  oneWay(one, other);
  oneWay(other, one);
  return new Promise((resolve) => one.once('close', resolve));
}

/** Whom an upgrade is passed on to. */
export interface UpgradeTarget extends Backend {
  readonly path: string;
  /** Connections of its own, or with certificates of their own. Default: connections that check nothing. */
  readonly agent?: Agent;
  /** Headers that take the place of the client's. */
  readonly headers?: OutgoingHttpHeaders;
}

function askBackend(incoming: IncomingMessage, socket: Duplex, to: UpgradeTarget): Promise<Answered> {
  dropCredentials(incoming.headers);
  addForwardedFor(incoming);
  const { host, port, path, scheme, agent = false } = to;
  const { method = 'GET' } = incoming;
  const headers = { ...incoming.headers, ...to.headers };
  const options = { host, port, method, headers, path, agent, ...(agent === false ? { rejectUnauthorized: false } : {}) };
  return new Promise<Answered>((resolve, reject) => {
    const outgoing = (scheme === 'https' ? requestHttps : requestHttp)(options);
    const clientGone = (): void => void outgoing.destroy();
    socket.once('close', clientGone);
    outgoing.once('upgrade', (answer, upgraded, head) => {
      socket.off('close', clientGone);
      resolve({ answer, backend: { socket: upgraded, head } });
    });
    outgoing.once('response', (answer) => resolve({ answer }));
    outgoing.on('error', (error) => reject(unreachable(error, authorityOf(to))));
    outgoing.end();
  });
}

/**
 * Passes an upgraded connection on to the backend; resolves when it has ended. Rejects only while no response has been
 * sent.
 */
export async function proxyUpgrade(
  exchange: Exchange,
  server: ServerContext,
  target: Target,
  incoming: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const found = await resolveBackend(exchange, server, target);
  // Streams into pods use sub-resources of their own instead.
  if (found.kubelet !== undefined) throw statusErrors.internal(new Error('invalid upgrade response: status code 200'));
  const [, below] = splitProxyPath(exchange);
  return relayUpgrade(incoming, socket, head, { ...found, path: backendUrl(below, exchange.search) });
}

/** Passes an upgraded connection on to a known backend; see `proxyUpgrade`. */
export async function relayUpgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer, to: UpgradeTarget): Promise<void> {
  const { answer, backend } = await askBackend(incoming, socket, to);
  if (backend === undefined) {
    const { statusCode = 502 } = answer;
    if (statusCode < 400) {
      answer.destroy();
      throw statusErrors.internal(new Error(`invalid upgrade response: status code ${statusCode}`));
    }
    socket.write(headOf(answer));
    answer.pipe(socket);
    answer.once('close', () => socket.end());
    return;
  }
  socket.write(headOf(answer));
  if (backend.head.length > 0) socket.write(backend.head);
  if (head.length > 0) backend.socket.write(head);
  await join(socket, backend.socket);
}
