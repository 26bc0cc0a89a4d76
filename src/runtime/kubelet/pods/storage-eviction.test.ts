import assert from 'node:assert/strict';
import { link, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type KubeletCluster, startKubeletCluster } from '../testing/kubelet-cluster.ts';
import { folderUsage } from '../volumes/folder-usage.ts';

const mib = 1024 ** 2;
const container = (limit: string | undefined, fields: object = {}) => ({
  name: 'main',
  image: 'busybox:1.36',
  command: ['sleep', '3600'],
  ...(limit === undefined ? {} : { resources: { limits: { 'ephemeral-storage': limit } } }),
  ...fields,
});

async function fill(k: KubeletCluster, pod: string, volume: string, bytes: number): Promise<void> {
  const { uid } = (await k.pod(pod)).metadata;
  await writeFile(join(k.root, 'pods', uid, 'volumes/kubernetes.io~empty-dir', volume, 'file'), Buffer.alloc(bytes, 1));
}

async function shows(k: KubeletCluster, name: string): Promise<readonly (string | undefined)[]> {
  const { phase, reason, message } = (await k.pod(name)).status;
  return [phase, reason, message];
}

describe('a pod on the disk', () => {
  it('is evicted when an emptyDir outgrows its limit', async (t) => {
    const k = await startKubeletCluster(t, { script: { container: () => ({ steps: [], onTerm: 'ignore' }) } });
    const volumes = [{ name: 'data', emptyDir: { sizeLimit: '1024Ki' } }];
    await k.run('web', { volumes });
    await fill(k, 'web', 'data', mib / 2);
    await k.pass(30);
    assert.deepEqual(await shows(k, 'web'), ['Running', undefined, undefined]);
    await fill(k, 'web', 'data', 2 * mib);
    await k.pass(9);
    // The next measurement evicts the pod; its container then ends within the eviction's grace period.
    await k.pass(4);
    const message = 'Usage of EmptyDir volume "data" exceeds the limit "1Mi". ';
    assert.deepEqual(await shows(k, 'web'), ['Failed', 'Evicted', message]);
    assert.ok((await k.events('web')).includes(`Warning Evicted ${message}`));
    assert.deepEqual(
      [...k.engine.containers.values()].filter(({ view }) => view.state === 'running'),
      [],
    );
  });

  it('is evicted when all that it wrote is more than its containers may write', async (t) => {
    const k = await startKubeletCluster(t, {
      script: { container: ({ name }) => ({ steps: [], writableLayerBytes: name === 'main' ? 6 * mib : 0 }) },
    });
    await k.run('one', { containers: [container('5Mi'), container('20Mi', { name: 'other' })] });
    await k.run('all', { containers: [container('8Mi')], volumes: [{ name: 'data', emptyDir: {} }] });
    await k.run('free', { containers: [container(undefined)] });
    await k.run('needed', { containers: [container('5Mi')], priorityClassName: 'system-node-critical', priority: 2_000_001_000 });
    await fill(k, 'all', 'data', 3 * mib);
    await k.pass(12);
    assert.deepEqual(await shows(k, 'one'), ['Failed', 'Evicted', 'Container main exceeded its local ephemeral storage limit "5Mi". ']);
    assert.deepEqual(await shows(k, 'all'), [
      'Failed',
      'Evicted',
      'Pod ephemeral local storage usage exceeds the total limit of containers 8Mi. ',
    ]);
    for (const name of ['free', 'needed']) assert.equal((await k.pod(name)).status.phase, 'Running', name);
  });

  it('costs nothing without limits', async (t) => {
    const k = await startKubeletCluster(t);
    const pending = (): number => k.cluster.clock.pendingTimers;
    const volumes = (emptyDir: object) => ({ restartPolicy: 'Never', volumes: [{ name: 'data', emptyDir }] });
    const start = pending();
    await k.run('first', volumes({}));
    // The timer that renews the pod's token.
    const each = pending() - start;
    await k.run('second', volumes({}));
    assert.equal(pending(), start + 2 * each);
    await k.run('limited', volumes({ sizeLimit: '1Mi' }));
    assert.equal(pending(), start + 3 * each + 1);
    for (const { view } of k.engine.containers.values()) if (view.pod.name === 'limited') k.runtime.control.exit(view.id, 0);
    await k.pass(21);
    assert.equal(pending(), start + 2 * each);
  });
});

it('counts a folder as du does', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'minik-usage-'));
  t.after(() => rm(folder, { recursive: true }));
  const empty = await folderUsage(folder);
  await mkdir(join(folder, 'sub'));
  await writeFile(join(folder, 'sub/a'), Buffer.alloc(mib, 1));
  const once = await folderUsage(folder);
  assert.ok(once - empty >= mib && once - empty < mib + 64 * 1024, `${once - empty}`);
  await link(join(folder, 'sub/a'), join(folder, 'b'));
  assert.equal(await folderUsage(folder), once);
  assert.equal(await folderUsage(join(folder, 'none')), 0);
});
