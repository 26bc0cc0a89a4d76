/** Reads a response body to its end, and distinguishes its end from a broken connection. */
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { RequestTimedOut } from '../../../client/http-transport.ts';
import { CommandError } from '../command/command.ts';

/**
 * The error when the client's own limit, `--request-timeout`, has passed, in Go's words. Source: Go net/http client.go,
 * httpTimeoutError.
 */
export class TimeIsOver extends CommandError {
  constructor() {
    super('context deadline exceeded (Client.Timeout or context cancellation while reading body)');
    this.name = 'TimeIsOver';
  }
}

/** The error for a broken connection, in Go's words. Source: Go io.ErrUnexpectedEOF. */
const cut = (cause?: unknown): CommandError =>
  cause instanceof RequestTimedOut ? new TimeIsOver() : Object.assign(new CommandError('unexpected EOF'), { cause });

/**
 * The body's bytes. Rejects with CommandError when the connection ends before the body does (TimeIsOver: by the
 * client's own limit).
 */
export async function* chunksOf(body: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield Buffer.from(chunk);
  } catch (error) {
    throw body.complete ? error : cut(error);
  }
}

/**
 * The body's lines, without their ends. Rejects with CommandError when the connection ends before the body does
 * (TimeIsOver: by the client's own limit).
 */
export async function* linesOf(body: IncomingMessage): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    throw body.complete ? error : cut(error);
  }
  if (!body.complete) throw cut();
}
