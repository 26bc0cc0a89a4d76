/**
 * The answer to a request, as handlers give it. Not a web `Response`: the first use of that class loads Node's whole
 * HTTP client (undici), which costs 25 ms of a start, and headers of a `Response` cannot be repeated.
 */

import { Readable } from 'node:stream';

/** Header names in the case in which they are sent; those with several values are sent once for each. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[]>>;

/** Pieces are sent as fast as the client reads. */
export type AnswerBody = string | Uint8Array | Iterable<Uint8Array> | AsyncIterable<Uint8Array> | null;

export class Answer {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** `null`: none. */
  readonly body: AnswerBody;

  constructor(status: number, headers: AnswerHeaders, body: AnswerBody = null) {
    this.status = status;
    this.headers = headers;
    this.body = body;
  }
}

/** Says that the handler has written its answer to the connection itself. */
export const alreadySent = new Answer(200, {});

/** The whole body of an answer. */
export async function bytesOf({ body }: Answer): Promise<Buffer> {
  if (body === null) return Buffer.alloc(0);
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** Lets go of what an answer that is not sent would have been read from. */
export async function discard({ body }: Answer): Promise<void> {
  if (body instanceof Readable) body.destroy();
  else if (body !== null && typeof body === 'object' && Symbol.asyncIterator in body) await body[Symbol.asyncIterator]().return?.();
}
