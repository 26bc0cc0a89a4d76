import assert from 'node:assert/strict';
import { lstat, mkdtemp, readdir, readFile, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { type Payload, writeAtomically } from './atomic-writer.ts';

const files = (contents: Readonly<Record<string, string>>, mode = 0o644): Payload =>
  new Map(Object.entries(contents).map(([path, text]) => [path, { content: Buffer.from(text), mode }]));

async function aFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'minik-volume-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('writeAtomically', () => {
  it('makes files that can be read through links, with their modes', async (t) => {
    const folder = await aFolder(t);
    assert.equal(await writeAtomically(folder, files({ a: '1', 'sub/b': '2' }, 0o400), { version: 'v1' }), true);
    assert.equal(await readFile(join(folder, 'a'), 'utf8'), '1');
    assert.equal(await readFile(join(folder, 'sub/b'), 'utf8'), '2');
    assert.equal(await readlink(join(folder, '..data')), '..v1');
    assert.equal(await readlink(join(folder, 'a')), '..data/a');
    assert.equal((await stat(join(folder, 'a'))).mode & 0o777, 0o400);
  });

  it('swaps to the next version, drops what is gone, and keeps one version only', async (t) => {
    const folder = await aFolder(t);
    await writeAtomically(folder, files({ a: '1', old: 'x' }), { version: 'v1' });
    assert.equal(await writeAtomically(folder, files({ a: '2', new: 'y' }), { version: 'v2' }), true);
    assert.deepEqual((await readdir(folder)).sort(), ['..data', '..v2', 'a', 'new']);
    assert.equal(await readFile(join(folder, 'a'), 'utf8'), '2');
  });

  it('leaves what is current alone', async (t) => {
    const folder = await aFolder(t);
    await writeAtomically(folder, files({ a: '1' }), { version: 'v1' });
    const before = await lstat(join(folder, '..data'));
    assert.equal(await writeAtomically(folder, files({ a: '1' }), { version: 'v2' }), false);
    assert.equal((await lstat(join(folder, '..data'))).ino, before.ino);
    assert.equal(await writeAtomically(folder, files({ a: '1' }, 0o600), { version: 'v3' }), true);
    assert.equal(await writeAtomically(folder, files({}), { version: 'v4' }), true);
    assert.deepEqual((await readdir(folder)).sort(), ['..data', '..v4']);
  });

  it('gives files to a group', { skip: process.getuid?.() === 0 ? false : 'only root may give files away' }, async (t) => {
    const folder = await aFolder(t);
    await writeAtomically(folder, files({ 'sub/a': '1' }, 0o440), { version: 'v1', group: 2000 });
    const file = await stat(join(folder, 'sub/a'));
    assert.deepEqual([file.gid, file.mode & 0o777], [2000, 0o440]);
    const sub = await stat(join(folder, '..data/sub'));
    assert.deepEqual([sub.gid, sub.mode & 0o7777], [2000, 0o2755]);
    assert.equal(await writeAtomically(folder, files({ 'sub/a': '1' }, 0o440), { version: 'v2', group: 2000 }), false);
  });
});
