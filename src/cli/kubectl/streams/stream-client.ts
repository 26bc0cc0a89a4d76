/** exec and attach over WebSocket. Source: client-go tools/remotecommand/{websocket,v4,v5}.go. */
import { spawnSync } from 'node:child_process';
import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { errorText } from '../../../api/error-text.ts';
import { type Status, StatusError, statusErrors } from '../../../api/status-error.ts';
import { systemClock } from '../../../client/clock.ts';
import { channelMessages } from '../../../client/web-socket/channel-messages.ts';
import { connectWebSocket, UnexpectedResponse } from '../../../client/web-socket/handshake.ts';
import type { WebSocketConnection } from '../../../client/web-socket/web-socket-connection.ts';
import { CommandError } from '../command/command.ts';
import type { Session } from '../command/session.ts';

/** What a stream needs of a session. */
export type Connection = Pick<Session, 'config' | 'transport' | 'signal'>;

const protocols = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;
/** Reading of standard input pauses while more bytes than this are unsent. */
const highWaterBytes = 1024 * 1024;

/** Any stream, or the process' own, which may be a terminal. */
export type RemoteInput = Readable & Partial<Pick<NodeJS.ReadStream, 'isTTY' | 'setRawMode' | 'unref'>>;

export interface RemoteStreams {
  readonly stdin?: RemoteInput | undefined;
  readonly stdout: NodeJS.WritableStream;
  /** Absent with a terminal: the container's terminal has one stream. */
  readonly stderr?: NodeJS.WritableStream | undefined;
  readonly tty: boolean;
}

/**
 * Makes the terminal as raw as kubectl does. Node's raw mode leaves the output conversion of LF to CR LF on, which the
 * container's terminal has done already, so it is turned off with `stty`.
 */
function makeRaw(stdin: RemoteInput): void {
  stdin.setRawMode?.(true);
  // If `stty` is missing, lines end in an extra carriage return, which terminals do not show. Leaving raw mode restores
  // all settings.
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
}

/** The server's refusal of an upgrade, as the Status that it sent. */
async function refusal(response: IncomingMessage): Promise<Error> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(Buffer.from(chunk));
  const text = Buffer.concat(chunks).toString('utf8');
  try {
    const status: Status = JSON.parse(text);
    if (status.kind === 'Status') return new StatusError({ ...status, code: status.code ?? response.statusCode });
  } catch {
    // Not JSON: described below.
  }
  return new CommandError(`unable to upgrade connection: ${text === '' ? `unexpected status ${response.statusCode ?? 0}` : text.trim()}`);
}

/** Opens a WebSocket on a path of the API, with the session's credentials. Rejects with StatusError or CommandError. */
export async function openWebSocket(session: Connection, path: string, protocols: readonly string[]): Promise<WebSocketConnection> {
  const { server } = session.config;
  const base = (server.includes('://') ? server : `https://${server}`).replace(/\/$/, '');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(session.transport.headers({}))) if (name !== 'accept') headers[name] = String(value);
  try {
    const tls = session.transport.tlsOptions();
    return await connectWebSocket({ url: new URL(`${base}${path}`), protocols, headers, tls, clock: systemClock });
  } catch (error) {
    throw error instanceof UnexpectedResponse ? await refusal(error.response) : statusErrors.serviceUnavailable(errorText(error));
  }
}

/** The error text for a connection that the server closed too early. Source: gorilla/websocket conn.go CloseError. */
export function closeText(code: number): string {
  if (code === 1006) return 'websocket: close 1006 (abnormal closure): unexpected EOF';
  return `websocket: close ${code}${code === 1000 ? ' (normal)' : code === 1001 ? ' (going away)' : ''}: unexpected EOF`;
}

/** Converts the session's final status to an exit code. Throws CommandError or StatusError. */
function exitCodeOf(text: string): number {
  const status: Status = JSON.parse(text);
  if (status.status === 'Success') return 0;
  if (status.reason === 'NonZeroExitCode') {
    const cause = status.details?.causes?.find((c) => c.reason === 'ExitCode');
    const code = Number(cause?.message ?? '');
    if (Number.isInteger(code)) return code;
    throw new CommandError(`error stream protocol error: invalid exit code value ${JSON.stringify(cause?.message ?? '')}`);
  }
  throw new CommandError(status.message ?? 'unknown error');
}

class RemoteSession {
  readonly #socket: WebSocketConnection;
  readonly #streams: RemoteStreams;
  #status = '';
  /** Bytes of standard input that the socket has not sent yet. */
  #unsentBytes = 0;
  #ended = false;
  #undo: (() => void)[] = [];

  constructor(socket: WebSocketConnection, streams: RemoteStreams) {
    this.#socket = socket;
    this.#streams = streams;
  }

  run(signal: AbortSignal): Promise<string> {
    this.#sendInput();
    this.#sendSizes();
    return new Promise<string>((resolve, reject) => {
      this.#socket.read(channelMessages((channel, payload) => this.#receive(channel, payload)));
      this.#socket.once('close', (code) => {
        // A session that ended properly has sent its status.
        if (this.#status === '') reject(new CommandError(`error reading from error stream: ${closeText(code)}`));
        else resolve(this.#status);
      });
      const onAbort = (): void => {
        this.#socket.terminate();
        reject(new CommandError('', 130));
      };
      if (signal.aborted) return onAbort();
      signal.addEventListener('abort', onAbort, { once: true });
      this.#undo.push(() => signal.removeEventListener('abort', onAbort));
    }).finally(() => {
      this.#ended = true;
      for (const undo of this.#undo) undo();
    });
  }

  #send(channel: number, payload: Uint8Array, sent?: () => void): void {
    this.#socket.send([Buffer.of(channel), payload], sent === undefined ? {} : { sent });
  }

  #receive(channel: number, payload: Buffer): void {
    if (payload.length === 0) return;
    const out = channel === channels.stdout ? this.#streams.stdout : channel === channels.stderr ? this.#streams.stderr : undefined;
    if (channel === channels.error) this.#status += payload.toString('utf8');
    // Messages that came together with one that was too much still follow it.
    if (out === undefined || out.write(payload) || this.#socket.isPaused) return;
    this.#socket.pause();
    out.once('drain', () => this.#socket.resume());
  }

  #sendInput(): void {
    const { stdin, tty } = this.#streams;
    if (stdin === undefined) return;
    const raw = tty && stdin.isTTY === true;
    if (raw) makeRaw(stdin);
    const onData = (chunk: Buffer | string): void => {
      const payload = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      this.#unsentBytes += payload.length;
      if (this.#unsentBytes >= highWaterBytes) stdin.pause();
      this.#send(channels.stdin, payload, () => {
        this.#unsentBytes -= payload.length;
        if (this.#unsentBytes < highWaterBytes && stdin.isPaused() && !this.#ended) stdin.resume();
      });
    };
    const onEnd = (): void => {
      if (this.#socket.protocol === 'v5.channel.k8s.io') this.#send(channels.close, Buffer.from([channels.stdin]));
    };
    stdin.on('data', onData);
    stdin.once('end', onEnd);
    this.#undo.push(() => {
      stdin.off('data', onData);
      stdin.off('end', onEnd);
      if (raw) stdin.setRawMode?.(false);
      stdin.pause();
      // A file or a closed input has no `unref`, because it has no handle that keeps the process alive.
      stdin.unref?.();
    });
  }

  #sendSizes(): void {
    const { tty, stdout } = this.#streams;
    if (!tty || stdout !== process.stdout) return;
    const send = (): void => {
      this.#send(channels.resize, Buffer.from(JSON.stringify({ Width: process.stdout.columns, Height: process.stdout.rows })));
    };
    send();
    process.stdout.on('resize', send);
    this.#undo.push(() => process.stdout.off('resize', send));
  }
}

/**
 * Runs one exec or attach session to its end or the signal; resolves with the exit code. Rejects with StatusError or
 * CommandError.
 */
export async function remoteCommand(session: Connection, path: string, streams: RemoteStreams, signal = session.signal): Promise<number> {
  const socket = await openWebSocket(session, path, protocols);
  return exitCodeOf(await new RemoteSession(socket, streams).run(signal));
}
