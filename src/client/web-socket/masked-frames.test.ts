import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { FrameReader, opcodes } from './frame-reader.ts';
import { MaskedFrames } from './masked-frames.ts';

/** What a server reads of a client's frames. */
function contentOf(frames: readonly Buffer[]): Buffer {
  const pieces: Buffer[] = [];
  const reader = new FrameReader(true, { onPiece: (piece) => pieces.push(piece), onControl: () => assert.fail('a control frame') });
  for (const frame of frames) reader.push(Buffer.from(frame));
  return Buffer.concat(pieces);
}

describe('masked frames', () => {
  it('carry what was sent, in new memory and in that of frames before', () => {
    const masked = new MaskedFrames();
    for (const bytes of [100_000, 90_000, 200_000, 100, 32 * 1024, 3_000_000, 0, 199_999]) {
      const sent = randomBytes(bytes);
      const parts = [sent.subarray(0, 1), sent.subarray(1)];
      const frames = [0, 1].map(() => masked.frame(opcodes.binary, parts, bytes));
      assert.ok(contentOf(frames).equals(Buffer.concat([sent, sent])), `${bytes} bytes`);
      assert.ok(Buffer.concat(parts).equals(sent), 'what the sender has stays as it is');
      for (const frame of frames) masked.release(frame);
    }
  });

  it('take the memory of a large frame only when it was given back', () => {
    const masked = new MaskedFrames();
    const part = randomBytes(100_000);
    const [first, second] = [0, 1].map(() => masked.frame(opcodes.binary, [part], part.length));
    assert.notEqual(first?.buffer, second?.buffer);
    masked.release(first ?? assert.fail());
    const third = masked.frame(opcodes.binary, [part], part.length);
    assert.equal(third.buffer, first?.buffer);
    assert.ok(contentOf([second ?? assert.fail(), third]).equals(Buffer.concat([part, part])));
  });

  it('have masks that do not repeat', () => {
    const masked = new MaskedFrames();
    const masks = Array.from({ length: 3000 }, () => masked.frame(opcodes.binary, [], 0).toString('hex', 2, 6));
    // Of three thousand random masks, two are the same in one run of a thousand.
    assert.ok(new Set(masks).size > 2990);
  });
});
