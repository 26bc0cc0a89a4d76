// Fetches the charts with the modules that they are part of.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { charts } from './charts.js';

rmSync('charts', { recursive: true, force: true });
for (const [name, { module, sum, folder }] of Object.entries(charts)) {
  const { Dir, Sum } = JSON.parse(execFileSync('go', ['mod', 'download', '-json', module], { encoding: 'utf8' }));
  assert.equal(Sum, sum, module);
  cpSync(join(Dir, folder), join('charts', name), { recursive: true });
}
// A module's files cannot be written.
execFileSync('chmod', ['-R', 'u+w', 'charts']);
