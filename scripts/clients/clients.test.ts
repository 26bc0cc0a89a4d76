import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { type ClientOutcome, clientsPage } from './page.ts';
import { recipes } from './recipes.ts';
import { notesOf, resultsOf } from './report.ts';

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

  it('notes what is to be read beside the results', () => {
    assert.deepEqual(notesOf('noise\nnote took 2 s\nok exec\nnote and 3 s\n'), ['took 2 s', 'and 3 s']);
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
  const upstreamLock = resolve(import.meta.dirname, '..', 'upstream', 'go', 'go.sum');
  const streams = ['exec', 'attach', 'logs', 'port-forward'] as const;

  for (const recipe of recipes) {
    const { name, client, checks: tried, programs, shared } = recipe;
    it(`pin ${name} and know what it tries`, () => {
      const folders = [name, ...(shared ?? [])].map((folder) => join(import.meta.dirname, folder));
      const own = folders.flatMap((folder) => locks.map((file) => join(folder, file))).find((file) => existsSync(file));
      const lock = own ?? (programs === undefined ? undefined : upstreamLock);
      assert.ok(lock !== undefined, `no lock file in ${folders}`);
      const version = / v?(\d[\w.]*)(?: |$)/.exec(client)?.[1] ?? 'no version';
      assert.ok(readFileSync(lock, 'utf8').includes(version), `${lock} does not pin ${version}`);
      const source = folders
        .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile() && /\.(py|js|java|rs|go)$/i.test(entry.name))
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'))
        .join('\n');
      for (const check of tried) assert.match(source, new RegExp(`['"]?${check}['"]?`), `the program does not know ${check}`);
      const missing = tried.includes('pod') ? streams.filter((stream) => !tried.includes(stream)) : [];
      assert.deepEqual(missing, [], 'a general client has to try all streams');
    });
  }
});
