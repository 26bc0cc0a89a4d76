/** Where a watch writes: a Node response, a web stream (tests without sockets) or a WebSocket. */
import type { NodeBindings } from '../exchange.ts';

export interface WatchSink {
  /** False: hold back until `onDrain`. */
  write(chunk: Uint8Array): boolean;
  onDrain(callback: () => void): void;
  /** The client has gone, or `end` is through. Called once. */
  onClose(callback: () => void): void;
  end(): void;
  /** Cuts the connection with what is still unsent. */
  destroy(): void;
}

/** Streams into Node's response directly: back-pressure comes from the socket and frames are not copied through web streams. */
export function nodeSink({ outgoing }: NodeBindings, headers: Readonly<Record<string, string | readonly string[]>>): WatchSink {
  // Http2ServerResponse and ServerResponse share these methods, but their overloads have no common call signature.
  const response = outgoing as import('node:http').ServerResponse;
  response.writeHead(200, headers as Record<string, string | string[]>);
  response.flushHeaders();
  response.on('error', () => response.destroy());
  return {
    write: (chunk) => response.write(chunk),
    onDrain: (callback) => {
      response.on('drain', callback);
    },
    onClose: (callback) => {
      response.once('close', callback);
      if (response.destroyed || response.socket?.destroyed === true) queueMicrotask(callback);
    },
    end: () => {
      response.end();
    },
    destroy: () => {
      response.destroy();
    },
  };
}

/** A web stream with the same shape. */
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
