import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { SimulatedScript } from '../../container/simulated/behaviour.ts';
import { type KubeletCluster, nodeReady, startKubeletCluster } from '../testing/kubelet-cluster.ts';
import { shutdownGroups, shutdownPeriods } from './shutdown-groups.ts';

const image = 'busybox:1.36';
const config = { shutdownPeriods: shutdownPeriods(30, 10) };
/** Containers end as long after their stop signal as their names say, in seconds, with exit code 0. */
const slow: SimulatedScript = {
  container: ({ name }) => ({ steps: [], onTerm: { exitCode: 0, delayMs: Number(name.replace('s', '')) * 1000 } }),
};
const endsAfter = (seconds: number, spec: object = {}) => ({
  containers: [{ name: `s${seconds}`, image, command: ['sleep', '3600'] }],
  ...spec,
});
const { signal } = new AbortController();

async function ended(k: KubeletCluster, name: string): Promise<string> {
  const { status } = await k.pod(name);
  const state = status.containerStatuses?.[0]?.state;
  return `${status.phase} ${status.reason ?? ''} ${state?.terminated?.exitCode ?? Object.keys(state ?? {}).join()}`;
}

describe('a node that shuts down gracefully', () => {
  it('ends its pods, critical ones last, is not Ready meanwhile, and takes no others', async (t) => {
    const k = await startKubeletCluster(t, { script: slow, config });
    await k.run('web', endsAfter(5));
    await k.run('critical', endsAfter(3, { priority: 2_000_000_000 }));
    const down = k.kubelet.shutDown([], signal);
    await k.pass(2);
    assert.equal(await nodeReady(k.cluster), 'False node is shutting down');
    assert.deepEqual([await ended(k, 'web'), await ended(k, 'critical')], ['Running  running', 'Running  running']);
    await k.run('late');
    const { status } = await k.pod('late');
    assert.deepEqual(
      [status.phase, status.reason, status.message],
      ['Failed', 'NodeShutdown', 'Pod was rejected: Pod was rejected as the node is shutting down.'],
    );
    await k.pass(4);
    assert.deepEqual([await ended(k, 'web'), await ended(k, 'critical')], ['Failed Terminated 0', 'Running  running']);
    await k.pass(3);
    assert.equal(await down, 2);
    assert.equal(await ended(k, 'critical'), 'Failed Terminated 0');
    const { message, conditions } = (await k.pod('web')).status;
    const said = 'Pod was terminated in response to imminent node shutdown.';
    const target = conditions?.find(({ type }) => type === 'DisruptionTarget');
    assert.deepEqual([message, target?.status, target?.reason, target?.message], [said, 'True', 'TerminationByKubelet', said]);
    assert.ok((await k.events('minik')).includes('Normal Shutdown Shutdown manager detected shutdown event'));
  });

  it('gives pods the shorter of their own period and that of their group, then goes on', async (t) => {
    const k = await startKubeletCluster(t, { script: slow, config });
    await k.run('own', endsAfter(100, { terminationGracePeriodSeconds: 5 }));
    await k.run('group', endsAfter(100, { terminationGracePeriodSeconds: 90 }));
    await k.run('deleted', endsAfter(100, { terminationGracePeriodSeconds: 90 }));
    const down = k.kubelet.shutDown([], signal);
    await k.pass(6);
    assert.deepEqual([await ended(k, 'own'), await ended(k, 'group')], ['Failed Terminated 137', 'Running  running']);
    await k.pass(20);
    assert.equal(await down, 3);
    assert.equal(await ended(k, 'group'), 'Failed Terminated 137');
  });

  it('is Ready again and runs on when the shutdown is given up', async (t) => {
    const k = await startKubeletCluster(t, { script: slow, config });
    await k.run('critical', endsAfter(3, { priority: 2_000_000_000 }));
    await k.run('web', endsAfter(5));
    const abort = new AbortController();
    const down = k.kubelet.shutDown([], abort.signal);
    await k.settle();
    abort.abort();
    assert.equal(await down, 1);
    await k.settle();
    assert.equal(await nodeReady(k.cluster), 'True kubelet is posting ready status');
    assert.equal(await ended(k, 'critical'), 'Running  running');
    assert.ok((await k.events('minik')).includes('Normal Shutdown Shutdown manager detected shutdown cancellation'));
    await k.run('late', endsAfter(1));
    assert.equal(await ended(k, 'late'), 'Running  running');
  });

  it('does nothing where no period is configured or asked for', async (t) => {
    const k = await startKubeletCluster(t, { script: slow });
    await k.run('web', endsAfter(1));
    assert.equal(await k.kubelet.shutDown([], signal), 0);
    assert.equal(await ended(k, 'web'), 'Running  running');
  });

  it('leaves its pods as they ended when it is started again, and runs its static pods', async (t) => {
    const manifests = await mkdtemp(join(tmpdir(), 'minik-static-'));
    t.after(() => rm(manifests, { recursive: true, force: true }));
    await mkdir(manifests, { recursive: true });
    const spec = endsAfter(1);
    await writeFile(join(manifests, 'own.yaml'), JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'own' }, spec }));
    const k = await startKubeletCluster(t, { script: slow, config: { ...config, staticPodPath: manifests } });
    await k.run('web', endsAfter(1));
    const down = k.kubelet.shutDown([], signal);
    await k.pass(5);
    await down;
    assert.equal(await ended(k, 'own-minik'), 'Failed Terminated 0');
    await k.restart();
    await k.pass(1);
    assert.deepEqual([await ended(k, 'own-minik'), await ended(k, 'web')], ['Running  running', 'Failed Terminated 0']);
  });
});

describe('the groups of pods', () => {
  const pod = (name: string, priority?: number): Pod =>
    ({ metadata: { name }, spec: priority === undefined ? {} : { priority } }) as unknown as Pod; // what is read
  const groups = (periods: Parameters<typeof shutdownGroups>[0], ...pods: Pod[]) =>
    shutdownGroups(periods, pods, (one) => one).map(({ seconds, members }) => [seconds, ...members.map(({ metadata }) => metadata.name)]);

  it('are by priority, from the lowest; pods below the lowest belong to it, and none is empty', () => {
    const periods = [
      { priority: 1000, seconds: 3 },
      { priority: 10, seconds: 1 },
      { priority: 100, seconds: 2 },
    ];
    assert.deepEqual(groups(periods, pod('none'), pod('ten', 10), pod('99', 99), pod('most', 5000)), [
      [1, 'none', 'ten', '99'],
      [3, 'most'],
    ]);
    assert.deepEqual(groups(shutdownPeriods(30, 10), pod('a'), pod('b', 2_000_001_000)), [
      [20, 'a'],
      [10, 'b'],
    ]);
    assert.deepEqual(shutdownPeriods(0, 0), []);
  });
});
