/** Accepts WebSocket handshakes for Kubernetes' sub-protocols. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { containStream } from '../../../client/error-boundary.ts';

export const isWebSocketUpgrade = (incoming: IncomingMessage): boolean => (incoming.headers.upgrade ?? '').toLowerCase() === 'websocket';

/** The sub-protocols that a client offers, in order. */
export const offeredProtocols = (incoming: IncomingMessage): readonly string[] =>
  (incoming.headers['sec-websocket-protocol'] ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** Longest message of a client, in bytes; a longer one closes the connection. */
const maxMessageBytes = 4 * 1024 * 1024;

/**
 * Makes the handshake. Removes the header with the sub-protocols first and adds the chosen one to the response, because
 * ws refuses `SPDY/3.1+portforward.k8s.io`: a slash is not a token character.
 */
export async function acceptWebSocket(incoming: IncomingMessage, socket: Duplex, head: Buffer, protocol: string): Promise<WebSocket> {
  const { WebSocketServer } = await import('../../../client/websocket.ts');
  const server = new WebSocketServer({ noServer: true, clientTracking: false, perMessageDeflate: false, maxPayload: maxMessageBytes });
  delete incoming.headers['sec-websocket-protocol'];
  if (protocol !== '') server.on('headers', (headers) => headers.push(`Sec-WebSocket-Protocol: ${protocol}`));
  return new Promise((resolve, reject) => {
    socket.once('close', () => reject(new Error('connection closed during the WebSocket handshake')));
    server.handleUpgrade(incoming, socket, head, (accepted) => {
      containStream(accepted, socket);
      resolve(accepted);
    });
  });
}
