/**
 * Lets a socket read into memory of its reader, as Node's option `onread` does, which Node takes for new connections of
 * clients only: without it, each record of TLS is allocated, collected, and passed through the stream's machinery.
 */
import type { Duplex } from 'node:stream';

/** Where a socket reads to. */
export interface ReaderMemory {
  /** Where the next bytes go; called before each reading. The socket writes there until it is given the next. */
  room(): Uint8Array;
  /** So many bytes have been written at the beginning of the room. */
  onBytes(bytes: number): void;
}

/** The members of Node's sockets that keep what `onread` says. Source: Node lib/net.js, stream_base_commons.js. */
const memberNames = ['kBuffer', 'kBufferCb', 'kBufferGen'] as const;

/**
 * Whether the socket reads so from now on. `data` then brings only what it had read before; `end`, `close`, pause and
 * resume are as ever. False for streams that are no sockets of Node's, and where Node has no such members any more:
 * they are not part of its API.
 */
export function readIntoMemory(source: Duplex, { room, onBytes }: ReaderMemory): boolean {
  const symbols = Object.getOwnPropertySymbols(source);
  const [buffer, callback, next] = memberNames.map((name) => symbols.find(({ description }) => description === name));
  if (buffer === undefined || callback === undefined || next === undefined) return false;
  // Has what no type declares; each of it is looked at before it is used.
  const socket = source as unknown as Record<symbol, unknown> & { readonly _handle?: { useUserBuffer?: unknown } | null };
  const handle = socket._handle;
  if (typeof handle?.useUserBuffer !== 'function' || socket[buffer] !== null) return false;
  const first = room();
  Object.assign(socket, { [buffer]: first, [callback]: onBytes, [next]: room });
  handle.useUserBuffer(first);
  return true;
}
