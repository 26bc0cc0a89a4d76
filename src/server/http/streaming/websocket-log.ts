/**
 * `pods/log` over WebSocket: each piece of the log is a message. Source: apimachinery
 * pkg/util/httpstream/wsstream/stream.go (NewDefaultReaderProtocols).
 */
import { Writable } from 'node:stream';
import type { Clock } from '../../../client/clock.ts';
import type { WebSocketConnection } from '../../../client/web-socket/web-socket-connection.ts';

const textProtocol = 'base64.binary.k8s.io';
/** Supported sub-protocols; a client that offers none gets the first. */
export const webSocketLogProtocols: readonly string[] = ['binary.k8s.io', textProtocol];

/** When following a log that has no output, the handshake is made after this long. */
const acceptAfterMs = 500;
const highWaterBytes = 256 * 1024;

export interface WebSocketLog {
  /**
   * Makes the handshake. Called once, before the first message, so that earlier errors can still be sent as HTTP
   * responses.
   */
  accept(): Promise<WebSocketConnection>;
  readonly protocol: string;
  readonly follow: boolean;
  /** Writes the log into the sink until the log ends or the signal aborts. */
  logs(sink: Writable, signal: AbortSignal): Promise<void>;
  readonly clock: Clock;
  /** Aborts at shutdown. */
  readonly signal: AbortSignal;
}

/** Serves one log to its end. Rejects with the error of `logs` when it fails before the handshake. */
export async function serveWebSocketLog({ accept, protocol, follow, logs, clock, signal }: WebSocketLog): Promise<void> {
  const gone = new AbortController();
  let accepted: Promise<WebSocketConnection> | undefined;
  const connection = (): Promise<WebSocketConnection> => {
    accepted ??= accept().then((socket) => {
      socket.once('close', () => gone.abort());
      socket.read(() => undefined);
      return socket;
    });
    return accepted;
  };
  const base64 = protocol === textProtocol;
  const send = async (chunk: Buffer): Promise<void> => {
    const socket = await connection();
    if (!socket.isOpen) return;
    await new Promise<void>((resolve) => {
      socket.send([base64 ? Buffer.from(chunk.toString('base64')) : chunk], { isText: base64, sent: resolve });
      if (socket.bufferedBytes < highWaterBytes) resolve();
    });
  };
  const sink = new Writable({
    highWaterMark: 64 * 1024,
    write: (chunk: Buffer, _encoding, callback) => {
      send(chunk).then(() => callback(), callback);
    },
  });
  sink.on('error', () => gone.abort());
  const cancel = follow ? clock.setTimer(acceptAfterMs, () => void connection().catch(() => gone.abort())) : (): void => undefined;
  try {
    await logs(sink, AbortSignal.any([gone.signal, signal]));
    await new Promise<void>((resolve) => sink.end(resolve));
    (await connection()).close();
  } catch (error) {
    if (accepted === undefined) throw error;
    (await accepted).terminate();
  } finally {
    cancel();
  }
}
