import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { growthOfEight } from '../testing/growth.ts';
import { duplicateKeysError } from './yaml-error.ts';
import { yamlToJson } from './yaml-to-json.ts';

const json = (text: string): unknown => yamlToJson(text).json;

describe('yamlToJson', () => {
  it('reads scalars as YAML 1.1', () => {
    const expected: readonly (readonly [string, unknown])[] = [
      ...['y', 'Y', 'yes', 'Yes', 'YES', 'on', 'On', 'ON', 'true', 'True', 'TRUE'].map((text) => [text, true] as const),
      ...['n', 'N', 'no', 'No', 'NO', 'off', 'Off', 'OFF', 'false', 'False', 'FALSE'].map((text) => [text, false] as const),
      ...['~', 'null', 'Null', 'NULL', ''].map((text) => [text, null] as const),
      ['yEs', 'yEs'],
      ['"yes"', 'yes'],
      ["'1'", '1'],
      ['1_000', 1000],
      ['0b11', 3],
      ['-0b11', -3],
      ['0x1F', 31],
      ['0o17', 15],
      ['017', 15],
      ['0777', 511],
      ['08', 8],
      ['+12', 12],
      ['1e3', 1000],
      ['.5', 0.5],
      ['1.', 1],
      ['1_0.5', 10.5],
      ['1:30', '1:30'],
      ['190:20:30', '190:20:30'],
      ['2001-01-01', '2001-01-01'],
      ['2001-12-14t21:59:43.10-05:00', '2001-12-14t21:59:43.10-05:00'],
      ['18446744073709551615', 2 ** 64],
      ['18446744073709551616', 2 ** 64],
      ['0xFFFFFFFFFFFFFFFFF', '0xFFFFFFFFFFFFFFFFF'],
      ['1e999', '1e999'],
      ['!!binary aGVsbG8=', 'hello'],
      ['!!str 1', '1'],
      ['!!float 1', 1],
      ['!!int "7"', 7],
      ['! "7"', 7],
      ['!foo 1', '1'],
      ['|\n  yes\n', 'yes\n'],
    ];
    for (const [text, value] of expected) assert.deepEqual(json(`a: ${text}`), { a: value }, text);
  });

  it('writes keys as texts, sorted', () => {
    assert.equal(
      JSON.stringify(json('y: 1\n1: 2\n0.5: 3\nb: 4\n0x10: 5\n2001-01-01: 6')),
      '{"1":2,"16":5,"0.5":3,"2001-01-01":6,"b":4,"true":1}',
    );
    assert.throws(() => json('? [a]\n: 1'), { message: 'invalid map key: ["a"]' });
    assert.throws(() => json('~: 1'), { message: /^unsupported map key/ });
    assert.deepEqual(Object.keys(json('__proto__: {a: 1}') as object), ['__proto__']);
  });

  it('takes the first of several documents, whatever follows', () => {
    assert.deepEqual(json('a: 1\n---\nb: 2\n'), { a: 1 });
    assert.deepEqual(json('---\na: 1\n---\n'), { a: 1 });
    assert.deepEqual(json('a: 1\n...\n}{\n'), { a: 1 });
    assert.equal(json(''), null);
    assert.equal(json('# nothing\n'), null);
  });

  it('merges maps, later entries winning', () => {
    assert.deepEqual(json('x: &x {a: 1, b: 2}\nv: {<<: *x, b: 3}\nz: {b: 3, <<: *x}\nw: {<<: [*x, {a: 9, c: 4}]}'), {
      x: { a: 1, b: 2 },
      v: { a: 1, b: 3 },
      z: { a: 1, b: 2 },
      w: { a: 1, b: 2, c: 4 },
    });
    assert.throws(() => json('<<: 1'), { message: 'map merge requires map or sequence of maps as the value' });
    assert.deepEqual(json('"<<": 1'), { '<<': 1 });
  });

  it('tells keys that are given twice by the line of their value', () => {
    const document = yamlToJson('a: 1\nb: 2\na:\n  3\n1: x\n1: y\n"1": z\n');
    assert.deepEqual(document.json, { 1: 'z', a: 3, b: 2 });
    assert.deepEqual(duplicateKeysError(document), [
      'yaml: unmarshal errors:\n  line 4: key "a" already set in map\n  line 6: key 1 already set in map',
    ]);
  });

  it('says what is wrong in the words of Go', () => {
    const expected: readonly (readonly [string, string])[] = [
      ['a: *x', "unknown anchor 'x' referenced"],
      ['a: &a [*a]', "anchor 'a' value contains itself"],
      ['a: .inf', 'json: unsupported value: +Inf'],
      ['a: !!binary "*"', '!!binary value contains invalid base64 data'],
      ['a: !!int x', 'cannot decode !!str `x` as a !!int'],
      ['a: \u0000', 'control characters are not allowed'],
      ['a: 1\nb: c: d', 'line 2: mapping values are not allowed in this context'],
      ['['.repeat(200_000), 'exceeded max depth of 10000'],
    ];
    for (const [text, message] of expected) assert.throws(() => json(text), { name: 'YamlError', message }, text.slice(0, 20));
  });

  it('bounds what aliases multiply', () => {
    const levels = Array.from({ length: 12 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`);
    assert.throws(() => json(`a0: &a0 x\n${levels.join('\n')}`), { message: 'document contains excessive aliasing' });
  });

  it('costs as much as the text is long, whatever it holds', () => {
    const lines = (one: (i: number) => string) => (size: number) => Array.from({ length: size }, (_, i) => one(i)).join('\n');
    const shapes: Readonly<Record<string, (size: number) => string>> = {
      'different keys': lines((i) => `a${i}: 1`),
      'the same key': lines(() => 'a: 1'),
      anchors: lines((i) => `a${i}: &a${i} 1`),
      'keys in one line': (size) => `{${lines((i) => `a${i}: 1,`)(size)}}`,
    };
    for (const [name, shape] of Object.entries(shapes)) {
      const growth = growthOfEight(500, (size) => {
        const text = shape(size);
        return () => yamlToJson(text);
      });
      assert.ok(growth < 12, `${name}: eight times the text cost ${growth} times the work`);
    }
  });
});
