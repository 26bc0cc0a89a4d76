import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { LogFile, removeLog } from './log-file.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'minik-log-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

const time = '2026-01-02T03:04:05.000000001Z';
const line = (text: string): Buffer => Buffer.from(`${time} stdout F ${text}\n`);

describe('the file of a log', () => {
  it('is rotated when it is full; older files are compressed, and the oldest go', async (t) => {
    const root = await folder(t);
    const path = join(root, 'pod', 'main', '0.log');
    let now = Date.UTC(2026, 0, 2, 3, 4, 5);
    const { file } = await LogFile.open(path, { maxBytes: 1, maxFiles: 3 }, () => now);
    for (const text of ['a', 'b', 'c', 'd']) {
      await file.write([line(text)]);
      now += 1000;
    }
    assert.deepEqual((await readdir(join(root, 'pod', 'main'))).sort(), ['0.log', '0.log.20260102-030407.gz', '0.log.20260102-030408']);
    assert.equal(gunzipSync(await readFile(`${path}.20260102-030407.gz`)).toString(), line('c').toString());
    assert.equal(await readFile(`${path}.20260102-030408`, 'utf8'), line('d').toString());
    assert.equal(await readFile(path, 'utf8'), '');
    await file.close();
    const { file: next, reached } = await LogFile.open(path, { maxBytes: 1, maxFiles: 3 }, () => now);
    await next.close();
    assert.equal(reached.stdout?.time, time, 'it goes on after what was rotated last');
    await writeFile(join(root, 'pod', 'main', '10.log'), 'another');
    await removeLog(path);
    assert.deepEqual(await readdir(join(root, 'pod', 'main')), ['10.log']);
  });

  it('is rotated once in a second, and never where its size is not limited', async (t) => {
    const root = await folder(t);
    const write = async (name: string, maxBytes: number): Promise<readonly string[]> => {
      const { file } = await LogFile.open(join(root, name, '0.log'), { maxBytes, maxFiles: 5 }, () => 0);
      for (const text of ['a', 'b', 'c']) await file.write([line(text)]);
      await file.close();
      return (await readdir(join(root, name))).sort();
    };
    assert.deepEqual(await write('limited', 1), ['0.log', '0.log.19700101-000000']);
    assert.equal(await readFile(join(root, 'limited', '0.log'), 'utf8'), `${line('b')}${line('c')}`);
    assert.deepEqual(await write('unlimited', -1), ['0.log']);
  });

  it('loses a line that a crash left incomplete, so that it is written again as a whole', async (t) => {
    const root = await folder(t);
    const path = join(root, '0.log');
    const whole = `${line('x'.repeat(100_000))}${line('whole')}`;
    await writeFile(path, `${whole}${line('incomplete').toString().slice(0, -4)}`);
    const { file, reached } = await LogFile.open(path, { maxBytes: -1, maxFiles: 5 }, () => 0);
    await file.close();
    assert.equal(await readFile(path, 'utf8'), whole);
    assert.deepEqual(reached.stdout, { time, bytes: undefined });
  });
});
