/**
 * Compiles the static programs, and the addon, for linux/amd64 and linux/arm64 and writes them into the sources that
 * carry them, so that they ship inside the package. Needs gcc and gcc-aarch64-linux-gnu on an amd64 machine (Debian
 * packages of these names). Run it after a change of a .c file: `node --import tsx scripts/programs/build.ts`.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { brotliCompressSync } from 'node:zlib';

const root = resolve(import.meta.dirname, '../..');
const programs = [
  { name: 'pause', target: 'src/runtime/container/docker/pause-programs.ts', constant: 'PAUSE_PROGRAMS', what: 'of the pod sandbox' },
  { name: 'guard', target: 'src/cli/minik/guard-programs.ts', constant: 'GUARD_PROGRAMS', what: 'that guard a server' },
  {
    name: 'pages',
    target: 'src/cluster/pages-addons.ts',
    constant: 'PAGES_ADDONS',
    what: "that give back the program's pages",
    isAddon: true,
  },
] as const;
const TOOLS = { amd64: '', arm64: 'aarch64-linux-gnu-' } as const;
const FLAGS = [
  ...['-Os', '-Wall', '-Wextra', '-Werror', '-ffreestanding', '-nostdlib', '-fno-stack-protector', '-fno-asynchronous-unwind-tables'],
  ...['-fno-ident', '-fno-builtin', '-Wl,--build-id=none', '-Wl,-z,noexecstack', '-s'],
];
const PROGRAM_FLAGS = ['-static', '-no-pie', '-fno-pic', '-Wl,-n'];
const ADDON_FLAGS = ['-shared', '-fPIC', '-fvisibility=hidden', '-Wl,-z,noseparate-code', '-Wl,--hash-style=gnu'];

function compile(name: string, flags: readonly string[], prefix: string, folder: string): Buffer {
  const output = join(folder, name);
  execFileSync(`${prefix}gcc`, [...FLAGS, ...flags, '-o', output, join(import.meta.dirname, `${name}.c`)], { stdio: 'inherit' });
  execFileSync(`${prefix}strip`, ['--strip-all', '--remove-section=.comment', '--remove-section=.note.gnu.property', output]);
  return readFileSync(output);
}

const folder = mkdtempSync(join(tmpdir(), 'programs-'));
try {
  for (const { name, target, constant, what, ...kind } of programs) {
    const isAddon = 'isAddon' in kind;
    const entries = Object.entries(TOOLS).map(([architecture, prefix]) => {
      const bytes = compile(name, isAddon ? ADDON_FLAGS : PROGRAM_FLAGS, prefix, folder);
      // Addons are mostly zeros, because their segments lie pages apart.
      const lines = (isAddon ? brotliCompressSync(bytes) : bytes).toString('base64').match(/.{1,120}/g) ?? [];
      return `  ${architecture}:\n${lines.map((line) => `    '${line}'`).join(' +\n')},\n`;
    });
    const comment = [
      `The ${isAddon ? 'addons' : 'static ELF programs'} ${what}, by architecture, in base64${isAddon ? ' of brotli' : ''}. Written by`,
      `scripts/programs/build.ts from scripts/programs/${name}.c.`,
    ];
    writeFileSync(
      join(root, target),
      `/**\n${comment.map((line) => ` * ${line}\n`).join('')} */\nexport const ${constant}: Readonly<Record<'amd64' | 'arm64', string>> = {\n${entries.join('')}};\n`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}
