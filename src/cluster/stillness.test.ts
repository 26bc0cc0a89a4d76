import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { stillness } from './stillness.ts';

it('a cluster does not stand still while files are written and closed', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'minik-stillness-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const state = { written: 0 };
  const work = (async () => {
    for (; state.written < 50; state.written++) await writeFile(join(folder, 'file'), 'x'.repeat(10_000));
  })();
  await stillness({ idle: () => true, isPending: () => false, state: () => '' });
  assert.equal(state.written, 50);
  await work;
});
