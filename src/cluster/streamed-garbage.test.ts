import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { StreamedGarbage, youngCollector } from './streamed-garbage.ts';

const mebi = 1024 * 1024;

describe('the garbage of streams', () => {
  it('is collected in proportion to what they carry, however it is cut', () => {
    const collections = (pieceBytes: number, totalBytes: number): number => {
      let count = 0;
      const garbage = new StreamedGarbage(() => {
        count += 1;
      });
      for (let sent = 0; sent < totalBytes; sent += pieceBytes) garbage.add(pieceBytes);
      return count;
    };
    const few = collections(16 * 1024, 64 * mebi);
    assert.ok(few > 0);
    assert.equal(collections(64 * 1024, 64 * mebi), few);
    assert.equal(collections(16 * 1024, 128 * mebi), 2 * few);
    assert.equal(collections(1, 100_000), 0);
  });

  it('goes in a collection of young objects, each time', async () => {
    const collect = youngCollector();
    const heldBytes = (): number => process.memoryUsage().arrayBuffers;
    // What others left is not looked at below.
    collect();
    collect();
    for (let round = 0; round < 3; round++) {
      const from = heldBytes();
      for (let piece = 0; piece < 64; piece++) new Uint8Array(64 * 1024).fill(1);
      assert.ok(heldBytes() >= from + 3 * mebi, 'there is no garbage');
      await new Promise(setImmediate);
      collect();
      // A collection's memory is counted as free at the next one's begin.
      collect();
      assert.ok(heldBytes() < from + mebi, `${heldBytes() - from} bytes are left`);
    }
  });
});
