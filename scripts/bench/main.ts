/**
 * Runs benchmarks one after another and prints one JSON document each.
 * Usage: scripts/bench/run [names…] (default: all). They package minik first when that has not been done, and delete
 * what they make.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const folder = import.meta.dirname;
const known = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && file !== 'main.ts' && !file.includes('.test.'))
  .map((file) => file.slice(0, -'.ts'.length))
  .toSorted();
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !known.includes(name));
if (unknown.length > 0) {
  process.stderr.write(`no such benchmark: ${unknown.join(', ')}. There are: ${known.join(', ')}.\n`);
  process.exit(64);
}
let failed = 0;
for (const name of asked.length > 0 ? asked : known) {
  process.stderr.write(`${name} …\n`);
  const { status } = spawnSync(process.execPath, ['--import', 'tsx', join(folder, `${name}.ts`)], {
    stdio: 'inherit',
    cwd: join(folder, '../..'),
  });
  if (status !== 0) {
    process.stderr.write(`${name}: failed\n`);
    failed += 1;
  }
}
process.exitCode = failed === 0 ? 0 : 1;
