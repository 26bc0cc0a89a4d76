import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { jsonOfValue, valueOfJson } from './json-value.ts';
import { kubernetesEnvironment } from './kubernetes-environment.ts';
import { celLimits } from './limits.ts';
import { compileCel, isProgram, type Program } from './program.ts';
import { celTypes, formatType } from './types.ts';

const environment = kubernetesEnvironment({ variables: { object: celTypes.dyn } });

function compiled(text: string): Program {
  const program = compileCel(text, environment);
  assert.ok(isProgram(program), `${text}: ${JSON.stringify(program)}`);
  return program;
}

/** The result as JSON, or the error as text. */
function result(text: string, object: unknown = {}): unknown {
  const evaluation = compiled(text).run((name) => (name === 'object' ? valueOfJson(object) : undefined), celLimits.perCall);
  return 'error' in evaluation ? `error: ${evaluation.error}` : jsonOfValue(evaluation.value);
}

function issues(text: string): string | undefined {
  const failure = compileCel(text, environment);
  return isProgram(failure) ? formatType(failure.type) : (failure.issues ?? failure.instantiation);
}

const yields = (cases: Readonly<Record<string, unknown>>): void => {
  for (const [text, expected] of Object.entries(cases)) assert.deepEqual(result(text), expected, text);
};

describe('a CEL program', () => {
  it('computes with 64-bit integers and refuses what does not fit', () => {
    yields({
      '1 + 2 * 3 - 4 / 2 % 3': 5,
      '-7 / 2 == -3 && -7 % 3 == -1': true,
      '9223372036854775807 + 1': 'error: integer overflow',
      '-9223372036854775808 - 1': 'error: integer overflow',
      '-(-9223372036854775808)': 'error: integer overflow',
      '2u - 3u': 'error: unsigned integer overflow',
      'uint(-1)': 'error: unsigned integer overflow',
      '1 / 0': 'error: division by zero',
      '1 % 0': 'error: modulus by zero',
      '1.0 / 0.0 > 1.0': true,
      'int(2.9) == 2 && int(-2.9) == -2': true,
      'int(1e19)': 'error: integer overflow',
      "int('x')": "error: type conversion error from 'string' to 'int'",
    });
  });

  it('compares numbers of different types by value, and values of different types as unequal', () => {
    yields({
      'dyn(1) == 1.0 && dyn(1u) == 1 && 1 < 1.5 && 2u > 1': true,
      'dyn(1) == "1"': false,
      "dyn('a') < 1": 'error: no such overload',
      'dyn({1: 2}) == {1.0: 2.0}': true,
      '[1, 2] == [1, 2] && [1, 2] != [2, 1]': true,
      "'\\U0001F600' > '\\uffee'": true,
    });
  });

  it('goes on after a failure when another operand of && or || decides', () => {
    yields({
      'false && 1 / 0 > 0': false,
      '1 / 0 > 0 && false': false,
      '1 / 0 > 0 || true': true,
      '1 / 0 > 0 || false': 'error: division by zero',
      '[0, 2].exists(x, 2 / x == 1)': true,
      '[0, 2].all(x, 2 / x == 1)': 'error: division by zero',
      'object.a.b == 1 || true': true,
    });
  });

  it('looks into objects, and says which key is not there', () => {
    const object = { a: { b: [1, 2], n: null }, text: 'x' };
    assert.equal(result('object.a.b[1] + size(object.a)', object), 4);
    assert.equal(result('has(object.a.b) && !has(object.a.c)', object), true);
    assert.equal(result('has(object.x.y)', object), 'error: no such key: x');
    assert.equal(result('object.a.c', object), 'error: no such key: c');
    assert.equal(result('object.a.b[5]', object), 'error: index out of bounds: 5');
    assert.equal(result('object.a.n == null', object), true);
    assert.equal(result("object.?a.?c.orValue('none')", object), 'none');
    assert.equal(result('object.?a.b[?0].value()', object), 1);
    assert.equal(result('object.text.matches("^x$") && "text" in object', object), true);
  });

  it('folds over lists and maps with the macros of one and of two variables', () => {
    yields({
      '[1, 2, 3].map(x, x > 1, x * 10)': [20, 30],
      '[1, 2, 3].filter(x, x != 2)': [1, 3],
      '[1, 2, 2].exists_one(x, x == 1) && ![1, 2, 2].existsOne(x, x == 2)': true,
      "{'a': 1}.all(k, k == 'a')": true,
      "['a', 'b'].transformList(i, v, i == 1, v + string(i))": ['b1'],
      "{'a': 1}.transformMap(k, v, v + 1)": { a: 2 },
      "{'a': 'b'}.transformMapEntry(k, v, {v: k})": { b: 'a' },
      "['x', 'x'].transformMapEntry(i, v, {v: i})": 'error: insert failed: key x already exists',
      "[1, 2].all(i, v, v == i + 1) && {'a': 1}.exists(k, v, k == 'a' && v == 1)": true,
      '[3, 1, 2].sortBy(x, -x)': [3, 2, 1],
      'optional.of(2).optMap(x, x + 1).value() == 3': true,
      'optional.none().optMap(x, x + 1).hasValue()': false,
      '[1, ?optional.none(), ?optional.of(2)]': [1, 2],
    });
  });

  it('has the functions of texts, lists, sets, times and formats', () => {
    yields({
      "'hello'.charAt(4) + 'tacocat'.substring(4) + 'abc'.replace('b', 'x', 1)": 'ocataxc',
      "'a,b,c'.split(',', 2)": ['a', 'b,c'],
      "'😀x'.size() == 2 && '😀x'.indexOf('x') == 1 && ' x '.trim() == 'x'": true,
      "'x'.substring(2)": 'error: index out of range: 2',
      "'%s has %d of %.2f, %x'.format(['a', 3, 1234.5, 255])": 'a has 3 of 1,234.50, ff',
      "'%s'.format([[1, 'a', {'k': 2.5}]])": '[1, "a", {"k":2.500000}]',
      '[1, 2, 3].sum() == 6 && [3, 1].min() == 1 && [1, 2].isSorted() && [1, 2, 1].lastIndexOf(1) == 2': true,
      '[[1], [2, 3]].flatten() == [1, 2, 3] && lists.range(3) == [0, 1, 2] && [1, 1].distinct() == [1]': true,
      'sets.contains([1, 2], [2]) && sets.equivalent([1, 1], [1]) && !sets.intersects([1], [2])': true,
      "timestamp('2024-02-29T12:30:15.5+02:00').getHours() == 10": true,
      "timestamp('2024-01-01T00:00:00Z').getFullYear('America/New_York') == 2023": true,
      "duration('1h30m') + duration('30m') == duration('2h') && string(duration('90s')) == '90s'": true,
      "timestamp('2024-01-02T00:00:00Z') - timestamp('2024-01-01T00:00:00Z') == duration('24h')": true,
      "'foo123bar45'.findAll('[0-9]+')": ['123', '45'],
      "string(1e6) + ' ' + string(1.5) + ' ' + string(true) + ' ' + string(b'x')": '1e+06 1.5 true x',
    });
  });

  it("has Kubernetes' own types", () => {
    yields({
      "quantity('1Gi').isGreaterThan(quantity('1G')) && quantity('1k').add(5).asInteger() == 1005": true,
      "quantity('x')": "error: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
      "ip('127.0.0.1').isLoopback() && ip('::1').family() == 6 && !isIP('1.2.3')": true,
      "cidr('10.0.0.0/8').containsIP('10.2.3.4') && !cidr('10.0.0.0/16').containsCIDR('10.0.0.0/8')": true,
      "url('https://example.com:80/a b?k=1&k=2').getPort() == '80'": true,
      "url('https://example.com/a b?k=1&k=2').getEscapedPath() == '/a%20b'": true,
      "url('https://h/?k=1&k=2').getQuery()": { k: ['1', '2'] },
      "semver('1.2.3').isLessThan(semver('1.10.0')) && isSemver('v1.2', true) && !isSemver('v1.2')": true,
      "format.dns1123Label().validate('my-name').hasValue()": false,
      "format.named('uuid').value().validate('x').value()": ['does not match the UUID format'],
      "type(quantity('1')) == type(quantity('2'))": true,
    });
  });

  it('reports names, types and literals that do not fit, with the place in the text', () => {
    const place = (text: string, column: number, message: string): string =>
      `ERROR: <input>:1:${column}: ${message}\n | ${text}\n | ${'.'.repeat(column - 1)}^`;
    const expected: Readonly<Record<string, readonly [number, string]>> = {
      'foo + 1': [1, "undeclared reference to 'foo' (in container '')"],
      "1 + 'a'": [3, "found no matching overload for '_+_' applied to '(int, string)'"],
      "'a'.size(1)": [9, "found no matching overload for 'size' applied to 'string.(int)'"],
      '1.a': [2, "type 'int' does not support field selection"],
      "[1, 'a']": [5, "expected type 'int' but found 'string'"],
      "{'a': 1, 'b': 'c'}": [15, "expected type 'int' but found 'string'"],
      '1.all(x, true)': [1, "expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)"],
      "'a'.matches('(')": [13, 'invalid matches argument'],
      "duration('x')": [10, 'invalid duration argument'],
      'has(object)': [5, 'invalid argument to has() macro'],
      '[1].map(1, 2)': [9, 'argument is not an identifier'],
      "'%d'.format(['a'])": [14, 'error during formatting: decimal clause can only be used on integers, was given string'],
      '9223372036854775808': [1, 'invalid int literal'],
      'object.namespace + namespace': [20, 'reserved identifier: namespace'],
    };
    for (const [text, [column, message]] of Object.entries(expected)) assert.equal(issues(text), place(text, column, message), text);
  });

  it('stops at its cost limit, however the cost comes about', () => {
    const list = Array.from({ length: 1000 }, (_, at) => at);
    const program = compiled('object.all(x, object.all(y, x + y >= 0))');
    const evaluation = program.run(() => valueOfJson(list), 100_000);
    assert.ok('error' in evaluation && evaluation.exceeded);
    assert.equal(evaluation.error, 'operation cancelled: actual cost limit exceeded');
    assert.ok(evaluation.cost < 101_000);
  });

  it('matches regular expressions in time that grows with the text, not with the ways to match', () => {
    const long = 'a'.repeat(5000);
    assert.equal(result("object.matches('^(a+)+$')", `${long}b`), false);
    yields({
      "'abc'.matches('b') && !'abc'.matches('^b')": true,
      // A hyphen may stand anywhere in a class.
      "'a-.'.matches('^[a-z-.]+$') && !'a,'.matches('^[a-z-.]+$') && '-'.matches('^[\\\\w-.]$')": true,
      "'aXbX'.find('(?U).*X')": 'aX',
      "'x\\ny'.matches('x.y')": false,
      "'x\\ny'.matches('(?s)x.y')": true,
      "'Straße'.find('(?i)STRA.')": 'Straß',
      "'abab'.find('(ab){2}') + '-' + 'foo.bar'.find('[^.]+$')": 'abab-bar',
      "'a1'.matches('^\\\\w\\\\d$') && 'é'.matches('^\\\\pL$')": true,
    });
    assert.equal(issues("'a'.find('(')"), 'error parsing regexp: missing closing ): `(`');
  });
});
