/**
 * Compiles pause.c for linux/amd64 and linux/arm64 and writes the programs into the runtime's source, so that they ship inside the package.
 * Needs gcc and gcc-aarch64-linux-gnu on an amd64 machine (Debian packages of these names). Run it after a change of pause.c:
 * `node --import tsx scripts/pause/build.ts`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SOURCE = fileURLToPath(new URL('pause.c', import.meta.url));
const TARGET = fileURLToPath(new URL('../../src/runtime/container/docker/pause-programs.ts', import.meta.url));
const TOOLS = { amd64: '', arm64: 'aarch64-linux-gnu-' } as const;
const FLAGS = [
  ...['-Os', '-Wall', '-Wextra', '-Werror', '-ffreestanding', '-nostdlib', '-static', '-no-pie', '-fno-pic', '-fno-stack-protector'],
  ...['-fno-asynchronous-unwind-tables', '-fno-ident', '-fno-builtin', '-Wl,--build-id=none', '-Wl,-n', '-Wl,-z,noexecstack', '-s'],
];

function compile(prefix: string, folder: string): string {
  const output = join(folder, 'pause');
  execFileSync(`${prefix}gcc`, [...FLAGS, '-o', output, SOURCE], { stdio: 'inherit' });
  execFileSync(`${prefix}strip`, ['--strip-all', '--remove-section=.comment', '--remove-section=.note.gnu.property', output]);
  return readFileSync(output).toString('base64');
}

const folder = mkdtempSync(join(tmpdir(), 'pause-'));
try {
  const programs = Object.entries(TOOLS).map(([architecture, prefix]) => {
    const lines = compile(prefix, folder).match(/.{1,120}/g) ?? [];
    return `  ${architecture}:\n${lines.map((line) => `    '${line}'`).join(' +\n')},\n`;
  });
  writeFileSync(
    TARGET,
    `/** The static ELF programs of the pod sandbox by architecture, in base64. Written by scripts/pause/build.ts from scripts/pause/pause.c. */\nexport const PAUSE_PROGRAMS: Readonly<Record<'amd64' | 'arm64', string>> = {\n${programs.join('')}};\n`,
  );
} finally {
  rmSync(folder, { recursive: true });
}
