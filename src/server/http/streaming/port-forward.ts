/** Port-forward over SPDY, direct or tunnelled. Source: kubelet pkg/cri/streaming/portforward/httpstream.go. */

import { type Duplex, pipeline } from 'node:stream';
import { errorText } from '../../../api/error-text.ts';
import type { Clock } from '../../../client/clock.ts';
import type { OnBytes } from './pod-streams.ts';
import { SpdySession, type SpdyStream } from './spdy-session.ts';

export const portForwardProtocol = 'portforward.k8s.io';

/** Upstream's DefaultStreamCreationTimeout. */
const pairTimeoutMs = 30_000;

/** Opens a connection to a port of the pod. */
export type Dial = (port: number) => Promise<Duplex>;

interface Pair {
  data?: SpdyStream;
  error?: SpdyStream;
  cancel(): void;
}

export interface PortForwardOptions {
  /** The upgraded connection; no SPDY bytes have been read from it yet. */
  readonly socket: Duplex;
  readonly dial: Dial;
  /** The pod's name, for messages. */
  readonly podName: string;
  readonly clock: Clock;
  readonly onBytes: OnBytes;
  /** Aborts at shutdown. */
  readonly signal: AbortSignal;
}

/** Serves one connection; resolves when it has ended. */
export function servePortForward(options: PortForwardOptions): Promise<void> {
  const pairs = new Map<string, Pair>();
  return new Promise((resolve) => {
    const session = new SpdySession(
      options.socket,
      {
        onBytes: options.onBytes,
        onStream: (stream) => {
          const type = stream.headers.get('streamtype');
          const port = Number(stream.headers.get('port') ?? '');
          if ((type !== 'data' && type !== 'error') || !Number.isInteger(port) || port < 1 || port > 65535) {
            stream.destroy();
            return;
          }
          // Clients before 1.3 send no request id; the id of their data stream is that of its error stream plus two.
          const requestId = stream.headers.get('requestid') ?? String(type === 'error' ? stream.id : stream.id - 2);
          const pair = pairs.get(requestId) ?? newPair(pairs, requestId, options.clock);
          if (pair[type] !== undefined) {
            stream.destroy();
            return;
          }
          pair[type] = stream;
          const { data, error } = pair;
          if (data === undefined || error === undefined) return;
          pair.cancel();
          pairs.delete(requestId);
          connect(data, error, port, options);
        },
        onClose: () => {
          for (const pair of pairs.values()) pair.cancel();
          resolve();
        },
      },
      options.clock,
    );
    options.signal.addEventListener('abort', () => session.close(), { once: true });
  });
}

function newPair(pairs: Map<string, Pair>, requestId: string, clock: Clock): Pair {
  const cancel = clock.setTimer(pairTimeoutMs, () => {
    const pair = pairs.get(requestId);
    pairs.delete(requestId);
    pair?.data?.destroy();
    pair?.error?.destroy();
  });
  const pair: Pair = { cancel };
  pairs.set(requestId, pair);
  return pair;
}

/** Connects the client's streams to a connection into the pod. */
function connect(data: SpdyStream, error: SpdyStream, port: number, { dial, podName }: PortForwardOptions): void {
  error.resume();
  const fail = (cause: unknown): void => {
    const text = errorText(cause);
    if (!error.destroyed) error.end(`error forwarding port ${port} to pod ${podName}: ${text}`);
    if (!data.destroyed) data.end();
    data.resume();
  };
  dial(port).then((backend) => {
    if (data.destroyed) return void backend.destroy();
    const finish = (cause: Error | null | undefined): void => {
      if (cause != null && !isClosing(cause) && !error.writableEnded) fail(cause);
    };
    pipeline(data, backend, finish);
    pipeline(backend, data, (cause) => {
      finish(cause);
      // The pod has closed its side. The client may still be sending, but nobody reads it.
      if (!error.destroyed && !error.writableEnded) error.end();
      backend.destroy();
    });
    data.once('close', () => backend.destroy());
  }, fail);
}

/** True when either side disconnected. This ends the connection and is not a failure. */
function isClosing(cause: Error): boolean {
  const code = 'code' in cause ? cause.code : undefined;
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED';
}
