import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { escapeFieldValue, parseFieldSelector } from './field-selector.ts';

const parsed = (text: string) => {
  const result = parseFieldSelector(text);
  assert.ok(result.ok, result.ok ? '' : result.error);
  return result.selector;
};

describe('parseFieldSelector', () => {
  it('reads =, == and != and sorts terms', () => {
    assert.equal(parsed('b!=2,a==1,c=').toString(), 'a=1,b!=2,c=');
    assert.equal(parsed('').empty, true);
    assert.equal(parsed(',').empty, true);
  });
  it('matches, an absent field counting as empty', () => {
    assert.equal(
      parsed('status.phase!=Running').matches(() => 'Failed'),
      true,
    );
    assert.equal(
      parsed('spec.nodeName=').matches(() => ''),
      true,
    );
    assert.equal(
      parsed('spec.nodeName=a').matches(() => 'b'),
      false,
    );
  });
  it('unescapes values', () => {
    assert.deepEqual(parsed('a=x\\,y\\=z\\\\').requirements, [{ field: 'a', operator: '=', value: 'x,y=z\\' }]);
    assert.equal(escapeFieldValue('x,y=z\\'), 'x\\,y\\=z\\\\');
  });
  const errors: ReadonlyArray<readonly [string, string]> = [
    ['abc', "invalid selector: 'abc'; can't understand 'abc'"],
    ['a=b=c', 'invalid field selector: unescaped character in value: 61'],
    ['a=b\\c', 'invalid field selector: invalid escape sequence: \\c'],
    ['a=b\\', 'invalid field selector: invalid escape sequence: \\'],
  ];
  for (const [text, error] of errors) it(`refuses ${text}`, () => assert.deepEqual(parseFieldSelector(text), { ok: false, error }));
});
