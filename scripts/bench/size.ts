/**
 * The size of the executable, as it is and compressed for download. Prints one JSON document. Usage: scripts/bench/run
 * size
 */
import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { ensureExecutable, executable } from './lib/bench-cluster.ts';
import { environment, figure } from './lib/figures.ts';

/** The size in megabytes after compression; undefined when the compressor is not installed. */
function compressedMegabytes(command: string, args: readonly string[]): number | undefined {
  try {
    return execFileSync(command, [...args, executable()], { maxBuffer: 2 ** 30, stdio: ['ignore', 'pipe', 'ignore'] }).length / 1e6;
  } catch {
    return undefined;
  }
}

ensureExecutable();
const sizes = {
  megabytes: statSync(executable()).size / 1e6,
  xzMegabytes: compressedMegabytes('xz', ['-9e', '-c', '-T1']),
  zstdMegabytes: compressedMegabytes('zstd', ['-19', '--long=27', '-c', '-q']),
};
const figures = Object.fromEntries(Object.entries(sizes).flatMap(([name, size]) => (size === undefined ? [] : [[name, figure([size])]])));
process.stdout.write(`${JSON.stringify({ name: 'size', figures, environment: environment() }, null, 2)}\n`);
