/** `--raw`: a request to a path of the API as the user wrote it. Source: kubectl pkg/rawhttp/raw.go. */
import { readFileSync } from 'node:fs';
import { text as textOf } from 'node:stream/consumers';
import { CommandError } from '../command/command.ts';
import type { Flags } from '../command/flags.ts';
import type { Session } from '../command/session.ts';
import { chunksOf } from './answer-body.ts';

/** The path of `--raw`. Throws CommandError. */
function rawPath(flags: Flags): string {
  const path = flags.string('raw');
  if (path.startsWith('/')) return path;
  throw new CommandError(`--raw must be a valid URL path: parse ${JSON.stringify(path)}: invalid URI for request`);
}

async function send(session: Session, method: 'GET' | 'PUT' | 'POST' | 'DELETE', text?: string): Promise<number> {
  const call = { method, path: rawPath(session.flags), signal: session.signal };
  const body = await session.transport.stream(text === undefined ? call : { ...call, text });
  const decoder = new TextDecoder();
  for await (const chunk of chunksOf(body)) session.out(decoder.decode(chunk, { stream: true }));
  session.out(decoder.decode());
  return 0;
}

/** `get --raw` and `delete --raw`. Rejects with CommandError and StatusError. */
export const rawCall = (session: Session, method: 'GET' | 'DELETE'): Promise<number> => send(session, method);

/**
 * `create --raw` and `replace --raw`, which take their body from one file or standard input. Rejects with CommandError
 * and StatusError.
 */
export async function rawUpload(session: Session, method: 'PUT' | 'POST'): Promise<number> {
  const { flags } = session;
  const [file = '', ...more] = flags.list('filename');
  if (more.length > 0 || file === '') throw new CommandError('--raw can only use a single local file or stdin');
  if (/^https?:\/\//.test(file)) throw new CommandError('--raw cannot read from a url');
  if (flags.bool('recursive')) throw new CommandError('--raw and --recursive are mutually exclusive');
  if (flags.given('selector')) throw new CommandError('--raw and --selector (-l) are mutually exclusive');
  if (flags.string('output') !== '') throw new CommandError('--raw and --output are mutually exclusive');
  rawPath(flags);
  return send(session, method, file === '-' ? await textOf(session.terminal.stdin) : readLocal(file));
}

function readLocal(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    throw new CommandError(`open ${file}: no such file or directory`);
  }
}
