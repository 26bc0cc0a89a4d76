import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type FlagSpec, type Flags, parseDuration, parseFlags, UsageError } from './flags.ts';

const specs: readonly FlagSpec[] = [
  { name: 'output', short: 'o', type: 'string' },
  { name: 'all-namespaces', short: 'A', type: 'bool' },
  { name: 'watch', short: 'w', type: 'bool' },
  { name: 'filename', short: 'f', type: 'list' },
  { name: 'replicas', type: 'int', fallback: '1' },
  { name: 'dry-run', type: 'string', bare: 'unchanged', fallback: 'none' },
  { name: 'timeout', type: 'duration', fallback: '0s' },
];

const parse = (...argv: string[]): Flags => parseFlags(specs, argv);

describe('parseFlags', () => {
  it('takes values after =, after a space, and right behind a short flag', () => {
    for (const argv of [['--output=yaml'], ['--output', 'yaml'], ['-o', 'yaml'], ['-oyaml'], ['-o=yaml']]) {
      assert.equal(parse(...argv).string('output'), 'yaml', argv.join(' '));
    }
  });

  it('takes bundled switches, the last with a value', () => {
    const flags = parse('-Awo', 'json', 'pods');
    assert.deepEqual([flags.bool('all-namespaces'), flags.bool('watch'), flags.string('output')], [true, true, 'json']);
    assert.deepEqual(flags.args, ['pods']);
  });

  it('mixes flags and arguments, and stops at --', () => {
    const flags = parse('pod', '-w', 'x', '--', 'sh', '-c', '--output');
    assert.deepEqual(flags.args, ['pod', 'x', 'sh', '-c', '--output']);
    assert.equal(flags.dashAt, 2);
    assert.equal(parse('pod').dashAt, -1);
  });

  it('collects lists over several uses and commas', () => {
    assert.deepEqual(parse('-f', 'a,b', '--filename=c').list('filename'), ['a', 'b', 'c']);
  });

  it('knows defaults, and flags that may stand without a value', () => {
    assert.deepEqual([parse().int('replicas'), parse().string('dry-run')], [1, 'none']);
    assert.equal(parse('--dry-run').string('dry-run'), 'unchanged');
    assert.equal(parse('--dry-run=server').string('dry-run'), 'server');
    assert.deepEqual([parse('--watch=false').bool('watch'), parse('--watch=false').given('watch')], [false, true]);
  });

  it("refuses mistakes with pflag's words", () => {
    const refused = (argv: readonly string[], message: RegExp): void => {
      assert.throws(
        () => parse(...argv),
        (error: unknown) => error instanceof UsageError && message.test(error.message),
      );
    };
    refused(['--nonsense'], /^unknown flag: --nonsense$/);
    refused(['-x'], /^unknown shorthand flag: 'x' in -x$/);
    refused(['--output'], /^flag needs an argument: --output$/);
    refused(['-wo'], /^flag needs an argument: 'o' in -wo$/);
    refused(['--replicas=many'], /^invalid argument "many" for "--replicas" flag: strconv\.ParseInt: parsing "many": invalid syntax$/);
    refused(['--watch=maybe'], /^invalid argument "maybe" for "-w, --watch" flag: strconv\.ParseBool/);
    refused(['--timeout=soon'], /time: invalid duration "soon"/);
  });
});

describe('parseDuration', () => {
  it("reads Go's durations and whole seconds", () => {
    assert.deepEqual(
      ['1m30s', '90', '250ms', '-1s', '1h', '0', '1.5s'].map(parseDuration),
      [90_000, 90_000, 250, -1000, 3_600_000, 0, 1500],
    );
  });
});
