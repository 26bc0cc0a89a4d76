/** The pages of this executable (program-pages.ts). */
import { readFileSync } from 'node:fs';
import { isSea } from 'node:sea';
import { brotliDecompressSync } from 'node:zlib';
import { nativeModule } from '../executable.ts';
import { digestOf } from '../native-code.ts';
import { PAGES_ADDONS } from './pages-addons.ts';
import { type DontNeed, ProgramPages } from './program-pages.ts';

/** Undefined in a checkout, whose program is Node's, and where there is no addon. */
export function ownPages(failed: (reason: string) => void): ProgramPages | undefined {
  if (!isSea() || process.platform !== 'linux') return undefined;
  const addon = { x64: PAGES_ADDONS.amd64, arm64: PAGES_ADDONS.arm64 }[process.arch as string];
  if (addon === undefined) return undefined;
  return new ProgramPages({
    program: process.execPath,
    read: (file) => readFileSync(`/proc/self/${file}`, 'utf8'),
    // As scripts/programs/pages.c says.
    load: () => {
      const code = brotliDecompressSync(Buffer.from(addon, 'base64'));
      return nativeModule({ name: 'pages.node', digest: digestOf(code), content: () => code }).exports as DontNeed;
    },
    failed,
  });
}
