/** Passes a backend's response on to the client: adapts headers and links, and ends each side when the other ends. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { deflateRaw, gunzip, gzip, inflateRaw } from 'node:zlib';
import { cutOff } from '../cut-off.ts';
import type { NodeBindings } from '../exchange.ts';
import { type Frontage, rewriteHtml, rewriteUrl } from './rewrite-links.ts';

/**
 * Headers that belong to one connection, not to the request. Source: Go net/http/httputil reverseproxy.go, hopHeaders.
 */
const hopHeaders: readonly string[] = [
  ...[
    'connection',
    'proxy-connection',
    'keep-alive',
    'proxy-authenticate',
    'proxy-authorization',
    'te',
    'trailer',
    'transfer-encoding',
    'upgrade',
  ],
];
/** Headers that the server sets itself. Source: apimachinery pkg/util/proxy/upgradeaware.go, removeCORSHeaders. */
const corsHeaders: readonly string[] = [
  ...['access-control-allow-credentials', 'access-control-allow-headers', 'access-control-allow-methods', 'access-control-allow-origin'],
];

/** Removes the headers that are not passed on, in place. */
function dropHopHeaders(headers: Record<string, string | readonly string[] | undefined>): void {
  const { connection = '' } = headers;
  for (const name of String(connection).split(',')) delete headers[name.trim().toLowerCase()];
  for (const name of hopHeaders) delete headers[name];
}

/** Every header of the response; repeated ones stay separate. */
function headersOf(answer: IncomingMessage, common: Readonly<Record<string, string>>): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { ...common };
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    const all = [...(common[name] === undefined ? [] : [common[name]]), ...(values ?? [])];
    const [only = ''] = all;
    headers[name] = all.length === 1 ? only : all;
  }
  dropHopHeaders(headers);
  for (const name of corsHeaders) delete headers[name];
  return headers;
}

const codings = {
  gzip: [promisify(gunzip), promisify(gzip)],
  deflate: [promisify(inflateRaw), promisify(deflateRaw)],
} as const;

async function rewrittenPage(answer: IncomingMessage, encoding: string, frontage: Frontage): Promise<Buffer> {
  const coding = encoding === 'gzip' || encoding === 'deflate' ? codings[encoding] : undefined;
  // Rejects when the backend disconnects before the end.
  const received = await buffer(answer);
  const page = coding === undefined || received.length === 0 ? received : await coding[0](received);
  const rewritten = Buffer.from(
    rewriteHtml(page.toString('latin1'), (url) => rewriteUrl(url, frontage)),
    'latin1',
  );
  return coding === undefined ? rewritten : coding[1](rewritten);
}

/** Whether to rewrite links in the response: an HTML page with a body, in a known content encoding. */
const isPage = (answer: IncomingMessage, method: string): boolean =>
  method !== 'HEAD' &&
  /^\s*text\/html\s*(;|$)/.test(answer.headers['content-type'] ?? '') &&
  ['', 'gzip', 'deflate'].includes(answer.headers['content-encoding'] ?? '');

/**
 * Sends the response. When the backend's body breaks off, the client's breaks off at once: over HTTP/1.1 the connection
 * is closed, over HTTP/2 the stream is reset. Rejects only while nothing has been sent. `common`: lower-case names.
 */
export async function relayResponse(
  answer: IncomingMessage,
  { incoming, outgoing }: NodeBindings,
  frontage: Frontage,
  common: Readonly<Record<string, string>>,
): Promise<void> {
  // Both kinds of response have the members that are used here, but no common call signatures.
  const response = outgoing as ServerResponse;
  const status = answer.statusCode ?? 502;
  const headers = headersOf(answer, common);
  const { location } = answer.headers;
  if (location !== undefined && location !== '') headers.location = rewriteUrl(location, frontage);
  else if (isPage(answer, incoming.method ?? '')) {
    const page = await rewrittenPage(answer, answer.headers['content-encoding'] ?? '', frontage);
    response.writeHead(status, { ...headers, 'content-length': String(page.length) }).end(page);
    return;
  }
  response.writeHead(status, headers);
  // Sends the data that has arrived so far, because more may take long to come.
  if (outgoing instanceof ServerResponse) outgoing.flushHeaders();
  answer.on('error', () => cutOff(outgoing));
  answer.once('close', () => {
    if (!answer.readableEnded) cutOff(outgoing);
  });
  answer.pipe(response);
}
