import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { PAGES_ADDONS } from './pages-addons.ts';
import { type DontNeed, ProgramPages } from './program-pages.ts';

const EINVAL = 22;
const addons: Readonly<Record<string, string>> = { 'linux x64': PAGES_ADDONS.amd64, 'linux arm64': PAGES_ADDONS.arm64 };
const addon = addons[`${process.platform} ${process.arch}`];

describe('the addon that gives pages back', { skip: addon === undefined ? 'no addon for this platform' : false }, () => {
  it('makes the pages of this program leave its memory, and the program runs on', (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'minik-pages-'));
    t.after(() => rmSync(folder, { recursive: true }));
    const path = join(folder, 'pages.node');
    writeFileSync(path, brotliDecompressSync(Buffer.from(addon ?? '', 'base64')));
    const loaded: { readonly exports: unknown } = { exports: {} };
    process.dlopen(loaded, path);
    const dontNeed = loaded.exports as DontNeed; // as scripts/programs/pages.c says
    assert.equal(dontNeed(1, 4096), EINVAL, 'no page begins there');
    const fileKibibytes = (): number => Number(/RssFile:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
    const failures: string[] = [];
    const before = fileKibibytes();
    const pages = new ProgramPages({
      program: process.execPath,
      read: (file) => readFileSync(`/proc/self/${file}`, 'utf8'),
      load: () => dontNeed,
      failed: (reason) => failures.push(reason),
    });
    pages.giveBack();
    const after = fileKibibytes();
    assert.deepEqual(failures, []);
    assert.ok(after < before / 2, `${before} KiB of files before, ${after} KiB after`);
  });
});
