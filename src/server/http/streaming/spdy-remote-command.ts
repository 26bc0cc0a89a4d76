/** exec and attach over SPDY (kubectl up to 1.29). Source: kubelet pkg/cri/streaming/remotecommand/httpstream.go. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../../client/clock.ts';
import type { OnBytes } from './pod-streams.ts';
import type { RemoteRun, Wanted } from './remote-command.ts';
import { serveRemoteCommand } from './remote-command.ts';
import { SpdySession, type SpdyStream } from './spdy-session.ts';
import { switchProtocols } from './spdy-upgrade.ts';

export const spdyCommandProtocols: readonly string[] = ['v4.channel.k8s.io', 'v3.channel.k8s.io', 'v2.channel.k8s.io', 'channel.k8s.io'];

/** Upstream's DefaultStreamCreationTimeout. */
const streamCreationTimeoutMs = 30_000;

/** The names of the streams that a client must open. */
function expectedStreams(wanted: Wanted, protocol: string): readonly string[] {
  const resizes = wanted.tty && (protocol === 'v3.channel.k8s.io' || protocol === 'v4.channel.k8s.io');
  return [
    'error',
    ...(wanted.stdin ? ['stdin'] : []),
    ...(wanted.stdout ? ['stdout'] : []),
    ...(wanted.stderr && !wanted.tty ? ['stderr'] : []),
    ...(resizes ? ['resize'] : []),
  ];
}

export interface SpdyCommand {
  readonly incoming: IncomingMessage;
  readonly socket: Duplex;
  readonly head: Buffer;
  readonly protocol: string;
  readonly wanted: Wanted;
  readonly verb: 'exec' | 'attach';
  readonly run: RemoteRun;
  readonly clock: Clock;
  readonly onBytes: OnBytes;
  /** Aborts at shutdown. */
  readonly signal: AbortSignal;
}

/** Serves one session; resolves when it has ended. */
export function serveSpdyCommand(command: SpdyCommand): Promise<void> {
  const { socket, protocol, wanted } = command;
  const expected = expectedStreams(wanted, protocol);
  const streams = new Map<string, SpdyStream>();
  const gone = new AbortController();
  return new Promise((resolve) => {
    const session = new SpdySession(
      socket,
      {
        onBytes: command.onBytes,
        onStream: (stream) => {
          const type = (stream.headers.get('streamtype') ?? '').toLowerCase();
          if (streams.has(type) || !expected.includes(type)) {
            stream.destroy();
            return;
          }
          streams.set(type, stream);
          if (streams.size < expected.length) return;
          cancel();
          const done = serveRemoteCommand(sessionOf(streams, session, protocol, gone.signal), wanted, command.verb, command.run);
          done.then(resolve, resolve);
        },
        onClose: () => {
          cancel();
          gone.abort();
          if (streams.size < expected.length) resolve();
        },
      },
      command.clock,
    );
    const cancel = command.clock.setTimer(streamCreationTimeoutMs, () => session.destroy());
    command.signal.addEventListener('abort', () => session.close(), { once: true });
    switchProtocols(socket, {
      Connection: 'Upgrade',
      Upgrade: 'SPDY/3.1',
      ...(protocol === '' ? {} : { 'X-Stream-Protocol-Version': protocol }),
    });
    if (command.head.length > 0) socket.unshift(command.head);
  });
}

function sessionOf(streams: ReadonlyMap<string, SpdyStream>, session: SpdySession, protocol: string, signal: AbortSignal) {
  const error = streams.get('error');
  // The error stream is always expected, and this is called when all expected ones are there.
  if (error === undefined) throw new Error('no error stream');
  error.resume();
  for (const name of ['stdout', 'stderr']) streams.get(name)?.resume();
  return {
    error,
    stdin: streams.get('stdin'),
    stdout: streams.get('stdout'),
    stderr: streams.get('stderr'),
    resize: streams.get('resize'),
    statusAsJson: protocol === 'v4.channel.k8s.io',
    signal,
    close: () => session.close(),
  };
}
