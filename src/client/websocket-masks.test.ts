import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { maskInto, unmask } from './websocket-masks.ts';

/** RFC 6455, 5.3: octet i is XORed with octet i modulo 4 of the key. */
const byTheBook = (bytes: Uint8Array, mask: Uint8Array): Uint8Array => bytes.map((byte, i) => byte ^ (mask[i % 4] ?? 0));

const mask = Uint8Array.from([0x81, 0x02, 0xf3, 0x44]);
const content = Uint8Array.from({ length: 64 }, (_, i) => i * 37);

describe('masks of WebSocket frames', () => {
  it('are those of the protocol, whatever the length and wherever the bytes lie', () => {
    for (let at = 0; at < 8; at++) {
      for (let length = 0; length < 24; length++) {
        const memory = content.slice();
        unmask(memory.subarray(at, at + length), mask);
        const expected = content.slice();
        expected.set(byTheBook(content.subarray(at, at + length), mask), at);
        assert.deepEqual(memory, expected, `${length} bytes at ${at}`);
      }
    }
  });

  it('are put upon what is sent without changing it, into any place', () => {
    for (let at = 0; at < 8; at++) {
      const source = content.slice(3, 33);
      const output = new Uint8Array(64);
      maskInto(source, mask, output, at, 29);
      assert.deepEqual(source, content.slice(3, 33));
      const expected = new Uint8Array(64);
      expected.set(byTheBook(source.subarray(0, 29), mask), at);
      assert.deepEqual(output, expected, `at ${at}`);
    }
  });

  it('may be put upon bytes in their own place', () => {
    const bytes = content.slice();
    maskInto(bytes, mask, bytes, 0, bytes.length);
    assert.deepEqual(bytes, byTheBook(content, mask));
  });

  it('are used by ws', async (t) => {
    const { default: http } = await import('node:http');
    const used = t.mock.method(http as typeof http & { websocketUnmask: typeof unmask }, 'websocketUnmask');
    const { Receiver } = (await import('ws')) as unknown as { Receiver: new (options: object) => NodeJS.WritableStream }; // missing in its types
    const receiver = new Receiver({ isServer: true });
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    receiver.on('message', resolve);
    receiver.write(Buffer.concat([Uint8Array.of(0x82, 0x80 | content.length), mask, byTheBook(content, mask)]));
    assert.deepEqual(Uint8Array.from(await promise), content);
    assert.equal(used.mock.callCount(), 1);
  });
});
