import type { Writable } from 'node:stream';

/** Writes to a sink and, when its buffer is full, waits until it drains; false once the sink is closed or broken. */
export function writeChunk(sink: Writable, chunk: Uint8Array | string): boolean | Promise<boolean> {
  if (sink.destroyed || sink.writableEnded) return false;
  if (sink.write(chunk)) return true;
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const settle = (alive: boolean): void => {
    sink.off('drain', onDrain);
    sink.off('close', onGone);
    sink.off('error', onGone);
    resolve(alive);
  };
  const onDrain = (): void => settle(true);
  const onGone = (): void => settle(false);
  sink.on('drain', onDrain);
  sink.on('close', onGone);
  sink.on('error', onGone);
  return promise;
}
