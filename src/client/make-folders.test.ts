import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { makeFolders, makeFoldersSync } from './make-folders.ts';

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'minik-folders-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

for (const [name, make] of [
  ['makeFolders', makeFolders],
  ['makeFoldersSync', async (path: string, mode?: number) => makeFoldersSync(path, mode)],
] as const) {
  describe(name, () => {
    it('makes what is missing and names the first that it made', async (t) => {
      const base = folder(t);
      assert.equal(await make(join(base, 'a/b/c'), 0o700), join(base, 'a'));
      assert.equal(statSync(join(base, 'a/b/c')).mode & 0o777, 0o700);
      assert.equal(await make(join(base, 'a/b/d')), join(base, 'a/b/d'));
      assert.equal(await make(join(base, 'a/b')), undefined);
      symlinkSync('a', join(base, 'link'));
      assert.equal(await make(join(base, 'link')), undefined);
    });

    it('fails where there is a file, or a link to nowhere', async (t) => {
      const base = folder(t);
      writeFileSync(join(base, 'file'), '');
      symlinkSync('nowhere', join(base, 'dangling'));
      await assert.rejects(make(join(base, 'file')), { code: 'EEXIST' });
      await assert.rejects(make(join(base, 'file/a')), { code: 'ENOTDIR' });
      await assert.rejects(make(join(base, 'dangling')));
    });

    it('ends where nothing can be made', { skip: existsSync('/proc/self') ? false : 'there is no /proc here' }, async () => {
      await assert.rejects(make('/proc/minik-cannot/be/made'), { code: 'ENOENT' });
    });
  });
}
