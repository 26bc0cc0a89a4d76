/** Breaks a connection as a failing network or server does. */
import { Socket } from 'node:net';
import { cutOff } from '../cut-off.ts';
import type { NodeBindings } from '../exchange.ts';

/**
 * Resets the TCP connection of a request over HTTP/1.1, without the end of the TLS session that a client could take for
 * the end of the answer, and the stream of one over HTTP/2: other requests of the connection go on.
 */
export function resetConnection({ incoming, outgoing }: NodeBindings): void {
  // Node's TLS sockets know the TCP socket below them by this member, and offer no reset of their own.
  const { _parent: below } = incoming.socket as { readonly _parent?: unknown };
  if (incoming.httpVersionMajor === 1 && below instanceof Socket) {
    below.resetAndDestroy();
    incoming.socket.destroy();
  } else {
    cutOff(outgoing);
  }
}
