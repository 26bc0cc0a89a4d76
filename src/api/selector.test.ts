import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everything, formatLabelSelector, formatLabels, fromLabelSelector, fromSet, nothing, parseLabelSelector } from './selector.ts';

const parsed = (text: string) => {
  const result = parseLabelSelector(text);
  assert.ok(result.ok, result.ok ? '' : result.error);
  return result.selector;
};
const errorOf = (text: string): string => {
  const result = parseLabelSelector(text);
  assert.ok(!result.ok);
  return result.error;
};

describe('parseLabelSelector', () => {
  const forms: ReadonlyArray<readonly [string, string]> = [
    ['', ''],
    ['a=b', 'a=b'],
    ['b=c , a == x', 'a==x,b=c'],
    ['x!=y', 'x!=y'],
    ['x in (c,a,b)', 'x in (a,b,c)'],
    ['x notin (a)', 'x notin (a)'],
    ['in in (in,notin)', 'in in (in,notin)'],
    ['x in ()', 'x in ()'],
    ['x in (,a)', 'x in (,a)'],
    ['x', 'x'],
    ['!x', '!x'],
    ['x=', 'x='],
    ['n>5,m<3', 'm<3,n>5'],
    ['example.com/app=web', 'example.com/app=web'],
  ];
  for (const [text, want] of forms) it(`reads ${JSON.stringify(text)}`, () => assert.equal(parsed(text).toString(), want));

  const errors: ReadonlyArray<readonly [string, string]> = [
    ['x in', "unable to parse requirement: found '' expected: '('"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['==a', "found '==', expected: !, identifier, or 'end of string'"],
    ['x y', "unable to parse requirement: found 'y', expected: in, notin, =, ==, !=, gt, lt"],
    ['!x=a', "found '=', expected: ',' or 'end of string'"],
    ['x in (a b)', "unable to parse requirement: found 'b', expected: ',' or ')'"],
    ['n>a', `unable to parse requirement: values[0]: Invalid value: "a": for 'Gt', 'Lt' operators, the value must be an integer`],
  ];
  for (const [text, want] of errors) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.equal(errorOf(text), want));
  }
  it('prints the path of a bad key and value as upstream', () => {
    assert.match(errorOf('-x=a'), /^unable to parse requirement: <nil>: Invalid value: "-x": name part must consist of alphanumeric/);
    assert.match(errorOf('x=a|b'), /^unable to parse requirement: values\[0\]\[x\]: Invalid value: "a\|b": a valid label must be/);
  });
});

describe('matching', () => {
  const labels = { app: 'web', tier: 'front', n: '7' };
  const cases: ReadonlyArray<readonly [string, boolean]> = [
    ['app=web', true],
    ['app!=web', false],
    ['other!=web', true],
    ['app in (web,db)', true],
    ['app notin (db)', true],
    ['tier', true],
    ['!tier', false],
    ['n>6', true],
    ['n<7', false],
    ['app>1', false],
    ['toString', false],
  ];
  for (const [text, want] of cases) it(`${text} is ${want}`, () => assert.equal(parsed(text).matches(labels), want));
  it('knows everything and nothing', () => {
    assert.equal(everything.matches(undefined), true);
    assert.equal(everything.empty, true);
    assert.equal(nothing.matches(labels), false);
    assert.equal(nothing.empty, false);
  });
});

describe('selectors from objects', () => {
  it('compiles matchLabels and matchExpressions', () => {
    const selector = fromLabelSelector({
      matchLabels: { app: 'web' },
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['b', 'a'] },
        { key: 'old', operator: 'DoesNotExist' },
      ],
    });
    assert.equal(selector.toString(), 'app=web,!old,tier in (a,b)');
    assert.equal(selector.matches({ app: 'web', tier: 'a' }), true);
  });
  it('selects nothing when absent and everything when empty', () => {
    assert.equal(fromLabelSelector(undefined).matches({}), false);
    assert.equal(fromLabelSelector({}).matches({}), true);
    assert.equal(fromSet(undefined).empty, true);
  });
  it('formats for tables', () => {
    assert.equal(formatLabels({ b: '2', a: '1' }), 'a=1,b=2');
    assert.equal(formatLabels({}), '<none>');
    assert.equal(formatLabelSelector({ matchLabels: { a: 'b' } }), 'a=b');
    assert.equal(formatLabelSelector(undefined), '<none>');
  });
});
