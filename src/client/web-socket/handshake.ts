/** The opening handshake of WebSockets. Source: RFC 6455, 4. */
import { createHash, randomBytes } from 'node:crypto';
import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { SecureContextOptions } from 'node:tls';
import type { Clock } from '../clock.ts';
import { WebSocketConnection } from './web-socket-connection.ts';

const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** The answer to a client's key. */
export const acceptOf = (key: string): string => createHash('sha1').update(`${key}${guid}`).digest('base64');

export interface ConnectOptions {
  readonly url: URL;
  /** Sub-protocols, the best first. */
  readonly protocols: readonly string[];
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: SecureContextOptions & { readonly rejectUnauthorized?: boolean; readonly servername?: string };
  readonly clock: Clock;
}

/** A server's answer that is no upgrade. Its body has not been read. */
export class UnexpectedResponse extends Error {
  readonly response: IncomingMessage;
  constructor(response: IncomingMessage) {
    super(`Unexpected server response: ${response.statusCode ?? 0}`);
    this.response = response;
  }
}

/** Opens a WebSocket. Rejects with UnexpectedResponse, or with the error of the connection. */
export function connectWebSocket({ url, protocols, headers, tls, clock }: ConnectOptions): Promise<WebSocketConnection> {
  const key = randomBytes(16).toString('base64');
  const request = (url.protocol === 'https:' ? tlsRequest : plainRequest)(url, {
    ...tls,
    // A connection of its own: it is never given back.
    agent: false,
    headers: {
      ...headers,
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': key,
      'Sec-WebSocket-Protocol': protocols.join(','),
    },
  });
  const { promise, resolve, reject } = Promise.withResolvers<WebSocketConnection>();
  request.once('error', reject);
  request.once('response', (response) => reject(new UnexpectedResponse(response)));
  request.once('upgrade', (response, socket, head) => {
    const protocol = response.headers['sec-websocket-protocol'] ?? '';
    if (response.headers['sec-websocket-accept'] !== acceptOf(key) || (protocol !== '' && !protocols.includes(protocol))) {
      socket.destroy();
      reject(new Error('the server answers the handshake of another WebSocket'));
      return;
    }
    socket.setNoDelay(true);
    if (head.length > 0) socket.unshift(head);
    resolve(new WebSocketConnection(socket, { role: 'client', protocol, clock }));
  });
  request.end();
  return promise;
}
