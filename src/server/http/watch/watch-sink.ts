/** The destination of a watch: a Node response, a web stream (tests without sockets) or a WebSocket. */
import { ServerResponse } from 'node:http';
import { cutOff } from '../cut-off.ts';
import type { NodeBindings } from '../exchange.ts';

export interface WatchSink {
  /** Returns false when the caller must wait for `onDrain` before the next write. */
  write(chunk: Uint8Array): boolean;
  onDrain(callback: () => void): void;
  /** Calls back once, when the client has disconnected or `end` has completed. */
  onClose(callback: () => void): void;
  end(): void;
  /** Closes the connection and drops data that has not been sent. */
  destroy(): void;
}

const crlf = Buffer.from('\r\n');
const chunks = new WeakMap<Uint8Array, Buffer>();

/** A frame as an HTTP/1.1 chunk; made once for all clients that share the frame. */
function chunkOf(frame: Uint8Array): Buffer {
  const known = chunks.get(frame);
  if (known !== undefined) return known;
  const made = Buffer.concat([Buffer.from(`${frame.byteLength.toString(16)}\r\n`), frame, crlf]);
  chunks.set(frame, made);
  return made;
}

/**
 * Writes directly to Node's response: back-pressure comes from the socket, and frames are not copied through web
 * streams.
 */
export function nodeSink({ outgoing }: NodeBindings, headers: Readonly<Record<string, string | readonly string[]>>): WatchSink {
  // Http2ServerResponse and ServerResponse share these methods, but their overloads have no common call signature.
  const response = outgoing as ServerResponse;
  response.writeHead(200, headers as Record<string, string | string[]>);
  response.flushHeaders();
  response.on('error', () => response.destroy());
  // Over HTTP/1.1, complete chunks are written directly to the socket: ServerResponse would make four writes of each.
  const socket = outgoing instanceof ServerResponse && outgoing.chunkedEncoding ? outgoing.socket : null;
  return {
    write: (frame) => (socket === null ? response.write(frame) : !socket.writable || socket.write(chunkOf(frame))),
    onDrain: (callback) => {
      (socket ?? response).on('drain', callback);
      if (socket !== null) response.once('close', () => socket.off('drain', callback));
    },
    onClose: (callback) => {
      response.once('close', callback);
      if (response.destroyed || response.socket?.destroyed === true) queueMicrotask(callback);
    },
    end: () => {
      response.end();
    },
    destroy: () => cutOff(outgoing),
  };
}

/** The same interface over a web stream. */
export function webSink(): { readonly sink: WatchSink; readonly body: ReadableStream<Uint8Array> } {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let drained = (): void => undefined;
  let closed = (): void => undefined;
  let open = true;
  const finish = (): void => {
    if (!open) return;
    open = false;
    closed();
  };
  const body = new ReadableStream<Uint8Array>(
    {
      start: (given) => {
        controller = given;
      },
      pull: () => drained(),
      cancel: finish,
    },
    { highWaterMark: 64 * 1024, size: (chunk) => chunk?.byteLength ?? 0 },
  );
  const sink: WatchSink = {
    write: (chunk) => {
      if (!open) return false;
      controller?.enqueue(chunk);
      return (controller?.desiredSize ?? 0) > 0;
    },
    onDrain: (callback) => {
      drained = callback;
    },
    onClose: (callback) => {
      closed = callback;
    },
    end: () => {
      if (open) controller?.close();
      finish();
    },
    destroy: () => {
      if (open) controller?.error(new Error('watch cut'));
      finish();
    },
  };
  return { sink, body };
}
