/** What Node's HTTP/1.1 server does otherwise than Go's: each function mends one thing. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { NodeBindings } from './exchange.ts';

/** Go's DefaultMaxHeaderBytes. Source: Go net/http server.go. */
export const maxHeaderBytes = 1024 * 1024;

const ignore = (): void => undefined;

/**
 * Has the HTTP parser fed by the socket's stream instead of its handle. The parser pauses while an answer is still on its way out, but a TLS handle
 * hands over all that it has decrypted, paused or not; a paused parser takes that for an error (HPE_PAUSED), and the connection would be dropped
 * without an answer. A stream keeps what comes while it is paused. Source: Node lib/_http_server.js (a listener of `data` parts parser and
 * handle), src/crypto/crypto_tls.cc (TLSWrap::ClearOut).
 */
export function readThroughStream(socket: TLSSocket): void {
  socket.on('data', ignore);
  socket.off('data', ignore);
}

/** A client that waits for `100 Continue` gets it when somebody reads the body; without that the answer ends the connection, as Go's does. */
export function holdBody({ outgoing }: NodeBindings): void {
  if (outgoing instanceof ServerResponse) outgoing.setHeader('Connection', 'close');
}

/** Asks for the body if the client waits to be asked. Call before reading. */
export function askForBody({ incoming, outgoing }: NodeBindings): void {
  if (incoming.headers.expect === undefined || outgoing.headersSent) return;
  if (outgoing instanceof ServerResponse) outgoing.removeHeader('Connection');
  outgoing.writeContinue();
}

/** Go refuses a request with two hosts, which a proxy and a server might understand differently. Source: Go net/http server.go, readRequest. */
export function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.length === 4 && rawHeaders[at]?.toLowerCase() === 'host') hosts += 1;
  return hosts > 1;
}

/** Go's words for a request that is none. The connection ends with it. */
export function refuseRequest(outgoing: ServerResponse, reason: string): void {
  outgoing.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8', Connection: 'close' });
  outgoing.end(`400 Bad Request: ${reason}`);
}
