/** Reading an answer's body to its end, and telling an end from a cut. */
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { RequestTimedOut } from '../../../client/http-transport.ts';
import { CommandError } from '../command/command.ts';

/** The client's own limit, `--request-timeout`, in Go's words. Source: Go net/http client.go, httpTimeoutError. */
export class TimeIsOver extends CommandError {
  constructor() {
    super('context deadline exceeded (Client.Timeout or context cancellation while reading body)');
    this.name = 'TimeIsOver';
  }
}

/** In Go's words. Source: Go io.ErrUnexpectedEOF. */
const cut = (cause?: unknown): CommandError =>
  cause instanceof RequestTimedOut ? new TimeIsOver() : Object.assign(new CommandError('unexpected EOF'), { cause });

/** The body's bytes. Rejects with CommandError when the connection ends before the body does (TimeIsOver: by the client's own limit). */
export async function* chunksOf(body: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield Buffer.from(chunk);
  } catch (error) {
    throw body.complete ? error : cut(error);
  }
}

/** The body's lines, without their ends. Rejects with CommandError when the connection ends before the body does (TimeIsOver: by the client's own limit). */
export async function* linesOf(body: IncomingMessage): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    throw body.complete ? error : cut(error);
  }
  if (!body.complete) throw cut();
}
