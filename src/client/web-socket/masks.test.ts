import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unmask } from './masks.ts';

/** RFC 6455, 5.3: octet i is XORed with octet i modulo 4 of the key. */
const byTheBook = (bytes: Uint8Array, mask: Uint8Array): Uint8Array => bytes.map((byte, i) => byte ^ (mask[i % 4] ?? 0));

const mask = Uint8Array.from([0x81, 0x02, 0xf3, 0x44]);
const content = Uint8Array.from({ length: 96 }, (_, i) => i * 37);

describe('masks of WebSocket frames', () => {
  it('are those of the protocol, whatever the length and wherever the bytes lie', () => {
    for (let at = 0; at < 8; at++) {
      for (let length = 0; length < 80; length++) {
        const memory = content.slice();
        unmask(memory.subarray(at, at + length), mask);
        const expected = content.slice();
        expected.set(byTheBook(content.subarray(at, at + length), mask), at);
        assert.deepEqual(memory, expected, `${length} bytes at ${at}`);
      }
    }
  });

  it('go on in the next piece where they ended', () => {
    const whole = byTheBook(content, mask);
    for (let cut = 0; cut < content.length; cut++) {
      const memory = content.slice();
      unmask(memory.subarray(0, cut), mask);
      unmask(memory.subarray(cut), mask, cut);
      assert.deepEqual(memory, whole, `cut at ${cut}`);
    }
  });
});
