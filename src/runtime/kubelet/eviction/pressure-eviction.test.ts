import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { event as eventKind } from '../../../api/kinds/core/event.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { kubeletConfiguration } from '../config/kubelet-config.ts';
import { type KubeletCluster, startKubeletCluster } from '../testing/kubelet-cluster.ts';

const mib = 1024 ** 2;
const ample = { memory: { available: 4096 * mib, capacity: 8192 * mib } };
const short = { memory: { available: 50 * mib, capacity: 8192 * mib } };

/** Containers that use as many MiB of memory as their name says. */
const script = { container: ({ name }: { name: string }) => ({ steps: [], memoryBytes: Number(name.slice(1)) * mib }) };
const using = (mibs: number, request?: string) => ({
  containers: [
    {
      name: `u${mibs}`,
      image: 'busybox:1.36',
      command: ['sleep', '3600'],
      ...(request === undefined ? {} : { resources: { requests: { memory: request } } }),
    },
  ],
});

const condition = async (k: KubeletCluster, type: string): Promise<string> => {
  const { status } = await k.cluster.api(nodeKind).get({ namespace: '', name: 'minik' });
  const found = status.conditions?.find((one) => one.type === type);
  return `${found?.status} ${found?.reason} ${found?.message}`;
};

const shows = async (k: KubeletCluster, name: string): Promise<readonly (string | undefined)[]> => {
  const { phase, reason, message } = (await k.pod(name)).status;
  return [phase, reason, message];
};

const phases = async (k: KubeletCluster, ...names: readonly string[]): Promise<readonly (string | undefined)[]> =>
  Promise.all(names.map(async (name) => (await k.pod(name)).status.phase));

describe('a node that is short of memory', () => {
  it('evicts one pod after another: those above their requests first, then by priority, then by what they use', async (t) => {
    const k = await startKubeletCluster(t, { script });
    await k.run('within', using(300, '400Mi'));
    await k.run('above', using(200, '100Mi'));
    await k.run('most', using(250, '100Mi'));
    await k.run('critical', { ...using(900), priorityClassName: 'system-node-critical', priority: 2_000_001_000 });
    assert.equal(await condition(k, 'MemoryPressure'), 'False KubeletHasSufficientMemory kubelet has sufficient memory available');
    k.leave(short);
    await k.pass(10);
    assert.equal(await condition(k, 'MemoryPressure'), 'True KubeletHasInsufficientMemory kubelet has insufficient memory available');
    await k.pass(1);
    const message =
      'The node was low on resource: memory. Threshold quantity: 100Mi, available: 50Mi. Container u250 was using 250Mi, request is 100Mi, has larger consumption of memory. ';
    assert.deepEqual(await shows(k, 'most'), ['Failed', 'Evicted', message]);
    const disrupted = (await k.pod('most')).status.conditions?.find(({ type }) => type === 'DisruptionTarget');
    assert.deepEqual([disrupted?.status, disrupted?.reason, disrupted?.message], ['True', 'TerminationByKubelet', message]);
    assert.ok((await k.events('most')).includes(`Warning Evicted ${message}`));
    assert.deepEqual(await phases(k, 'within', 'above', 'critical'), ['Running', 'Running', 'Running']);
    await k.pass(10);
    assert.deepEqual(await phases(k, 'within', 'above', 'critical'), ['Running', 'Failed', 'Running']);
    await k.pass(50);
    assert.deepEqual(await phases(k, 'within', 'critical'), ['Failed', 'Running']);
  });

  it('keeps its condition for a while, and meanwhile takes no pods that promise nothing', async (t) => {
    const k = await startKubeletCluster(t, { script });
    k.leave(short);
    await k.pass(10);
    k.leave(ample);
    await k.run('besteffort', using(1));
    await k.run('tolerant', { ...using(1), tolerations: [{ key: 'node.kubernetes.io/memory-pressure', operator: 'Exists' }] });
    await k.run('burstable', using(1, '1Mi'));
    assert.deepEqual(await shows(k, 'besteffort'), ['Failed', 'Evicted', 'Pod was rejected: The node had condition: [MemoryPressure]. ']);
    assert.deepEqual(await phases(k, 'tolerant', 'burstable'), ['Running', 'Running']);
    await k.pass(280);
    assert.match(await condition(k, 'MemoryPressure'), /^True/);
    await k.pass(30);
    assert.match(await condition(k, 'MemoryPressure'), /^False/);
    const events = (await k.cluster.api(eventKind).list({ namespace: 'default' })).items;
    const about = events.filter(({ involvedObject }) => involvedObject.kind === 'Node').map(({ reason }) => reason);
    for (const reason of ['NodeHasInsufficientMemory', 'NodeHasSufficientMemory', 'EvictionThresholdMet'])
      assert.ok(about.includes(reason), reason);
  });

  it('waits, and lets pods end, as soft thresholds say, and evicts until the minimum is reclaimed', async (t) => {
    const config = kubeletConfiguration({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      evictionSoft: { 'memory.available': '1Gi' },
      evictionSoftGracePeriod: { 'memory.available': '1m' },
      evictionMinimumReclaim: { 'memory.available': '1Gi' },
      evictionMaxPodGracePeriod: 20,
    });
    const k = await startKubeletCluster(t, {
      script: { container: () => ({ steps: [], onTerm: 'ignore' as const, memoryBytes: mib }) },
      config,
    });
    await k.run('web', { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'] }] });
    k.leave({ memory: { available: 500 * mib, capacity: 8192 * mib } });
    await k.pass(60);
    assert.match(await condition(k, 'MemoryPressure'), /^True/);
    assert.deepEqual(await phases(k, 'web'), ['Running']);
    // More than the threshold, but less than what must be reclaimed.
    k.leave({ memory: { available: 1500 * mib, capacity: 8192 * mib } });
    await k.pass(15);
    assert.deepEqual(await shows(k, 'web').then(([phase]) => phase), 'Running');
    await k.pass(25);
    assert.equal((await shows(k, 'web'))[1], 'Evicted');
  });
});

describe('a node that is short of disk or processes', () => {
  it('raises the condition, and takes no pods but those that it needs', async (t) => {
    const k = await startKubeletCluster(t);
    const full = { available: 1, capacity: 1000 };
    k.leave({ nodeFs: { bytes: full, inodes: { available: 900, capacity: 1000 } } });
    await k.pass(10);
    assert.equal(await condition(k, 'DiskPressure'), 'True KubeletHasDiskPressure kubelet has disk pressure');
    await k.run('web', { tolerations: [{ operator: 'Exists' }] });
    assert.equal((await shows(k, 'web'))[2], 'Pod was rejected: The node had condition: [DiskPressure]. ');
    await k.run('critical', { priorityClassName: 'system-node-critical', priority: 2_000_001_000 });
    assert.deepEqual(await phases(k, 'critical'), ['Running']);
  });

  it('evicts by priority, and of the same by the number of processes', async (t) => {
    const config = kubeletConfiguration({
      apiVersion: 'kubelet.config.k8s.io/v1beta1',
      kind: 'KubeletConfiguration',
      evictionHard: { 'pid.available': '10%' },
    });
    const k = await startKubeletCluster(t, {
      script: { container: ({ name }) => ({ steps: [], processes: Number(name.slice(1)) }) },
      config,
    });
    await k.run('few', using(2));
    await k.run('many', using(90));
    k.leave({ processes: { available: 50, capacity: 1000 } });
    await k.pass(11);
    assert.equal(await condition(k, 'PIDPressure'), 'True KubeletHasInsufficientPID kubelet has insufficient PID available');
    assert.equal((await shows(k, 'many'))[2], 'The node was low on resource: pids. Threshold quantity: 100, available: 50. ');
    assert.deepEqual(await phases(k, 'few'), ['Running']);
  });
});
