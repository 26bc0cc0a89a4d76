/**
 * exec and attach over any transport: runs the session and reports its result. Source: kubelet
 * pkg/cri/streaming/remotecommand/{exec,attach}.go.
 */

import type { Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { errorText } from '../../../api/error-text.ts';
import type { JsonObject } from '../../../api/json.ts';
import { StatusError } from '../../../api/status-error.ts';
import type { StreamOptions, TerminalSize } from './pod-streams.ts';

/** The streams that a client requests. */
export interface Wanted {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly tty: boolean;
}

/** The streams of one session, independent of the transport. */
export interface RemoteSession {
  readonly stdin: Readable | undefined;
  readonly stdout: Writable | undefined;
  readonly stderr: Writable | undefined;
  /** JSON texts of terminal sizes, one after another. */
  readonly resize: Readable | undefined;
  readonly error: Writable;
  /** True: the error stream carries Status JSON (protocol v4 and later). False: it carries text. */
  readonly statusAsJson: boolean;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
  /** Closes the connection after pending writes. */
  close(): void;
}

/** Runs the session in the pod. Resolves with the exit code of a command, or with undefined after attach. */
export type RemoteRun = (options: StreamOptions) => Promise<number | undefined>;

/** Reads terminal sizes from concatenated JSON objects. */
export async function* terminalSizes(source: Readable): AsyncGenerator<TerminalSize> {
  let text = '';
  for await (const chunk of source) {
    // The transports' streams produce buffers.
    text += (chunk as Buffer).toString('utf8');
    for (let end = text.indexOf('}'); end >= 0; end = text.indexOf('}')) {
      const width = /"Width":\s*(\d+)/i.exec(text.slice(0, end))?.[1];
      const height = /"Height":\s*(\d+)/i.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 1);
      if (width !== undefined && height !== undefined && Number(width) > 0 && Number(height) > 0) {
        yield { width: Number(width), height: Number(height) };
      }
    }
    if (text.length > 4096) return;
  }
}

export const success: JsonObject = { metadata: {}, status: 'Success' };

/** The Status for an exit code. Source: remotecommand/exec.go, ServeExec. */
export const exitStatus = (code: number): JsonObject => ({
  metadata: {},
  status: 'Failure',
  message: `command terminated with non-zero exit code: exit status ${code}`,
  reason: 'NonZeroExitCode',
  details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
});

/**
 * The Status of a failed session. Any failure other than an exit code is an internal error with the cause in its
 * message. Source: remotecommand/exec.go.
 */
function failureStatus(verb: 'exec' | 'attach', error: unknown): JsonObject {
  const cause = errorText(error);
  if (error instanceof StatusError && error.code < 500) {
    // A Status is JSON.
    return error.status as unknown as JsonObject;
  }
  const text = verb === 'exec' ? `error executing command in container: ${cause}` : `error attaching to container: ${cause}`;
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${text}`,
    reason: 'InternalError',
    details: { causes: [{ message: text }] },
    code: 500,
  };
}

/** The text for the error stream; '' on success. */
export function errorStreamText(status: JsonObject, asJson: boolean): string {
  if (asJson) return JSON.stringify(status);
  return status.status === 'Success' ? '' : String(status.message);
}

/** Ends a stream and waits until its bytes have been sent. A disconnected client is not an error. */
async function ended(stream: Writable | undefined): Promise<void> {
  if (stream === undefined || stream.destroyed) return;
  if (!stream.writableEnded) stream.end();
  await finished(stream, { readable: false }).catch(() => undefined);
}

/** Runs one session to its end. Never rejects. */
export async function serveRemoteCommand(session: RemoteSession, wanted: Wanted, verb: 'exec' | 'attach', run: RemoteRun): Promise<void> {
  const { stdin, stdout, stderr, resize } = session;
  let status: JsonObject;
  try {
    const code = await run({
      tty: wanted.tty,
      signal: session.signal,
      ...(stdin === undefined ? {} : { stdin }),
      ...(stdout === undefined ? {} : { stdout }),
      ...(stderr === undefined ? {} : { stderr }),
      ...(resize === undefined ? {} : { resize: terminalSizes(resize) }),
    });
    status = code === undefined || code === 0 ? success : exitStatus(code);
  } catch (error) {
    status = failureStatus(verb, error);
  }
  await Promise.all([ended(stdout), ended(stderr)]);
  const text = errorStreamText(status, session.statusAsJson);
  if (text !== '' && !session.error.destroyed) session.error.write(text);
  await ended(session.error);
  session.close();
}
