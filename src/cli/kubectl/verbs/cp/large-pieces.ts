/** What is sent or written costs by the piece as much as by the byte: small pieces are put together. */
const largeBytes = 256 * 1024;

/** The same bytes in pieces of at least 256 KiB, but for the last. */
export async function* inLargePieces(content: AsyncIterable<Buffer> | Iterable<Buffer>): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of content) {
    pieces.push(piece);
    length += piece.length;
    if (length < largeBytes) continue;
    yield joined(pieces, length);
    pieces = [];
    length = 0;
  }
  if (length > 0) yield joined(pieces, length);
}

const joined = (pieces: readonly Buffer[], length: number): Buffer =>
  pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces, length);
