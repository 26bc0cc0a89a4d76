/**
 * Joins what a connection hands out in one turn of the event loop. TLS hands out its records, of 16 KiB and less, one
 * by one: a client's message of 32 KiB comes in three.
 */
import type { Duplex } from 'node:stream';
import { failConnection } from '../error-boundary.ts';
import { leastRoomBytes, Slabs } from './slabs.ts';

/**
 * Reads a stream in pieces of up to 256 KiB, which become the receiver's. A piece is handed on in the turn in which it
 * came, and before the stream's `end` and `close` are told to others. Returns what ends the reading.
 */
export function readInLargePieces(source: Duplex, take: (piece: Buffer) => void): () => void {
  const slabs = new Slabs();
  let room: Buffer = Buffer.alloc(0);
  let filled = 0;
  let isDue = false;
  let isStopped = false;
  const flush = (): void => {
    if (filled === 0) return;
    const piece = slabs.take(filled);
    filled = 0;
    if (!isStopped) take(piece);
  };
  const onDue = (): void => {
    isDue = false;
    try {
      flush();
    } catch (error) {
      failConnection(source, error);
    }
  };
  const onData = (chunk: Buffer): void => {
    if (filled + chunk.length > room.length) flush();
    if (filled === 0) {
      if (chunk.length >= leastRoomBytes) {
        take(chunk);
        return;
      }
      room = slabs.room();
    }
    room.set(chunk, filled);
    filled += chunk.length;
    if (isDue) return;
    isDue = true;
    setImmediate(onDue);
  };
  source.on('data', onData);
  source.prependListener('end', flush);
  source.prependListener('close', flush);
  return () => {
    isStopped = true;
    source.off('data', onData);
  };
}
