/**
 * Compiles the static programs for linux/amd64 and linux/arm64 and writes them into the sources that carry them, so
 * that they ship inside the package. Needs gcc and gcc-aarch64-linux-gnu on an amd64 machine (Debian packages of these
 * names). Run it after a change of a .c file: `node --import tsx scripts/programs/build.ts`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const programs = [
  { name: 'pause', target: 'src/runtime/container/docker/pause-programs.ts', constant: 'PAUSE_PROGRAMS', what: 'of the pod sandbox' },
  { name: 'guard', target: 'src/cli/minik/guard-programs.ts', constant: 'GUARD_PROGRAMS', what: 'that guard a server' },
] as const;
const TOOLS = { amd64: '', arm64: 'aarch64-linux-gnu-' } as const;
const FLAGS = [
  ...['-Os', '-Wall', '-Wextra', '-Werror', '-ffreestanding', '-nostdlib', '-static', '-no-pie', '-fno-pic', '-fno-stack-protector'],
  ...['-fno-asynchronous-unwind-tables', '-fno-ident', '-fno-builtin', '-Wl,--build-id=none', '-Wl,-n', '-Wl,-z,noexecstack', '-s'],
];

function compile(name: string, prefix: string, folder: string): string {
  const output = join(folder, name);
  execFileSync(`${prefix}gcc`, [...FLAGS, '-o', output, join(import.meta.dirname, `${name}.c`)], { stdio: 'inherit' });
  execFileSync(`${prefix}strip`, ['--strip-all', '--remove-section=.comment', '--remove-section=.note.gnu.property', output]);
  return readFileSync(output).toString('base64');
}

const folder = mkdtempSync(join(tmpdir(), 'programs-'));
try {
  for (const { name, target, constant, what } of programs) {
    const entries = Object.entries(TOOLS).map(([architecture, prefix]) => {
      const lines = compile(name, prefix, folder).match(/.{1,120}/g) ?? [];
      return `  ${architecture}:\n${lines.map((line) => `    '${line}'`).join(' +\n')},\n`;
    });
    writeFileSync(
      join(root, target),
      `/** The static ELF programs ${what} by architecture, in base64. Written by scripts/programs/build.ts from scripts/programs/${name}.c. */\nexport const ${constant}: Readonly<Record<'amd64' | 'arm64', string>> = {\n${entries.join('')}};\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
