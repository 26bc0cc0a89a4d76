/**
 * Writes answers: common headers, warnings, compression. Source: apiserver
 * pkg/endpoints/handlers/responsewriters/writers.go.
 */
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { JsonValue } from '../../api/json.ts';
import { Answer, type AnswerHeaders } from './answer.ts';
import type { Body } from './encode/encode.ts';
import { ListBody } from './encode/list-body.ts';
import type { Exchange, RequestAudit } from './exchange.ts';

const gzipAsync = promisify(gzip);
const gunzipAsync = promisify(gunzip);

/** Upstream's defaultGzipThresholdBytes. */
const gzipThresholdBytes = 128 * 1024;
/** Upstream's defaultGzipContentEncodingLevel. */
const gzipLevel = 1;

/** Lists below this size are sent in one piece. */
const streamThresholdBytes = 512 * 1024;

export type Headers = Record<string, string>;

/**
 * A warning as a header value: code 299, agent `-`, quoted text. Source: apimachinery pkg/util/net/http.go,
 * NewWarningHeader.
 */
export function warningHeader(text: string): string {
  const clean = [...text].map((char) => (char < ' ' || char === '\u007f' ? ' ' : char)).join('');
  return `299 - "${encodeHeader(clean).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** Node writes header values as latin1; this makes it send the bytes of UTF-8 text. */
const encodeHeader = (text: string): string => (/^[\x20-\x7e]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1'));

/** Headers that every answer has. */
export function baseHeaders(exchange: Exchange, contentType: string): Headers {
  return { 'Audit-Id': exchange.auditId, 'Cache-Control': 'no-cache, private', 'Content-Type': contentType, ...flowHeaders(exchange) };
}

/** Source: apiserver pkg/server/filters/priority-and-fairness.go (setResponseHeaders). */
const flowHeaders = ({ flow }: Exchange): Headers =>
  flow === undefined
    ? {}
    : { 'X-Kubernetes-Pf-Flowschema-Uid': flow.flowSchemaUid, 'X-Kubernetes-Pf-Prioritylevel-Uid': flow.priorityLevelUid };

/** A 204 answer, which has no body. */
export const respondNothing = (exchange: Exchange): Answer =>
  new Answer(204, { 'Audit-Id': exchange.auditId, 'Cache-Control': 'no-cache, private', ...flowHeaders(exchange) });

const acceptsGzip = (exchange: Exchange): boolean => {
  const header = exchange.header('accept-encoding');
  return header !== '' && header.split(',').some((part) => part.trim().split(';')[0] === 'gzip');
};

/** Each warning is a header of its own. */
const withWarnings = (headers: Headers, { warnings }: Exchange): AnswerHeaders =>
  warnings.length === 0 ? headers : { ...headers, Warning: warnings.map(warningHeader) };

const lengthOf = (body: Body): number => (typeof body === 'string' ? Buffer.byteLength(body) : body.byteLength);
const wholeOf = (body: Body): Uint8Array | string => (body instanceof ListBody ? body.whole() : body);

function finish(exchange: Exchange, status: number, body: Body, headers: Headers): Answer {
  if (exchange.method === 'HEAD') return new Answer(status, { ...headers, 'Content-Length': String(lengthOf(body)) });
  const all = withWarnings(headers, exchange);
  if (body instanceof ListBody && body.byteLength > streamThresholdBytes)
    return new Answer(status, { ...all, 'Content-Length': String(body.byteLength) }, body.pieces());
  return new Answer(status, all, wholeOf(body));
}

/** Records the body of an answer. Differs: upstream also records bodies that are sent as protobuf. */
function keepAnswer(audit: RequestAudit, body: Body, headers: Headers): void {
  if (headers['Content-Type']?.startsWith('application/json') !== true) return;
  const whole = wholeOf(body);
  // The server wrote the body as JSON.
  audit.response(JSON.parse(typeof whole === 'string' ? whole : Buffer.from(whole).toString('utf8')) as JsonValue);
}

/** An answer with a body, compressed when it is large and the client asked for it. */
export function respond(exchange: Exchange, status: number, body: Body, headers: Headers): Answer | Promise<Answer> {
  if (exchange.audit?.keepsResponse === true) keepAnswer(exchange.audit, body, headers);
  const size = typeof body === 'string' ? body.length : body.byteLength;
  exchange.sentBytes = size;
  if (size < gzipThresholdBytes || exchange.method === 'HEAD' || !acceptsGzip(exchange)) return finish(exchange, status, body, headers);
  return gzipAsync(wholeOf(body), { level: gzipLevel }).then((compressed) =>
    finish(exchange, status, compressed, { ...headers, 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' }),
  );
}

/** A body that is kept compressed. */
export interface CompressedBody {
  readonly gzip: Uint8Array;
  /** Size in bytes when uncompressed. */
  readonly size: number;
}

/** Compresses as `respond` does. */
export const compressed = async (body: Uint8Array): Promise<CompressedBody> => ({
  gzip: await gzipAsync(body, { level: gzipLevel }),
  size: body.byteLength,
});

/** The same as `respond`, with a body that is already compressed. */
export function respondCompressed(
  exchange: Exchange,
  status: number,
  { gzip: bytes, size }: CompressedBody,
  headers: Headers,
): Answer | Promise<Answer> {
  if (size >= gzipThresholdBytes && exchange.method !== 'HEAD' && acceptsGzip(exchange)) {
    return finish(exchange, status, bytes, { ...headers, 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' });
  }
  return gunzipAsync(bytes).then((body) => finish(exchange, status, body, headers));
}

/** Plain text, as health checks answer. */
export const respondText = (exchange: Exchange, status: number, text: string, more: Headers = {}): Answer | Promise<Answer> =>
  respond(exchange, status, text, { ...baseHeaders(exchange, 'text/plain; charset=utf-8'), 'X-Content-Type-Options': 'nosniff', ...more });
