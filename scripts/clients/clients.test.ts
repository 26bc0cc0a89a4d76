import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type ClientOutcome, clientsPage } from './page.ts';
import { checks, recipes } from './recipes.ts';
import { resultsOf } from './report.ts';

describe("a client's report", () => {
  it('passes when every expected check is reported as passed', () => {
    const results = resultsOf(['watch', 'exec'], { output: 'noise\nok watch\nok exec\n', code: 0 });
    assert.deepEqual(results, [
      { check: 'watch', problem: undefined },
      { check: 'exec', problem: undefined },
    ]);
  });

  it('fails what is not ok, what is not reported and what did not end', () => {
    assert.deepEqual(
      resultsOf(['watch', 'exec'], { output: 'not ok watch: 2 instead of 3\n', code: 1 }).map(({ problem }) => problem),
      ['2 instead of 3', 'not reported; the program ended with 1'],
    );
    assert.deepEqual(resultsOf(['exec'], { output: '', code: undefined }), [{ check: 'exec', problem: 'did not end' }]);
    assert.deepEqual(resultsOf(['exec'], { output: '', code: 0 }), [{ check: 'exec', problem: 'not reported; the program ended with 0' }]);
  });

  it('fails a program that passes its checks and ends badly, and one that reports what nobody expects', () => {
    assert.equal(resultsOf(['exec'], { output: 'ok exec', code: 3 }).at(-1)?.problem, 'ended with 3');
    assert.equal(resultsOf(['exec'], { output: 'ok exec', code: undefined }).at(-1)?.problem, 'did not end');
    assert.equal(resultsOf(['exec'], { output: 'ok exec\nok exex', code: 0 }).at(-1)?.problem, 'reported, but not expected');
  });
});

describe('the page of clients', () => {
  const ran = (name: string, problem?: string): ClientOutcome => ({
    name,
    client: `${name} 1.0`,
    tried: ['exec'],
    results: [{ check: 'exec', problem }],
  });
  const notRun = (name: string): ClientOutcome => ({ ...ran(name), results: { needs: 'Go' } });
  const row = (page: string, name: string): string | undefined => page.split('\n').find((line) => line.startsWith(`| ${name} |`));

  it('keeps the last known result of a client that was not run', () => {
    const first = clientsPage([ran('a'), ran('b', 'x | y\nz')], '2026-01-01', '');
    assert.equal(row(first, 'a'), '| a | a 1.0 | exec | all 1 passed | 2026-01-01 |');
    assert.equal(row(first, 'b'), '| b | b 1.0 | exec | failed: exec (x \\| y z) | 2026-01-01 |');
    const second = clientsPage([notRun('a'), notRun('c')], '2026-02-02', first);
    assert.equal(row(second, 'a'), row(first, 'a'));
    assert.equal(row(second, 'b'), row(first, 'b'));
    assert.equal(row(second, 'c'), '| c | c 1.0 | exec | not run: needs Go | - |');
  });

  it('is the same when nothing has changed', () => {
    const page = clientsPage([ran('a')], '2026-01-01', '');
    assert.equal(clientsPage([ran('a')], '2026-01-01', page), page);
  });
});

describe('the recipes', () => {
  const locks = ['requirements.txt', 'package-lock.json', 'pom.xml', 'Cargo.toml', 'go.sum'];

  for (const { name, client, checks: tried } of recipes) {
    it(`pin ${name} and try the streams`, () => {
      const folder = join(import.meta.dirname, name);
      const lock = locks.find((file) => existsSync(join(folder, file)));
      assert.ok(lock !== undefined, `no lock file in ${folder}`);
      const version = / v?(\d[\w.]*)(?: |$)/.exec(client)?.[1] ?? 'no version';
      assert.ok(readFileSync(join(folder, lock), 'utf8').includes(version), `${lock} does not pin ${version}`);
      const source = readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((file) => /\.(py|js|java|rs|go)$/i.test(file))
        .map((file) => readFileSync(join(folder, file), 'utf8'))
        .join('\n');
      for (const check of tried) assert.match(source, new RegExp(`['"]?${check}['"]?`), `the program does not know ${check}`);
      for (const check of ['exec', 'attach', 'logs', 'port-forward'] as const) assert.ok(tried.includes(check), checks[check]);
    });
  }
});
