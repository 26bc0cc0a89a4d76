/** Reading an answer's body to its end, and telling an end from a cut. */
import type { IncomingMessage } from 'node:http';
import { createInterface } from 'node:readline';
import { CommandError } from './command.ts';

/** In Go's words. Source: Go io.ErrUnexpectedEOF. */
const cut = (cause: unknown): CommandError => Object.assign(new CommandError('unexpected EOF'), { cause });

/** The body's bytes. Rejects with CommandError when the connection ends before the body does. */
export async function* chunksOf(body: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of body) yield Buffer.from(chunk);
  } catch (error) {
    throw body.complete ? error : cut(error);
  }
}

/** The body's lines, without their ends. Rejects with CommandError when the connection ends before the body does. */
export async function* linesOf(body: IncomingMessage): AsyncGenerator<string> {
  try {
    yield* createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY });
  } catch (error) {
    throw body.complete ? error : cut(error);
  }
  if (!body.complete) throw cut(undefined);
}
