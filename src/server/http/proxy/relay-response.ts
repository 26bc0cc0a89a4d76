/** A backend's answer on its way to the client: headers and links mended, the end of either side the end of the other. */
import { type IncomingMessage, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { deflateRaw, gunzip, gzip, inflateRaw } from 'node:zlib';
import { cutOff } from '../cut-off.ts';
import type { NodeBindings } from '../exchange.ts';
import { type Frontage, rewriteHtml, rewriteUrl } from './rewrite-links.ts';

/** Of one connection, not of the request. Source: Go net/http/httputil reverseproxy.go, hopHeaders. */
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
/** Source: apimachinery pkg/util/proxy/upgradeaware.go, removeCORSHeaders. */
const corsHeaders: readonly string[] = [
  ...['access-control-allow-credentials', 'access-control-allow-headers', 'access-control-allow-methods', 'access-control-allow-origin'],
];

/** Takes away what is not to be passed on, in place. */
function dropHopHeaders(headers: Record<string, string | readonly string[] | undefined>): void {
  const { connection = '' } = headers;
  for (const name of String(connection).split(',')) delete headers[name.trim().toLowerCase()];
  for (const name of hopHeaders) delete headers[name];
}

/** Every header of the answer; repeated ones stay apart. */
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
  // Rejects when the backend breaks off.
  const received = await buffer(answer);
  const page = coding === undefined || received.length === 0 ? received : await coding[0](received);
  const rewritten = Buffer.from(
    rewriteHtml(page.toString('latin1'), (url) => rewriteUrl(url, frontage)),
    'latin1',
  );
  return coding === undefined ? rewritten : coding[1](rewritten);
}

/** Whether links in the answer are to be rewritten: an HTML page in a coding that we know, with a body. */
const isPage = (answer: IncomingMessage, method: string): boolean =>
  method !== 'HEAD' &&
  /^\s*text\/html\s*(;|$)/.test(answer.headers['content-type'] ?? '') &&
  ['', 'gzip', 'deflate'].includes(answer.headers['content-encoding'] ?? '');

/**
 * Sends the answer. A body that breaks off breaks the client's off at once: over HTTP/1.1 the connection ends, over HTTP/2 the stream.
 * Rejects while nothing has been sent. `common`: lower-case names.
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
  // What has come so far goes out although more may be long in coming.
  if (outgoing instanceof ServerResponse) outgoing.flushHeaders();
  answer.on('error', () => cutOff(outgoing));
  answer.once('close', () => {
    if (!answer.readableEnded) cutOff(outgoing);
  });
  answer.pipe(response);
}
