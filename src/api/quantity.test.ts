import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  addQuantity,
  canonicalQuantity,
  compareQuantity,
  formatQuantity,
  milliQuantity,
  parseQuantity,
  QuantityError,
  quantityOf,
  roundUpToMilli,
  subtractQuantity,
  toMilli,
  toNumber,
  toUnits,
  tryParseQuantity,
} from './quantity.ts';

const canonical: ReadonlyArray<readonly [string, string]> = [
  ['0', '0'],
  ['0Mi', '0'],
  ['0.0', '0'],
  ['100m', '100m'],
  ['0.1', '100m'],
  ['1000m', '1'],
  ['1500m', '1500m'],
  ['1.5', '1500m'],
  ['1.500', '1.500'],
  ['+5', '+5'],
  ['-5', '-5'],
  ['.5', '500m'],
  ['5.', '5.'],
  ['1024Mi', '1Gi'],
  ['512Mi', '512Mi'],
  ['1023Mi', '1023Mi'],
  ['1.5Gi', '1536Mi'],
  ['0.5Gi', '512Mi'],
  ['100Mi', '100Mi'],
  ['1024', '1024'],
  ['8Ki', '8Ki'],
  ['1e3', '1e3'],
  ['1000e3', '1e6'],
  ['12E', '12E'],
  ['1E2', '100'],
  ['1000k', '1M'],
  ['123456789', '123456789'],
  ['1n', '1n'],
  ['0.1n', '1n'],
  ['1.1Ki', '1126400m'],
  ['9223372036854775807Ki', '9223372036854775807'],
];

describe('canonicalQuantity', () => {
  for (const [text, want] of canonical) it(`${text} → ${want}`, () => assert.equal(canonicalQuantity(text), want));
  it('reads a number', () => assert.equal(canonicalQuantity(2), '2'));
});

describe('parseQuantity', () => {
  const refused: ReadonlyArray<readonly [string, RegExp]> = [
    ['', /must match the regular expression '\^\(\[\+-\]\?\[0-9\.\]\+\)\(\[eEinumkKMGTP\]\*\[-\+\]\?\[0-9\]\*\)\$'$/],
    ['1 Gi', /must match/],
    ['1.1.M', /must match/],
    ['abc', /must match/],
    ['1Gib', /must match/],
    ['1i', /^unable to parse quantity's suffix$/],
    ['1K', /^unable to parse quantity's suffix$/],
    ['1mm', /^unable to parse quantity's suffix$/],
  ];
  for (const [text, message] of refused) {
    it(`refuses ${JSON.stringify(text)}`, () =>
      assert.throws(
        () => parseQuantity(text),
        (error: unknown) => error instanceof QuantityError && message.test(error.message),
      ));
  }
  it('answers undefined when asked to try', () => assert.equal(tryParseQuantity('1x'), undefined));
});

describe('quantity arithmetic', () => {
  it('adds in the format of the first, or of the second when the first is zero', () => {
    assert.equal(formatQuantity(addQuantity(parseQuantity('1Gi'), parseQuantity('1024Mi'))), '2Gi');
    assert.equal(formatQuantity(addQuantity(parseQuantity('0'), parseQuantity('64Mi'))), '64Mi');
    assert.equal(formatQuantity(subtractQuantity(parseQuantity('1'), parseQuantity('250m'))), '750m');
  });
  it('compares across formats', () => {
    assert.equal(compareQuantity(parseQuantity('1Ki'), parseQuantity('1024')), 0);
    assert.equal(compareQuantity(parseQuantity('1M'), parseQuantity('1Mi')), -1);
  });
  it('rounds units and millis up', () => {
    assert.equal(toUnits(parseQuantity('100m')), 1);
    assert.equal(toMilli(parseQuantity('1u')), 1);
    assert.equal(toMilli(parseQuantity('2')), 2000);
    assert.equal(toNumber(parseQuantity('1500m')), 1.5);
  });
  it('makes quantities from numbers', () => {
    assert.equal(formatQuantity(quantityOf(2048, 'BinarySI')), '2Ki');
    assert.equal(formatQuantity(milliQuantity(250)), '250m');
  });
  it('rounds resource lists up to millis', () => {
    assert.equal(roundUpToMilli('1u'), '1m');
    assert.equal(roundUpToMilli('100m'), '100m');
  });
});
