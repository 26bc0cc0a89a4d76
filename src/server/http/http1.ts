/** Adapts Node's HTTP/1.1 server to behave as Go's. Each function corrects one difference. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { TLSSocket } from 'node:tls';
import type { NodeBindings } from './exchange.ts';

/** Go's DefaultMaxHeaderBytes. Source: Go net/http server.go. */
export const maxHeaderBytes = 1024 * 1024;

const ignore = (): void => undefined;

/**
 * Makes the HTTP parser read from the socket's stream instead of its handle. The parser pauses while a response is
 * still being sent, but a TLS handle passes on all data that it has decrypted, paused or not. A paused parser treats
 * that as an error (HPE_PAUSED), and Node would drop the connection without a response. A stream buffers data while it
 * is paused. Source: Node lib/_http_server.js (a listener of `data` parts parser and handle), src/crypto/crypto_tls.cc
 * (TLSWrap::ClearOut).
 */
export function readThroughStream(socket: TLSSocket): void {
  socket.on('data', ignore);
  socket.off('data', ignore);
}

/**
 * Sends `100 Continue` to a waiting client only when the body is read. If it is not read, the response closes the
 * connection, as Go's server does.
 */
export function holdBody({ outgoing }: NodeBindings): void {
  if (outgoing instanceof ServerResponse) outgoing.setHeader('Connection', 'close');
}

/** Sends `100 Continue` when the client waits for it. Call before reading the body. */
export function askForBody({ incoming, outgoing }: NodeBindings): void {
  if (incoming.headers.expect === undefined || outgoing.headersSent) return;
  if (outgoing instanceof ServerResponse) outgoing.removeHeader('Connection');
  outgoing.writeContinue();
}

/**
 * True when a request has two Host headers, which a proxy and a server might interpret differently. Go refuses such
 * requests. Source: Go net/http server.go, readRequest.
 */
export function hasTwoHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let at = 0; at < rawHeaders.length; at += 2)
    if (rawHeaders[at]?.length === 4 && rawHeaders[at]?.toLowerCase() === 'host') hosts += 1;
  return hosts > 1;
}

/** Answers an invalid request with Go's text and closes the connection. */
export function refuseRequest(outgoing: ServerResponse, reason?: string): void {
  const text = reason === undefined ? '400 Bad Request' : `400 Bad Request: ${reason}`;
  outgoing.writeHead(400, { 'Content-Type': 'text/plain; charset=utf-8', 'Content-Length': text.length, Connection: 'close' });
  outgoing.end(text);
}

/** Go's rstAvoidanceDelay. Source: Go net/http server.go. */
const lingerMs = 500;

/**
 * Closes a connection so that the client can read the last response although it is still sending: sends what is left
 * and the end of the stream, and discards what arrives until the client has closed, too, or for half a second. If the
 * connection were closed with unread data, the system would reset it, and the client could lose the response. Source:
 * Go net/http server.go (closeWriteAndWait).
 */
export function closeGently(socket: TLSSocket): void {
  if (socket.destroyed || socket.writableEnded) return;
  socket.removeAllListeners('data').on('data', ignore).resume();
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(timer)).once('end', () => socket.destroy());
  socket.end();
}

const textAnswer = (status: string): string =>
  `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n${status}`;

/**
 * Answers what is no HTTP request with Go's text, and closes the connection. A client that was too slow gets no
 * response. Source: Go net/http server.go (conn.serve).
 */
export function refuseConnection(error: Error & { readonly code?: string }, socket: TLSSocket): void {
  const mayAnswer = socket.writable && error.code !== 'ECONNRESET' && error.code !== 'ERR_HTTP_REQUEST_TIMEOUT';
  if (!mayAnswer) {
    socket.destroy();
    return;
  }
  socket.write(textAnswer(error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : '400 Bad Request'));
  closeGently(socket);
}
