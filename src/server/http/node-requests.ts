/**
 * Connects Node's HTTP server with the app: requests as the app reads them, and answers as they are written. Web
 * standards' `Request` and `Response` are not used (see answer.ts); what is used of Node is common to HTTP/1.1 and
 * HTTP/2.
 */
import { ServerResponse } from 'node:http';
import { constants, Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { type Answer, type AnswerBody, alreadySent, discard } from './answer.ts';
import type { App } from './app.ts';
import { cutOff } from './cut-off.ts';
import type { NodeBindings, ReceivedRequest } from './exchange.ts';
import { refuseRequest } from './http1.ts';

/** A request that cannot be served: its target is no path. */
export class MalformedTarget extends Error {}

const origin = 'https://localhost';
/** Paths and queries that need no escaping. */
const plainTarget = /^\/[!#$&-;=?-[\]_a-z~]*$/;
const dotSegment = /\/\.\.?(?:[/?#]|$)/;
/** In the path: Go reads queries with such escapes, without them. */
const brokenEscape = /^[^?#]*%(?![0-9a-f]{2})/i;
const absoluteTarget = /^https?:\/\/[^/?#]*/i;

/**
 * The target of a request as an absolute URL: what must be escaped is, and dots as segments are followed. A proxy's
 * absolute target counts by its path. Throws `MalformedTarget`.
 */
export function urlOf(target: string): string {
  const path = target.startsWith('/') ? target : target.replace(absoluteTarget, '') || '/';
  if (plainTarget.test(path) && !dotSegment.test(path)) return origin + path;
  if (brokenEscape.test(path)) throw new MalformedTarget(`invalid URL escape in ${JSON.stringify(target)}`);
  // Go takes a backslash for a character like any other; URL would take it for a slash.
  const url = path.startsWith('/') || path.startsWith('?') ? URL.parse(origin + path.replaceAll('\\', '%5C')) : null;
  if (url === null) throw new MalformedTarget(`invalid URI for request: ${JSON.stringify(target)}`);
  return url.href;
}

const isClosed = (outgoing: NodeBindings['outgoing']): boolean =>
  outgoing instanceof Http2ServerResponse ? outgoing.stream.destroyed : outgoing.destroyed;

/** A request on a connection. */
export class NodeRequest implements ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly #node: NodeBindings;
  #gone: AbortController | undefined;

  /** Throws `MalformedTarget`. */
  constructor(node: NodeBindings) {
    const { method = 'GET', url = '' } = node.incoming;
    this.url = urlOf(url);
    // hono would wrap the answer to HEAD in a `Response`. The app asks the connection for the method.
    this.method = method === 'HEAD' ? 'GET' : method;
    this.#node = node;
  }

  get signal(): AbortSignal {
    if (this.#gone !== undefined) return this.#gone.signal;
    const gone = new AbortController();
    this.#gone = gone;
    const { incoming, outgoing } = this.#node;
    const closed = (): void => {
      if (!outgoing.writableFinished || (incoming instanceof Http2ServerRequest && incoming.aborted)) gone.abort();
    };
    if (isClosed(outgoing)) closed();
    else outgoing.once('close', closed);
    return gone.signal;
  }
}

/** How long the rest of a body is discarded after the answer, and how much of it, before the client is cut off. */
const discardMs = 500;
const discardBytes = 64 * 1024 * 1024;

/**
 * Discards what a client still sends after its answer, so that its connection can serve the next request. Over HTTP/2
 * Go's server ends the stream at once; Node's client, which then waits for ever, gets the same time.
 */
function discardRest({ incoming }: NodeBindings): void {
  if (incoming.readableEnded || incoming.destroyed) return;
  let discarded = 0;
  const close = (): void => {
    if (incoming instanceof Http2ServerRequest) incoming.stream.close(constants.NGHTTP2_NO_ERROR);
    else incoming.socket.destroySoon();
  };
  const timer = setTimeout(close, discardMs);
  incoming.on('data', (chunk: Buffer) => {
    discarded += chunk.length;
    if (discarded > discardBytes) close();
  });
  for (const over of ['end', 'close']) incoming.once(over, () => clearTimeout(timer));
  incoming.resume();
}

const isWhole = (body: AnswerBody): body is string | Uint8Array => typeof body === 'string' || body instanceof Uint8Array;

/** The length to declare, in bytes; undefined: none, or the answer declares it itself. */
function lengthOf({ status, headers, body }: Answer): number | undefined {
  if ('Content-Length' in headers) return undefined;
  if (body === null) return status === 204 || status === 304 ? undefined : 0;
  return isWhole(body) ? Buffer.byteLength(body) : undefined;
}

/** Resolves when the response takes more, or is closed. */
const writable = (outgoing: ServerResponse): Promise<void> =>
  new Promise((resolve) => {
    const go = (): void => {
      outgoing.off('drain', go).off('close', go);
      resolve();
    };
    outgoing.on('drain', go).on('close', go);
  });

/** Writes a body piece by piece. Rejects when its source fails. */
async function writePieces(outgoing: ServerResponse, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void> {
  for await (const piece of pieces) {
    if (isClosed(outgoing)) return;
    if (!outgoing.write(piece)) await writable(outgoing);
  }
  outgoing.end();
}

/** Writes an answer to the connection of its request. Rejects when the source of its body fails. */
async function writeAnswer(answer: Answer, node: NodeBindings): Promise<void> {
  if (answer === alreadySent) return;
  const { incoming } = node;
  // Over HTTP/2 the response itself finishes only when the request has ended, too.
  if (!incoming.complete)
    (incoming instanceof Http2ServerRequest ? incoming.stream : node.outgoing).once('finish', () => discardRest(node));
  // The responses of HTTP/1.1 and HTTP/2 have these methods, but no common call signatures.
  const outgoing = node.outgoing as ServerResponse;
  const { status, body } = answer;
  const length = lengthOf(answer);
  // The types of Node's headers do not take arrays that may not be changed; it does not change them.
  const headers = answer.headers as Record<string, string | string[]>;
  outgoing.writeHead(status, length === undefined ? headers : { ...headers, 'Content-Length': String(length) });
  if (body === null || isWhole(body)) {
    outgoing.end(incoming.method === 'HEAD' ? undefined : (body ?? undefined));
  } else if (incoming.method === 'HEAD') {
    outgoing.end();
    await discard(answer);
  } else {
    outgoing.flushHeaders();
    await writePieces(outgoing, body);
  }
}

/** Serves one request on its connection. Rejects when its answer cannot be completed: the caller cuts it off. */
export async function serveRequest(app: Pick<App, 'handle'>, node: NodeBindings): Promise<void> {
  let request: NodeRequest;
  try {
    request = new NodeRequest(node);
  } catch (error) {
    if (!(error instanceof MalformedTarget)) throw error;
    // As Go: over HTTP/1.1 an answer, over HTTP/2 none.
    if (node.outgoing instanceof ServerResponse) refuseRequest(node.outgoing);
    else cutOff(node.outgoing);
    return;
  }
  await writeAnswer(await app.handle(request, node), node);
}
