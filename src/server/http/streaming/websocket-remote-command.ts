/**
 * exec and attach over WebSocket (kubectl from 1.30, browsers). Source: kubelet
 * pkg/cri/streaming/remotecommand/websocket.go.
 */
import type { Clock } from '../../../client/clock.ts';
import type { WebSocketConnection } from '../../../client/web-socket/web-socket-connection.ts';
import type { OnBytes } from './pod-streams.ts';
import { type RemoteRun, serveRemoteCommand, type Wanted } from './remote-command.ts';
import { WebSocketChannels } from './websocket-channels.ts';

export const webSocketCommandProtocols: readonly string[] = [
  ...['v5.channel.k8s.io', 'v4.channel.k8s.io', 'v4.base64.channel.k8s.io', 'channel.k8s.io', 'base64.channel.k8s.io'],
];

const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4 } as const;

export interface WebSocketCommand {
  readonly socket: WebSocketConnection;
  readonly protocol: string;
  readonly wanted: Wanted;
  readonly verb: 'exec' | 'attach';
  readonly run: RemoteRun;
  readonly onBytes: OnBytes;
  readonly clock: Clock;
  /** Aborts at shutdown. */
  readonly signal: AbortSignal;
}

/** Serves one session; resolves when it has ended. */
export function serveWebSocketCommand({ socket, protocol, wanted, verb, run, onBytes, clock, signal }: WebSocketCommand): Promise<void> {
  const connection = new WebSocketChannels(socket, {
    base64: protocol.includes('base64'),
    closeSignal: protocol.startsWith('v5'),
    onBytes,
    clock,
  });
  signal.addEventListener('abort', () => connection.close(), { once: true });
  // An empty message on the lowest channel tells the client that the connection is established.
  const first = wanted.stdout ? channels.stdout : wanted.stderr && !wanted.tty ? channels.stderr : channels.error;
  connection.send(first, Buffer.alloc(0), () => undefined);
  return serveRemoteCommand(
    {
      stdin: wanted.stdin ? connection.input(channels.stdin) : undefined,
      stdout: wanted.stdout ? connection.output(channels.stdout) : undefined,
      stderr: wanted.stderr && !wanted.tty ? connection.output(channels.stderr) : undefined,
      resize: wanted.tty ? connection.input(channels.resize) : undefined,
      error: connection.output(channels.error),
      statusAsJson: protocol.startsWith('v4') || protocol.startsWith('v5'),
      signal: connection.signal,
      close: () => connection.close(),
    },
    wanted,
    verb,
    run,
  );
}
