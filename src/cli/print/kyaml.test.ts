/** The expected texts are those of kubectl 1.36. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { toJson } from './json.ts';
import { toKyaml, toUnsortedKyaml } from './kyaml.ts';

const object = {
  apiVersion: 'test.io/v1',
  kind: 'Example',
  metadata: {
    name: 'x',
    namespace: 'default',
    annotations: {
      folded: 'a\n  b\n\nc\td\n',
      tail: 'one\ntwo',
      lead: '\n x',
      odd: 'say "hi" \\ <b> ä😀\u00a0\u200b\u0007',
    },
  },
  spec: {
    empty: {},
    none: [],
    list: ['a', 1, true, null, 1.5, 1e21],
    nested: [{ a: 1 }, { b: [['x'], []] }],
    mixed: [{ a: 1 }, 'x'],
    number: -3,
    '12': 'int',
    'a/b.c-d': 1,
    'a-': 1,
    '-a': 1,
    '': 1,
    'a b': 1,
    é: 1,
    _x: 1,
  },
};

const text = String.raw`---
{
  apiVersion: "test.io/v1",
  kind: "Example",
  metadata: {
    annotations: {
      folded: "\
         a\n\
        \  b\n\
         \n\
         c	d\n\
        ",
      lead: "\
         \n\
        \ x\
        ",
      odd: "say \"hi\" \\ <b> ä😀\_\u200b\a",
      tail: "\
         one\n\
         two\
        ",
    },
    name: "x",
    namespace: "default",
  },
  spec: {
    "": 1,
    "-a": 1,
    "12": "int",
    _x: 1,
    "a b": 1,
    "a-": 1,
    a/b.c-d: 1,
    empty: {},
    list: [
      "a",
      1,
      true,
      null,
      1.5,
      1e+21,
    ],
    mixed: [
      {
        a: 1,
      },
      "x",
    ],
    nested: [{
      a: 1,
    }, {
      b: [[
        "x",
      ], []],
    }],
    none: [],
    number: -3,
    é: 1,
  },
}
`;

describe('KYAML', () => {
  it('has braces, quoted strings and folded lines', () => {
    assert.equal(toKyaml(object), text);
  });

  it('quotes the keys that would be read as something else', () => {
    const expected = [
      '".5": 0',
      '"0b11": 0',
      '"0o7": 0',
      '"0x1f": 0',
      '"0x1p-2": 0',
      '"1-": 0',
      '1.2.3: 0',
      '"1_000": 0',
      '1e: 0',
      '"1e3": 0',
      '2024-02-30: 0',
      '"2024-1-2": 0',
      '2024-13-2: 0',
      '"5.": 0',
      '"F": 0',
      '"Infinity": 0',
      '"Off": 0',
      '"TRUE": 0',
      '"Y": 0',
      'e1: 0',
      '"inf": 0',
      '"n_an": 0',
      '"no": 0',
      '"null": 0',
      '"on": 0',
      '"t": 0',
      '"true": 0',
      'x.y: 0',
      'yes1: 0',
      '"~": 0',
    ];
    const keys = expected.map((line) => line.slice(0, -': 0'.length).replaceAll('"', ''));
    const printed = toKyaml(Object.fromEntries(keys.map((key) => [key, 0])));
    assert.equal(printed, `---\n{\n${expected.map((line) => `  ${line},\n`).join('')}}\n`);
  });

  it('has the keys as they come when that is wanted', () => {
    assert.equal(toUnsortedKyaml({ b: 1, a: 2 }), '---\n{\n  b: 1,\n  a: 2,\n}\n');
  });
});

describe('JSON', () => {
  it('has its keys in byte order, also where they are integers', () => {
    assert.equal(
      toJson({ b: [], '9000': 'x', '10000': { c: undefined, d: '<' }, '-1': [1, 'y'], a: {} }),
      `{
    "-1": [
        1,
        "y"
    ],
    "10000": {
        "d": "\\u003c"
    },
    "9000": "x",
    "a": {},
    "b": []
}
`,
    );
  });
});
