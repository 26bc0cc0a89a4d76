import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
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
