import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { constants, deflateSync, inflateSync } from 'node:zlib';
import {
  controlFrame,
  dataHeader,
  dictionary,
  type Frame,
  FrameParser,
  frameTypes,
  HeaderReader,
  HeaderWriter,
  uint32,
} from './spdy-frames.ts';

/** A header block as a client writes it. */
const pairs = (headers: Readonly<Record<string, string>>): Buffer => {
  const entries = Object.entries(headers);
  const text = (value: string): Buffer => Buffer.concat([uint32(Buffer.byteLength(value)), Buffer.from(value)]);
  return Buffer.concat([uint32(entries.length), ...entries.flatMap(([name, value]) => [text(name), text(value)])]);
};

describe('SPDY frames', () => {
  it('has the dictionary of the protocol', () => assert.equal(dictionary.length, 1423));

  it('are cut from the stream wherever it breaks; data is handed on as it comes', () => {
    const data = Buffer.concat([dataHeader(3, true, 5), Buffer.from('hello')]);
    const bytes = Buffer.concat([data, controlFrame(frameTypes.ping, 0, uint32(7)), dataHeader(5, true, 0)]);
    for (let size = 1; size <= bytes.length; size += 1) {
      const parser = new FrameParser();
      const frames: Frame[] = [];
      for (let at = 0; at < bytes.length; at += size) frames.push(...parser.push(bytes.subarray(at, at + size)));
      const parts = frames.filter((frame) => !frame.control && frame.streamId === 3);
      assert.deepEqual(Buffer.concat(parts.map(({ payload }) => payload)), Buffer.from('hello'));
      // Only the last part ends the stream.
      assert.deepEqual(
        parts.map((part) => !part.control && part.fin),
        parts.map((_, i) => i === parts.length - 1),
      );
      assert.deepEqual(frames.slice(parts.length), [
        { control: true, type: 6, flags: 0, payload: uint32(7) },
        { control: false, streamId: 5, fin: true, payload: Buffer.alloc(0) },
      ]);
    }
  });

  it('of one stream that come together are joined, up to one that is its last', () => {
    const data = (id: number, text: string, fin = false): Buffer[] => [dataHeader(id, fin, text.length), Buffer.from(text)];
    const parser = new FrameParser();
    const frames = parser.push(
      Buffer.concat([
        ...[...data(3, 'one '), ...data(3, 'two '), ...data(5, 'other '), ...data(3, 'three '), ...data(3, 'four ', true)],
        ...[...data(5, 'more '), controlFrame(frameTypes.ping, 0, uint32(7)), ...data(5, 'behind')],
      ]),
    );
    assert.deepEqual(
      frames.map((frame) => (frame.control ? 'ping' : `${frame.streamId}: ${frame.payload}${frame.fin ? 'end' : ''}`)),
      ['3: one two ', '5: other ', '3: three four end', '5: more ', 'ping', '5: behind'],
    );
  });

  it('hold back no data and copy none', () => {
    const parser = new FrameParser();
    const first = Buffer.concat([dataHeader(3, false, 10), Buffer.from('hello')]);
    const second = Buffer.from('world');
    const [a] = parser.push(first);
    const [b] = parser.push(second);
    assert.deepEqual([a?.payload.toString(), b?.payload.toString()], ['hello', 'world']);
    for (const [frame, chunk] of [
      [a, first],
      [b, second],
    ] as const)
      assert.equal(frame?.payload.buffer, chunk.buffer);
    assert.equal(b?.payload.byteOffset, second.byteOffset);
  });

  it('refuses other versions and frames beyond measure', () => {
    assert.throws(() => new FrameParser().push(Buffer.from([0x80, 2, 0, 1, 0, 0, 0, 0])), /SPDY version 2 is not supported/);
    assert.throws(() => new FrameParser().push(Buffer.from([0, 0, 0, 1, 0, 0xff, 0xff, 0xff])), /SPDY frame too large/);
  });

  it('reads the header blocks of one connection one after the other', () => {
    const whole = pairs({ streamtype: 'error' });
    const block = deflateSync(whole, { dictionary, finishFlush: constants.Z_SYNC_FLUSH });
    const reader = new HeaderReader();
    assert.deepEqual([...reader.read(block)], [['streamtype', 'error']]);
    // A second block goes on where the first ended: here as a stored one.
    const next = pairs({ StreamType: 'data', port: '80' });
    const length = Buffer.alloc(4);
    length.writeUInt16LE(next.length, 0);
    length.writeUInt16LE(~next.length & 0xffff, 2);
    const stored = Buffer.concat([Buffer.from([0]), length, next, Buffer.from([0, 0, 0, 0xff, 0xff])]);
    assert.deepEqual(
      [...reader.read(stored)],
      [
        ['streamtype', 'data'],
        ['port', '80'],
      ],
    );
  });

  it('writes empty header blocks that any zlib reads', () => {
    const writer = new HeaderWriter();
    const all = Buffer.concat([writer.empty(), writer.empty()]);
    const read = inflateSync(all, { dictionary, finishFlush: constants.Z_SYNC_FLUSH });
    assert.deepEqual(read, Buffer.alloc(8));
    assert.deepEqual(all.subarray(-5), Buffer.from([0, 0, 0, 0xff, 0xff]));
  });
});
