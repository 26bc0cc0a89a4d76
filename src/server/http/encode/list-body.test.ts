import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ListBody } from './list-body.ts';

const head = Buffer.from('{"items":[');
const tail = Buffer.from(']}\n');
const bodyOf = (...items: readonly string[]): ListBody =>
  new ListBody(
    head,
    items.map((item) => Buffer.from(JSON.stringify(item))),
    tail,
  );

const cases = [
  { name: 'no item', items: [] },
  { name: 'one item', items: ['a'] },
  { name: 'two small items', items: ['a', 'bé'] },
  { name: 'an item larger than a piece', items: ['a', 'x'.repeat(1_000_000), 'b'] },
  { name: 'a large item at the end', items: ['a', 'x'.repeat(300_000)] },
  { name: 'many items', items: Array.from({ length: 5000 }, (_, index) => `item ${index} ${'x'.repeat(index % 700)}`) },
];

describe('ListBody', () => {
  for (const { name, items } of cases) {
    it(`puts ${name} together, at once and in pieces`, () => {
      const body = bodyOf(...items);
      const text = body.whole().toString('utf8');
      assert.equal(text, `${JSON.stringify({ items })}\n`);
      assert.equal(Buffer.concat([...body.pieces()]).toString('utf8'), text);
      assert.equal(body.byteLength, Buffer.byteLength(text));
    });
  }

  it('makes several pieces of a large list', () => {
    const sizes = [...bodyOf(...Array.from({ length: 1000 }, () => 'x'.repeat(1000))).pieces()].map(({ length }) => length);
    assert.ok(sizes.length > 2);
    assert.ok(Math.max(...sizes) < 300_000);
  });
});
