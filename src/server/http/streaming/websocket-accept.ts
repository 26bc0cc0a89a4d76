/** Accepts WebSocket handshakes for Kubernetes' sub-protocols. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { statusErrors } from '../../../api/status-error.ts';
import type { Clock } from '../../../client/clock.ts';
import { containStream } from '../../../client/error-boundary.ts';
import { acceptOf } from '../../../client/web-socket/handshake.ts';
import { WebSocketConnection } from '../../../client/web-socket/web-socket-connection.ts';
import { switchProtocols } from './spdy-upgrade.ts';

export const isWebSocketUpgrade = (incoming: IncomingMessage): boolean => (incoming.headers.upgrade ?? '').toLowerCase() === 'websocket';

/** The sub-protocols that a client offers, in order. */
export const offeredProtocols = (incoming: IncomingMessage): readonly string[] =>
  (incoming.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** Makes the handshake. Throws 400. Source: golang.org/x/net/websocket hybi.go (ReadHandshake). */
export function acceptWebSocket(
  incoming: IncomingMessage,
  socket: Duplex,
  { head, protocol, clock }: { readonly head: Buffer; readonly protocol: string; readonly clock: Clock },
): WebSocketConnection {
  const { 'sec-websocket-key': key = '', 'sec-websocket-version': version } = incoming.headers;
  if (incoming.method !== 'GET' || key === '') throw statusErrors.badRequest('challenge/response error');
  if (version !== '13') throw statusErrors.badRequest('missing or bad WebSocket Version');
  switchProtocols(socket, {
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Accept': acceptOf(key),
    ...(protocol === '' ? {} : { 'Sec-WebSocket-Protocol': protocol }),
  });
  if (head.length > 0) socket.unshift(head);
  const connection = new WebSocketConnection(socket, { role: 'server', protocol, clock });
  containStream(connection, socket);
  return connection;
}
