/** Writes answers: common headers, warnings, compression. Source: apiserver pkg/endpoints/handlers/responsewriters/writers.go. */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Exchange } from './exchange.ts';

const gzipAsync = promisify(gzip);

/** Upstream's defaultGzipThresholdBytes. */
const gzipThresholdBytes = 128 * 1024;
/** Upstream's defaultGzipContentEncodingLevel. */
const gzipLevel = 1;

export type Headers = Record<string, string>;

/** A warning as a header value: code 299, agent `-`, quoted text. Source: apimachinery pkg/util/net/http.go, NewWarningHeader. */
export function warningHeader(text: string): string {
  const clean = [...text].map((char) => (char < ' ' || char === '\u007f' ? ' ' : char)).join('');
  return `299 - "${encodeHeader(clean).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Header values carry bytes; UTF-8 text goes over the wire as its bytes. */
const encodeHeader = (text: string): string => (/^[\x20-\x7e]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1'));

/** Headers that every answer has. */
export function baseHeaders(exchange: Exchange, contentType: string): Headers {
  return { 'Audit-Id': exchange.auditId, 'Cache-Control': 'no-cache, private', 'Content-Type': contentType };
}

const acceptsGzip = (exchange: Exchange): boolean => {
  const header = exchange.header('accept-encoding');
  return header !== '' && header.split(',').some((part) => part.trim().split(';')[0] === 'gzip');
};

/** Warnings are repeated headers, which only the `Headers` class can say. */
function withWarnings(headers: Headers, warnings: readonly string[]): Headers | globalThis.Headers {
  if (warnings.length === 0) return headers;
  const many = new globalThis.Headers(headers);
  for (const text of warnings) many.append('Warning', warningHeader(text));
  return many;
}

function finish(exchange: Exchange, status: number, body: Uint8Array | string, headers: Headers): Response {
  const all = withWarnings(headers, exchange.warnings);
  if (exchange.method === 'HEAD') {
    const length = String(typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength);
    return new Response(null, { status, headers: { ...headers, 'Content-Length': length } });
  }
  // The DOM types want an ArrayBuffer behind the view; stored buffers have one.
  return new Response(body as Uint8Array<ArrayBuffer> | string, { status, headers: all });
}

/** An answer with a body, compressed when it is large and the client asked for it. */
export function respond(exchange: Exchange, status: number, body: Uint8Array | string, headers: Headers): Response | Promise<Response> {
  if (body.length < gzipThresholdBytes || exchange.method === 'HEAD' || !acceptsGzip(exchange))
    return finish(exchange, status, body, headers);
  return gzipAsync(body, { level: gzipLevel }).then((compressed) =>
    finish(exchange, status, compressed, { ...headers, 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' }),
  );
}

/** Plain text, as health checks answer. */
export const respondText = (exchange: Exchange, status: number, text: string): Response | Promise<Response> =>
  respond(exchange, status, text, { ...baseHeaders(exchange, 'text/plain; charset=utf-8'), 'X-Content-Type-Options': 'nosniff' });
