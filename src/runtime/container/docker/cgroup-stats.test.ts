import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { type CgroupRoots, readCgroup } from './cgroup-stats.ts';

const ID = 'c0ffee';

async function hostWith(t: TestContext, files: Readonly<Record<string, string>>): Promise<CgroupRoots> {
  const root = await mkdtemp(join(tmpdir(), 'minik-cgroup-'));
  t.after(() => rm(root, { recursive: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return { proc: join(root, 'proc'), cgroup: join(root, 'cgroup') };
}

it('reads cgroup v1', async (t) => {
  const roots = await hostWith(t, {
    'proc/42/cgroup': `6:pids:/docker/${ID}\n5:cpu,cpuacct:/docker/${ID}\n4:memory:/docker/${ID}\n0::/docker/${ID}\n`,
    [`cgroup/memory/docker/${ID}/memory.usage_in_bytes`]: '1000\n',
    [`cgroup/memory/docker/${ID}/memory.stat`]: 'rss 1\ntotal_rss 300\ntotal_inactive_file 400\n',
    [`cgroup/cpuacct/docker/${ID}/cpuacct.usage`]: '123456789\n',
    [`cgroup/pids/docker/${ID}/pids.current`]: '7\n',
  });
  const expected = { cpuUsageNs: 123_456_789, memoryUsageBytes: 1000, memoryWorkingSetBytes: 600, memoryRssBytes: 300, processes: 7 };
  assert.deepEqual(await readCgroup(ID, 42, roots), expected);
});

it('reads cgroup v2', async (t) => {
  const folder = `/system.slice/docker-${ID}.scope`;
  const roots = await hostWith(t, {
    'proc/42/cgroup': `0::${folder}\n`,
    [`cgroup${folder}/memory.current`]: '1000\n',
    [`cgroup${folder}/memory.stat`]: 'anon 300\nfile 700\ninactive_file 1400\n',
    [`cgroup${folder}/cpu.stat`]: 'usage_usec 123\nuser_usec 100\n',
    [`cgroup${folder}/pids.current`]: '7\n',
  });
  const expected = { cpuUsageNs: 123_000, memoryUsageBytes: 1000, memoryWorkingSetBytes: 0, memoryRssBytes: 300, processes: 7 };
  assert.deepEqual(await readCgroup(ID, 42, roots), expected);
});

it('does not take another process of the same number for the container', async (t) => {
  const roots = await hostWith(t, { 'proc/42/cgroup': '0::/user.slice\n' });
  assert.equal(await readCgroup(ID, 42, roots), undefined);
  assert.equal(await readCgroup(ID, 43, roots), undefined);
  assert.equal(await readCgroup(ID, 0, roots), undefined);
});
