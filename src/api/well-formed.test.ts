import assert from 'node:assert/strict';
import { it } from 'node:test';
import { wellFormedJson } from './well-formed.ts';

const read = (text: string): unknown => JSON.parse(wellFormedJson(text));

it('halves of surrogate pairs become U+FFFD, wherever they stand', () => {
  assert.deepEqual(read(String.raw`{"\ud800": "\ud800", "b": "x\udc00y", "c": "\uDC00\uD800"}`), {
    '\ufffd': '\ufffd',
    b: 'x\ufffdy',
    c: '\ufffd\ufffd',
  });
  assert.equal(read(String.raw`"\ud800\ud83d\ude00"`), '\ufffd\u{1f600}');
});

it('whole pairs and escaped backslashes stay', () => {
  assert.equal(read(String.raw`"\ud83d\ude00 \\ud800 \u0041 \"\n"`), '\u{1f600} \\ud800 A "\n');
});
