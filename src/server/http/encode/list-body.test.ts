import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ListBody } from './list-body.ts';

const head = Buffer.from('{"items":[');
const tail = Buffer.from(']}\n');
const bodyOf = (...items: readonly string[]): ListBody =>
  new ListBody({ head, items: items.map((item) => Buffer.from(JSON.stringify(item))), tail });

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

    it(`leaves out the first members of the objects of ${name}`, () => {
      const objects = items.map((item) => Buffer.from(JSON.stringify({ kind: 'A', name: item, size: item.length })));
      const body = new ListBody({ head, items: objects, tail, dropped: '{"kind":"A",'.length });
      const text = body.whole().toString('utf8');
      assert.equal(text, `${JSON.stringify({ items: items.map((item) => ({ name: item, size: item.length })) })}\n`);
      assert.equal(Buffer.concat([...body.pieces()]).toString('utf8'), text);
      assert.equal(body.byteLength, Buffer.byteLength(text));
    });
  }

  it('refuses an item that begins otherwise than the others', () => {
    const items = ['{"kind":"A","name":"a"}', '{"kind":"Other","name":"b"}'].map((text) => Buffer.from(text));
    assert.throws(() => new ListBody({ head, items, tail, dropped: '{"kind":"A",'.length }), /does not begin as all of its kind/);
  });

  it('makes several pieces of a large list', () => {
    const sizes = [...bodyOf(...Array.from({ length: 1000 }, () => 'x'.repeat(1000))).pieces()].map(({ length }) => length);
    assert.ok(sizes.length > 2);
    assert.ok(Math.max(...sizes) < 300_000);
  });
});
