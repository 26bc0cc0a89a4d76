import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { digestOf, type NativeCode, unpackNativeCode } from './native-code.ts';

const uid = process.getuid?.() ?? -1;
const bytes = Buffer.from('native code');

function folderOf(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'native-code-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const code = (caches: NativeCode['caches'], more: Partial<NativeCode> = {}, content = bytes): NativeCode => ({
  name: 'x.node',
  digest: digestOf(content),
  content: () => content,
  caches,
  uid,
  ...more,
});

describe('native code', () => {
  it('is kept once for a content, for its user alone', (t) => {
    const cache = join(folderOf(t), 'cache');
    const path = unpackNativeCode(code([cache]));
    const { ino } = statSync(path);
    assert.deepEqual(readFileSync(path), bytes);
    assert.equal(statSync(join(cache, 'minik')).mode & 0o077, 0);
    assert.equal(statSync(path).mode & 0o077, 0);
    const unasked = (): Buffer => assert.fail('the content is unpacked again');
    assert.equal(unpackNativeCode(code([cache], { content: unasked })), path);
    assert.equal(statSync(path).ino, ino);
    assert.notEqual(unpackNativeCode(code([cache], {}, Buffer.from('other code'))), path);
    assert.equal(readdirSync(join(cache, 'minik')).length, 2);
  });

  it('is replaced when it has another content, may be written by others, or is a link', (t) => {
    const cache = folderOf(t);
    const path = unpackNativeCode(code([cache]));
    const foreign = join(cache, 'foreign');
    writeFileSync(foreign, bytes);
    for (const spoil of [
      () => writeFileSync(path, 'native c0de'),
      () => writeFileSync(path, 'longer native code'),
      () => chmodSync(path, 0o777),
      () => {
        rmSync(path);
        symlinkSync(foreign, path);
      },
    ]) {
      spoil();
      const { ino } = statSync(path);
      assert.equal(unpackNativeCode(code([cache])), path);
      assert.deepEqual(readFileSync(path), bytes);
      assert.notEqual(statSync(path).ino, ino);
      assert.equal(statSync(path).mode & 0o022, 0);
    }
  });

  it('is kept in no folder that others own or may write to, nor below one', (t) => {
    const [shared, own] = [join(folderOf(t), 'shared'), folderOf(t)];
    mkdirSync(join(shared, 'cache/minik'), { recursive: true });
    for (const open of ['', 'cache', 'cache/minik']) {
      chmodSync(join(shared, open), 0o777);
      assert.throws(() => unpackNativeCode(code([join(shared, 'cache')])), /can be written by others\): set XDG_CACHE_HOME/);
      assert.ok(unpackNativeCode(code([join(shared, 'cache'), own])).startsWith(own));
      chmodSync(join(shared, open), 0o755);
    }
    assert.deepEqual(readdirSync(join(shared, 'cache/minik')), []);
    if (uid > 0) assert.throws(() => unpackNativeCode(code([own], { uid: uid + 1 })), /belongs to another user/);
  });

  it('goes past folders that are missing, relative or not folders', (t) => {
    const own = folderOf(t);
    const file = join(own, 'file');
    writeFileSync(file, '');
    assert.ok(unpackNativeCode(code([undefined, '', 'relative', file, join(own, 'cache')])).startsWith(join(own, 'cache')));
    assert.throws(() => unpackNativeCode(code([undefined, ''])), /no safe folder/);
  });
});
