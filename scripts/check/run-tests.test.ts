import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';

describe('a run of test files', () => {
  it('ends, and fails, when a file leaves a process behind that never ends', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'minik-tests-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const file = join(folder, 'hangs.test.mjs');
    writeFileSync(
      file,
      `import { spawn } from 'node:child_process';
       import { test } from 'node:test';
       test('a test that passes', () => { spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] }); });
       test('a test that hangs', () => new Promise(() => {}));`,
    );
    const loader = ['--import', import.meta.resolve('tsx')];
    const runner = pathToFileURL(join(import.meta.dirname, 'run-tests.ts')).href;
    const options = JSON.stringify({ files: [file], concurrency: 1, timeoutMs: 2000, cleanUpMs: 2000, execArgv: loader });
    const script = join(folder, 'run.mjs');
    writeFileSync(script, `console.log(JSON.stringify(await (await import('${runner}')).runTests(${options})))`);
    const { NODE_TEST_CONTEXT: _, ...env } = process.env; // node:test runs no files within a test
    const { status, stdout, stderr } = spawnSync(process.execPath, [...loader, script], { env, encoding: 'utf8', timeout: 60_000 });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /✖ a test that hangs/);
    assert.match(stderr, /hangs\.test\.mjs has not ended after 4 s\. It holds: .*ProcessWrap/);
    const { pass, fail, cancelled } = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
    assert.equal(pass, 1);
    assert.ok(fail + cancelled >= 1);
  });
});
