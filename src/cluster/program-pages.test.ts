import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ProgramPages } from './program-pages.ts';

const program = '/usr/local/bin/minik';

/** A mapping as smaps tells it; maps has the first line alone. */
const mapping = (range: string, mode: string, file: string, fields: Readonly<Record<string, number>> = {}): string =>
  [
    `${range} ${mode} 00000000 fe:00 4711 ${' '.repeat(20)}${file}`,
    ...Object.entries({ Size: 900, Rss: 800, Private_Clean: 800, Private_Dirty: 0, Anonymous: 0, ...fields }).map(
      ([name, kibibytes]) => `${name}: ${String(kibibytes).padStart(10)} kB`,
    ),
    'VmFlags: rd mr mw me sd',
  ].join('\n');

function pages(before: readonly string[], after: readonly string[], outcome = 0) {
  const given: string[] = [];
  const failures: string[] = [];
  const made = new ProgramPages({
    program,
    read: (file) => (file === 'maps' ? before.map((each) => each.split('\n')[0]) : after).join('\n'),
    load: () => (address, bytes) => {
      given.push(`${address.toString(16)} ${bytes}`);
      return outcome;
    },
    failed: (reason) => failures.push(reason),
  });
  return { made, given, failures };
}

describe('the pages of the program', () => {
  it('are given back where they are as in its file', () => {
    const mappings = [
      mapping('400000-746000', 'r--p', program),
      mapping('74a000-3201000', 'r-xp', program),
      mapping('6b52000-6b56000', 'r--p', program, { Anonymous: 16, Private_Dirty: 16 }),
      mapping('6b56000-6b7d000', 'rw-p', program),
      mapping('7000000-7001000', 'r--p', program, { Rss: 4 }),
      mapping('7ff12a400000-7ff12a40f000', 'r--p', '/cache/addon.node'),
      mapping('7ff130000000-7ff130115000', 'rw-p', ''),
    ];
    const { made, given, failures } = pages(mappings, mappings);
    made.giveBack();
    assert.deepEqual(given, ['400000 3432448', '74a000 44789760']);
    assert.deepEqual(failures, []);
  });

  it('stay where they are mapped for a worker', () => {
    const first = mapping('400000-746000', 'r--p', program);
    const { made, given } = pages([first], [first, mapping('7ff15bdc0000-7ff15bfc5000', 'r-xp', program)]);
    made.giveBack();
    assert.deepEqual(given, ['400000 3432448']);
  });

  it('are not tried again once the kernel has refused', () => {
    const mappings = [mapping('400000-746000', 'r--p', program)];
    const { made, given, failures } = pages(mappings, mappings, 22);
    made.giveBack();
    made.giveBack();
    assert.equal(given.length, 1);
    assert.deepEqual(failures, ['madvise: error 22']);
  });
});
