/**
 * Port-forward over WebSocket: SPDY tunnelled (kubectl from 1.31), or two channels per port (browsers). Source: kubelet
 * pkg/cri/streaming/portforward/websocket.go.
 */

import { Duplex } from 'node:stream';
import { errorText } from '../../../api/error-text.ts';
import type { Clock } from '../../../client/clock.ts';
import { containConnection, failConnection } from '../../../client/error-boundary.ts';
import type { WebSocketConnection } from '../../../client/web-socket/web-socket-connection.ts';
import type { OnBytes } from './pod-streams.ts';
import type { Dial } from './port-forward.ts';
import { WebSocketChannels } from './websocket-channels.ts';

export const tunnelProtocol = 'SPDY/3.1+portforward.k8s.io';
/** With v5 a client can half-close, as over SPDY. Differs: upstream supports v5 for commands only. */
const halfCloseProtocol = 'v5.channel.k8s.io';
export const channelPortForwardProtocols: readonly string[] = [
  halfCloseProtocol,
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
];

const highWaterBytes = 256 * 1024;

/** Turns the messages of a WebSocket into one byte stream. */
export function tunnel(socket: WebSocketConnection): Duplex {
  const bytes = new Duplex({
    highWaterMark: highWaterBytes,
    read: () => socket.resume(),
    write: (chunk: Buffer, _encoding, callback) => {
      if (socket.isOpen && socket.bufferedBytes < highWaterBytes) {
        socket.send([chunk]);
        callback();
      } else socket.send([chunk], { sent: callback });
    },
    final: (callback) => {
      socket.close();
      callback();
    },
    destroy: (error, callback) => {
      socket.terminate();
      callback(error);
    },
  });
  containConnection(bytes, (error) => failConnection(socket, error));
  socket.read((piece) => {
    if (piece.length > 0 && !bytes.destroyed && !bytes.push(piece)) socket.pause();
  });
  socket.once('close', () => {
    if (bytes.destroyed) return;
    bytes.push(null);
    bytes.destroy();
  });
  return bytes;
}

/**
 * Serves `?ports=…`. Each port has a data and an error channel; each channel starts with the port's number,
 * little-endian.
 */
export async function serveChannelPortForward(
  socket: WebSocketConnection,
  protocol: string,
  ports: readonly number[],
  dial: Dial,
  options: { readonly podName: string; readonly onBytes: OnBytes; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const connection = new WebSocketChannels(socket, {
    base64: protocol.includes('base64'),
    closeSignal: protocol === halfCloseProtocol,
    onBytes: options.onBytes,
    clock: options.clock,
  });
  options.signal.addEventListener('abort', () => connection.close(), { once: true });
  const sessions = ports.map(async (port, index) => {
    const [input, output, error] = [connection.input(index * 2), connection.output(index * 2), connection.output(index * 2 + 1)];
    const prefix = Buffer.alloc(2);
    prefix.writeUInt16LE(port);
    output.write(prefix);
    error.write(prefix);
    try {
      const backend = await dial(port);
      connection.signal.addEventListener('abort', () => backend.destroy(), { once: true });
      input.pipe(backend);
      backend.pipe(output);
      await new Promise<void>((resolve, reject) => {
        backend.once('error', reject);
        backend.once('close', resolve);
        // The pod has closed its side. The client may still be sending, but nobody reads it.
        output.once('finish', resolve);
      });
      backend.destroy();
    } catch (cause) {
      const text = errorText(cause);
      if (!error.destroyed) error.write(`error forwarding port ${port} to pod ${options.podName}: ${text}`);
    }
  });
  await Promise.all(sessions);
  connection.close();
}
