import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { promisify } from 'node:util';
import { tryLock, waitForLock } from './file-lock.ts';
import { processStartOf } from './process-identity.ts';

function lockPath(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'minik-lock-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'lock');
}

describe('tryLock', () => {
  it('gives the lock to one at a time and names the holder to others', (t) => {
    const path = lockPath(t);
    const release = tryLock(path, 'start demo');
    assert.ok(typeof release === 'function');
    assert.deepEqual(tryLock(path, 'delete demo'), { pid: process.pid, purpose: 'start demo' });
    release();
    assert.equal(typeof tryLock(path, 'delete demo'), 'function');
  });

  it('is given back once: a second release leaves the next holder alone', (t) => {
    const path = lockPath(t);
    const first = tryLock(path, 'first');
    assert.ok(typeof first === 'function');
    first();
    const second = tryLock(path, 'second');
    assert.ok(typeof second === 'function');
    first();
    assert.deepEqual(tryLock(path, 'third'), { pid: process.pid, purpose: 'second' });
    second();
    assert.deepEqual(readdirSync(dirname(path)), []);
  });

  it('writes through no link that somebody has laid, and leaves no draft', (t) => {
    const path = lockPath(t);
    const victim = join(dirname(path), 'victim');
    writeFileSync(victim, 'precious');
    symlinkSync(victim, `${path}.${process.pid}`);
    symlinkSync(victim, path);
    const release = tryLock(path, 'start demo');
    assert.ok(typeof release === 'function');
    assert.ok(!lstatSync(path).isSymbolicLink());
    assert.equal(readFileSync(victim, 'utf8'), 'precious');
    release();
    assert.deepEqual(readdirSync(dirname(path)).sort(), [`lock.${process.pid}`, 'victim']);
  });

  it('takes over a file that nobody finished', (t) => {
    const path = lockPath(t);
    writeFileSync(path, '');
    assert.equal(typeof tryLock(path, 'start demo'), 'function');
  });

  it('lets one process in at a time, however many want to', async (t) => {
    const path = lockPath(t);
    const inside = join(dirname(path), 'inside');
    const program = `
      import { rmSync, writeFileSync } from 'node:fs';
      import { waitForLock } from ${JSON.stringify(join(import.meta.dirname, 'file-lock.ts'))};
      for (let turn = 0; turn < 20; turn++) {
        const release = await waitForLock(${JSON.stringify(path)}, 'turn', 60_000);
        writeFileSync(${JSON.stringify(inside)}, '', { flag: 'wx' });
        rmSync(${JSON.stringify(inside)});
        release();
        release();
      }`;
    const run = promisify(execFile);
    await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, ['--input-type=module', '--eval', program])));
  });

  it('takes over from a process that is gone, also when its pid is in use again', (t) => {
    const path = lockPath(t);
    writeFileSync(path, `${process.pid} 1 start demo`);
    assert.notEqual(processStartOf(process.pid), '1');
    assert.equal(typeof tryLock(path, 'start demo'), 'function');
  });
});

describe('waitForLock', () => {
  it('gets the lock when it is released', async (t) => {
    const path = lockPath(t);
    const release = tryLock(path, 'first');
    assert.ok(typeof release === 'function');
    const waiting = waitForLock(path, 'second', 10_000);
    release();
    (await waiting)();
  });

  it('gives up and says who holds it', async (t) => {
    const path = lockPath(t);
    tryLock(path, 'first');
    await assert.rejects(waitForLock(path, 'second', 0), new RegExp(`is held by process ${process.pid} \\(first\\)`));
  });
});
