const HEADER_BYTES = 8;

/** Receives a piece of output. Returning false (or a promise of it) stops reading. */
export type OutputWriter = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => boolean | Promise<boolean>;

/**
 * Splits Docker's framed stream (8 bytes: stream, three zeros, big-endian length) and passes the payload on without
 * copying or buffering. The source is not read further before the writer's promise resolves. Ends with the source, or
 * when the writer returns false.
 */
export async function demultiplex(source: AsyncIterable<Uint8Array>, write: OutputWriter): Promise<void> {
  const header = Buffer.alloc(HEADER_BYTES);
  let headerBytes = 0;
  let leftBytes = 0;
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length; ) {
      if (leftBytes === 0) {
        const part = chunk.subarray(at, at + HEADER_BYTES - headerBytes);
        header.set(part, headerBytes);
        headerBytes += part.length;
        at += part.length;
        if (headerBytes < HEADER_BYTES) continue;
        headerBytes = 0;
        leftBytes = header.readUInt32BE(4);
        continue;
      }
      const part = chunk.subarray(at, at + leftBytes);
      leftBytes -= part.length;
      at += part.length;
      const more = write(header[0] === 2 ? 'stderr' : 'stdout', part);
      if (!(typeof more === 'boolean' ? more : await more)) return;
    }
  }
}

/** Passes a raw (TTY) stream on as stdout, with the same back-pressure. */
export async function passThrough(source: AsyncIterable<Uint8Array>, write: OutputWriter): Promise<void> {
  for await (const chunk of source) {
    const more = write('stdout', chunk);
    if (!(typeof more === 'boolean' ? more : await more)) return;
  }
}
