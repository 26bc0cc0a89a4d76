/**
 * Runs the examples of the library in the test runners that people use, each as its registry has it, in a temporary
 * folder. Needs the network. Run by `scripts/test --clients`; prints a line for each and fails when one fails.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCode } from './build.ts';

const timeoutMs = '60000';

/** By the name of the runner: its command line, in a folder with the examples. */
const runners: Readonly<Record<string, readonly string[]>> = {
  'node:test': [process.execPath, '--test', 'node.test.js'],
  vitest: ['node_modules/.bin/vitest', 'run', 'vitest.test.js', '--testTimeout', timeoutMs, '--hookTimeout', timeoutMs],
  jest: ['node_modules/.bin/jest', '--testMatch', '**/*.test.cjs', '--testTimeout', timeoutMs],
  mocha: ['node_modules/.bin/mocha', '--timeout', timeoutMs, 'mocha.js'],
};

const folder = mkdtempSync(join(tmpdir(), 'minik-runners-'));
try {
  cpSync(join(import.meta.dirname, 'examples'), folder, { recursive: true });
  const install = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--silent'], { cwd: folder, stdio: 'inherit' });
  if (install.status !== 0) throw new Error('npm install failed');
  await buildCode(join(folder, 'node_modules/minik'));
  for (const [name, [command = '', ...args]] of Object.entries(runners)) {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
    console.log(`${name}: ${status === 0 ? 'passed' : 'failed'}`);
    if (status === 0) continue;
    console.log(stdout + stderr);
    process.exitCode = 1;
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
