/**
 * Joins what a connection hands out in one turn of the event loop. TLS hands out its records, of 16 KiB and less, one
 * by one: a client's message of 32 KiB comes in three.
 */
import type { Duplex } from 'node:stream';
import { failConnection } from '../error-boundary.ts';
import { readIntoMemory } from './into-memory.ts';
import { Slabs } from './slabs.ts';

/** A chunk that is not worth joining with others. */
const largeBytes = 64 * 1024;
/** The longest record of TLS: less room would cut records in two. */
const recordBytes = 16 * 1024;

/**
 * Reads a stream in pieces of up to 256 KiB, which become the receiver's. A piece is handed on in the turn in which it
 * came, and before the stream's `end` and `close` are told to others. Returns what ends the reading.
 */
export function readInLargePieces(source: Duplex, take: (piece: Buffer) => void): () => void {
  const slabs = new Slabs();
  /** So much has been read and not been handed on. */
  let filled = 0;
  let isDue = false;
  let isStopped = false;
  const flush = (): void => {
    if (filled === 0) return;
    const piece = slabs.take(filled);
    filled = 0;
    if (!isStopped) take(piece);
  };
  const flushContained = (): void => {
    try {
      flush();
    } catch (error) {
      failConnection(source, error);
    }
  };
  const onDue = (): void => {
    isDue = false;
    flushContained();
  };
  const add = (bytes: number): void => {
    filled += bytes;
    if (isDue) return;
    isDue = true;
    setImmediate(onDue);
  };
  const isDirect = readIntoMemory(source, {
    room: () => {
      if (slabs.leftBytes - filled < recordBytes) flushContained();
      return slabs.room(filled + recordBytes).subarray(filled);
    },
    onBytes: add,
  });
  const onData = (chunk: Buffer): void => {
    if (isDirect || chunk.length >= largeBytes || slabs.leftBytes - filled < chunk.length) flush();
    // Read directly, the room may be written any time, and this is what the stream had read before.
    if (isDirect || chunk.length >= largeBytes) {
      take(chunk);
      return;
    }
    slabs.room(filled + chunk.length).set(chunk, filled);
    add(chunk.length);
  };
  source.on('data', onData);
  source.prependListener('end', flush);
  source.prependListener('close', flush);
  return () => {
    isStopped = true;
    source.off('data', onData);
  };
}
