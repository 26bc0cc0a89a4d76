const HEADER_BYTES = 8;

/** Receives a piece of output. Returning false (or a promise of it) stops reading. */
export type OutputWriter = (stream: 'stdout' | 'stderr', chunk: Uint8Array) => boolean | Promise<boolean>;

type OutputStream = 'stdout' | 'stderr';

/**
 * Splits Docker's framed stream (8 bytes: stream, three zeros, big-endian length) and passes the payload on without
 * buffering. Frames of one stream that come in one chunk are passed on as one piece: they are moved together within the
 * chunk, which must be the caller's to give. The source is not read further before the writer's promise resolves. Ends
 * with the source, or when the writer returns false.
 */
export async function demultiplex(source: AsyncIterable<Uint8Array>, write: OutputWriter): Promise<void> {
  const header = Buffer.alloc(HEADER_BYTES);
  let headerBytes = 0;
  let leftBytes = 0;
  for await (const chunk of source) {
    /** What is to be written next: a part of the chunk. */
    let [stream, from, to]: [OutputStream, number, number] = ['stdout', 0, 0];
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
      const end = Math.min(at + leftBytes, chunk.length);
      const of = header[0] === 2 ? 'stderr' : 'stdout';
      leftBytes -= end - at;
      if (of === stream && to > from) {
        chunk.copyWithin(to, at, end);
        to += end - at;
      } else {
        if (to > from && !(await write(stream, chunk.subarray(from, to)))) return;
        [stream, from, to] = [of, at, end];
      }
      at = end;
    }
    if (to > from && !(await write(stream, chunk.subarray(from, to)))) return;
  }
}

/** Passes a raw (TTY) stream on as stdout, with the same back-pressure. */
export async function passThrough(source: AsyncIterable<Uint8Array>, write: OutputWriter): Promise<void> {
  for await (const chunk of source) {
    const more = write('stdout', chunk);
    if (!(typeof more === 'boolean' ? more : await more)) return;
  }
}
