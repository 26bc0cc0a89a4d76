import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { RotatingFile, type RotatingFileOptions } from './rotating-file.ts';

async function open(t: TestContext, more: Partial<RotatingFileOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'minik-rotating-'));
  t.after(() => rm(folder, { recursive: true }));
  const time = { now: Date.parse('2026-01-01T00:00:00Z') };
  const path = join(folder, 'audit.log');
  const start = () =>
    new RotatingFile({
      ...{ path, maxBytes: 10, maxBackups: 0, maxAgeMs: 0, now: () => time.now, ...more },
      onError: (error) => {
        throw error;
      },
    });
  const end = async (file: RotatingFile) => {
    const closed = once(file.closed, 'abort');
    file.end();
    await closed;
  };
  const names = async () => (await readdir(folder)).toSorted();
  return { folder, path, time, start, end, names };
}

describe('a rotating file', () => {
  it('is renamed after the time before it would be too long, and begun anew', async (t) => {
    const { folder, path, time, start, end, names } = await open(t);
    const file = start();
    file.write('123456\n');
    time.now += 1500;
    file.write('abc\n');
    file.write('def\n');
    await end(file);
    assert.deepEqual(await names(), ['audit-2026-01-01T00-00-01.500.log', 'audit.log']);
    assert.equal(readFileSync(join(folder, 'audit-2026-01-01T00-00-01.500.log'), 'utf8'), '123456\n');
    assert.equal(readFileSync(path, 'utf8'), 'abc\ndef\n');
    assert.equal(statSync(path).mode & 0o777, 0o600);
  });

  it('goes on where it ended, and takes a line that is longer than the limit', async (t) => {
    const { path, time, start, end, names } = await open(t);
    writeFileSync(path, '12345678\n');
    const file = start();
    time.now += 1;
    file.write('a line that is too long\n');
    await end(file);
    assert.equal(readFileSync(path, 'utf8'), 'a line that is too long\n');
    assert.equal((await names()).length, 2);
  });

  it('keeps so many old files, and none that is too old', async (t) => {
    const { time, start, end, names } = await open(t, { maxBackups: 2 });
    const file = start();
    for (const line of ['1', '2', '3', '4']) {
      time.now += 1000;
      file.write(`${line}234567\n`);
    }
    await end(file);
    assert.deepEqual(await names(), ['audit-2026-01-01T00-00-03.000.log', 'audit-2026-01-01T00-00-04.000.log', 'audit.log']);

    const aged = await open(t, { maxAgeMs: 1000 });
    writeFileSync(join(aged.folder, 'audit-2025-12-31T23-59-58.999.log'), '');
    writeFileSync(join(aged.folder, 'audit-2025-12-31T23-59-59.000.log'), '');
    writeFileSync(join(aged.folder, 'audit-of-others.log'), '');
    await aged.end(aged.start());
    assert.deepEqual(await aged.names(), ['audit-2025-12-31T23-59-59.000.log', 'audit-of-others.log', 'audit.log']);
  });
});
