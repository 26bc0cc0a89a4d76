import assert from 'node:assert/strict';
import { it } from 'node:test';
import { demultiplex } from './demultiplex.ts';

function frame(stream: 1 | 2, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function* pieces(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

it('takes frames apart wherever the chunks are cut', async () => {
  const bytes = Buffer.concat([frame(1, 'one'), frame(2, ''), frame(2, 'two'), frame(1, 'three')]);
  for (let size = 1; size <= bytes.length; size++) {
    const out = { stdout: '', stderr: '' };
    await demultiplex(pieces(Buffer.from(bytes), size), (stream, chunk) => {
      out[stream] += Buffer.from(chunk).toString();
      return true;
    });
    assert.deepEqual(out, { stdout: 'onethree', stderr: 'two' });
  }
});

it('passes the frames of one stream that come together on as one piece, in the order of the streams', async () => {
  const bytes = Buffer.concat([
    frame(1, 'one '),
    frame(1, ''),
    frame(1, 'piece'),
    frame(2, 'another'),
    frame(1, 'and '),
    frame(1, 'a third'),
  ]);
  const out: string[] = [];
  await demultiplex(pieces(bytes, bytes.length), (stream, chunk) => {
    out.push(`${stream}: ${Buffer.from(chunk).toString()}`);
    return true;
  });
  assert.deepEqual(out, ['stdout: one piece', 'stderr: another', 'stdout: and a third']);
});

it('does not read on before the writer is ready, and stops when it says so', async () => {
  let read = 0;
  async function* source(): AsyncGenerator<Uint8Array> {
    for (;;) {
      read++;
      yield frame(1, 'x');
    }
  }
  const gate = Promise.withResolvers<boolean>();
  const done = demultiplex(source(), () => gate.promise);
  await new Promise((turn) => setImmediate(turn));
  assert.equal(read, 1);
  gate.resolve(false);
  await done;
  assert.equal(read, 1);
});
