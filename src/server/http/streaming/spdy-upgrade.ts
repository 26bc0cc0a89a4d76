/**
 * Turns an HTTP/1.1 upgrade into a SPDY connection. Source: apimachinery
 * pkg/util/httpstream/{httpstream,spdy/upgrade}.go.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/** Sends the 101 response with the given headers. */
export function switchProtocols(socket: Duplex, headers: Readonly<Record<string, string>>): void {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
}

export const isSpdyUpgrade = (incoming: IncomingMessage): boolean => (incoming.headers.upgrade ?? '').toLowerCase() === 'spdy/3.1';

/** All values of a header, whether repeated or separated by commas. */
export function headerValues(incoming: IncomingMessage, lowerCaseName: string): readonly string[] {
  const values: string[] = [];
  const raw = incoming.rawHeaders;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    if (raw[i]?.toLowerCase() !== lowerCaseName) continue;
    for (const part of (raw[i + 1] ?? '').split(',')) if (part.trim() !== '') values.push(part.trim());
  }
  return values;
}

export type ProtocolChoice = { readonly protocol: string } | { readonly refused: string };

/** The client's first protocol that the server supports; '' when the client names none. */
export function chooseProtocol(incoming: IncomingMessage, served: readonly string[]): ProtocolChoice {
  const asked = headerValues(incoming, 'x-stream-protocol-version');
  if (asked.length === 0) return { protocol: '' };
  const protocol = asked.find((name) => served.includes(name));
  if (protocol !== undefined) return { protocol };
  return {
    refused: `unable to upgrade: unable to negotiate protocol: client supports [${asked.join(' ')}], server accepts [${served.join(' ')}]`,
  };
}
