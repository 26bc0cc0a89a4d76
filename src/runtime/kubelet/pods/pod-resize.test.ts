import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Pod } from '../../../api/generated/core/v1.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { type KubeletCluster, startKubeletCluster } from '../testing/kubelet-cluster.ts';

interface Amounts {
  readonly cpu: string;
  readonly memory: string;
}

const container = (requests: Amounts, limits: Amounts, fields: object = {}) => ({
  name: 'main',
  image: 'busybox:1.36',
  command: ['sleep', '3600'],
  resources: { requests, limits },
  ...fields,
});
const small: Amounts = { cpu: '100m', memory: '64Mi' };
const limit: Amounts = { cpu: '500m', memory: '128Mi' };

async function resize(k: KubeletCluster, requests: Partial<Amounts>, limits: Partial<Amounts> = {}): Promise<void> {
  const body = { spec: { containers: [{ name: 'main', resources: { requests, limits } }] } };
  await k.cluster.api(podKind).patch({ namespace: 'default', name: 'web' }, { type: 'strategic', subresource: 'resize', body });
  await k.settle();
}

async function resizing(k: KubeletCluster): Promise<readonly string[]> {
  const { conditions = [] } = (await k.pod('web')).status;
  return conditions.filter(({ type }) => type.startsWith('PodResize')).map((c) => `${c.type} ${c.reason}: ${c.message}`);
}

const told = (k: KubeletCluster) => [...k.engine.containers.values()].at(-1)?.config.resources;

describe('a resize', () => {
  it('reaches the engine and the status without a restart', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', { containers: [container(small, limit)] });
    await resize(k, { cpu: '200m' }, { cpu: '1', memory: '256Mi' });
    const status = await k.status('web');
    assert.deepEqual(status.resources, { requests: { ...small, cpu: '200m' }, limits: { cpu: '1', memory: '256Mi' } });
    assert.deepEqual(status.allocatedResources, { ...small, cpu: '200m' });
    assert.equal(status.restartCount, 0);
    assert.deepEqual([told(k)?.cpuQuotaUs, told(k)?.memoryBytes, told(k)?.cpuShares], [100_000, 256 * 1024 ** 2, 204]);
    assert.deepEqual(await resizing(k), []);
    assert.ok(
      (await k.events('web')).some((e) => e.startsWith('Normal ResizeCompleted Pod resize completed: {"containers":[{"name":"main"')),
    );
    assert.equal((await k.pod('web')).status.observedGeneration, 2);
  });

  it('restarts the container when its policy says so', async (t) => {
    const k = await startKubeletCluster(t);
    const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
    await k.run('web', { restartPolicy: 'OnFailure', containers: [container(small, limit, { resizePolicy })] });
    await resize(k, { cpu: '200m' });
    assert.equal((await k.status('web')).restartCount, 0);
    await resize(k, { memory: '96Mi' });
    const status = await k.status('web');
    assert.equal(status.restartCount, 1);
    assert.ok(status.state.running);
    assert.equal(status.allocatedResources?.memory, '96Mi');
    assert.ok((await k.events('web')).includes('Normal Killing Container main resize requires restart'));
  });

  it('that can never fit, or not now, waits; the container keeps what it has, and gets it when there is room', async (t) => {
    const k = await startKubeletCluster(t, { allocatable: { cpus: 2 } });
    await k.run('other', { containers: [container({ cpu: '1', memory: '64Mi' }, { cpu: '2', memory: '64Mi' })] });
    await k.run('web', { containers: [container(small, { cpu: '8', memory: '128Mi' })] });
    await resize(k, { cpu: '3' });
    assert.deepEqual(await resizing(k), [
      "PodResizePending Infeasible: Node didn't have enough capacity: cpu, requested: 3000, capacity: 2000",
    ]);
    await resize(k, { cpu: '1500m' });
    const text = "Node didn't have enough resource: cpu, requested: 1500, used: 1000, capacity: 2000";
    assert.deepEqual(await resizing(k), [`PodResizePending Deferred: ${text}`]);
    assert.equal((await k.status('web')).resources?.requests?.cpu, '100m');
    await k.restart();
    assert.deepEqual(await resizing(k), [`PodResizePending Deferred: ${text}`]);
    assert.equal((await k.status('web')).allocatedResources?.cpu, '100m');
    await k.cluster.api(podKind).delete({ namespace: 'default', name: 'other' }, { gracePeriodSeconds: 0 });
    await k.pass(40);
    assert.deepEqual(await resizing(k), []);
    assert.equal((await k.status('web')).resources?.requests?.cpu, '1500m');
    assert.equal((await k.status('web')).restartCount, 0);
  });

  it('below the memory in use fails until it is taken back', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', { containers: [container(small, limit)] });
    await resize(k, { memory: '10Ki' }, { memory: '10Ki' });
    assert.match(
      (await resizing(k)).join(),
      /^PodResizeInProgress Error: cannot decrease memory limits: \[attempting to set pod memory limit \(10240\) below current usage \(\d+\), attempting to set container "main" memory limit \(10240\) below current usage \(\d+\)\]$/,
    );
    assert.equal((await k.status('web')).resources?.limits?.memory, '128Mi');
    await resize(k, { memory: '64Mi' }, { memory: '96Mi' });
    assert.deepEqual(await resizing(k), []);
    assert.equal((await k.status('web')).resources?.limits?.memory, '96Mi');
    assert.equal(told(k)?.memoryBytes, 96 * 1024 ** 2);
  });

  it('never shows its generation as observed beside the resources of the one before, unless it says that it is not done', async (t) => {
    const k = await startKubeletCluster(t, { allocatable: { cpus: 2 }, script: { container: () => ({ steps: [], startDelayMs: 700 }) } });
    const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
    const beside = { ...container(small, limit), name: 'beside' };
    await k.run('web', { containers: [container(small, limit, { resizePolicy }), beside] });
    await k.pass(2);
    const shown: string[] = [];
    const { resourceVersion } = (await k.pod('web')).metadata;
    const ended = new AbortController();
    t.after(() => ended.abort());
    const follow = async (): Promise<void> => {
      for await (const batch of k.cluster.api(podKind).watch({ namespace: 'default', resourceVersion, signal: ended.signal })) {
        for (const event of batch) if (event.type === 'MODIFIED') note(event.object);
      }
    };
    const note = ({ metadata, status }: Pod): void => {
      const main = status.containerStatuses?.find(({ name }) => name === 'main');
      const resizes = (status.conditions ?? []).some(({ type }) => type.startsWith('PodResize'));
      const ready = status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True';
      if (resizes || !ready || status.observedGeneration !== metadata.generation) return;
      shown.push(`${metadata.generation}: ${main?.resources?.requests?.cpu} ${main?.allocatedResources?.memory}`);
    };
    void follow();
    await resize(k, { cpu: '200m' });
    await k.pass(2);
    await resize(k, { memory: '96Mi' });
    await k.pass(4);
    assert.deepEqual([...new Set(shown)], ['2: 200m 64Mi', '3: 200m 96Mi']);
    assert.equal((await k.status('web')).restartCount, 1);
  });

  it('to the same amounts in other words is none', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', { containers: [container(small, limit)] });
    await resize(k, { cpu: '0.1' }, { cpu: '0.5' });
    assert.deepEqual(await resizing(k), []);
    assert.ok(!(await k.events('web')).some((text) => text.includes('Resize')));
    assert.equal((await k.pod('web')).status.observedGeneration, (await k.pod('web')).metadata.generation);
  });

  it('shows what a container that has ended would have', async (t) => {
    const k = await startKubeletCluster(t, {
      script: { container: ({ name }) => (name === 'first' ? { steps: [{ do: 'exit', code: 0 }] } : undefined) },
    });
    await k.run('web', { initContainers: [{ ...container(small, limit), name: 'first' }], containers: [container(small, limit)] });
    await k.pass(1);
    const { allocatedResources, resources } = await k.status('web', 'first');
    assert.deepEqual([allocatedResources, resources], [small, { requests: small, limits: limit }]);
  });
});

describe('the resources of a pod as a whole', () => {
  const bare = { name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'] };
  const beside = { ...container(small, limit), name: 'beside' };
  const whole = { requests: { cpu: '300m', memory: '128Mi' }, limits: { cpu: '1', memory: '256Mi' } };

  async function resizePod(k: KubeletCluster, requests: Partial<Amounts>, limits: Partial<Amounts> = {}): Promise<void> {
    const body = { spec: { resources: { requests, limits } } };
    await k.cluster.api(podKind).patch({ namespace: 'default', name: 'web' }, { type: 'strategic', subresource: 'resize', body });
    await k.settle();
  }
  const toldTo = (k: KubeletCluster, name: string) =>
    [...k.engine.containers.values()].find(({ config }) => config.name === name)?.config.resources;
  const limitsOf = (k: KubeletCluster, name: string) => [toldTo(k, name)?.cpuQuotaUs, toldTo(k, name)?.memoryBytes];
  const mib = 1024 ** 2;

  it('limit the containers that have no limits of their own, and are shown', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', { resources: whole, containers: [bare, beside] });
    assert.deepEqual(
      [limitsOf(k, 'main'), limitsOf(k, 'beside')],
      [
        [100_000, 256 * mib],
        [50_000, 128 * mib],
      ],
    );
    const { status } = await k.pod('web');
    assert.deepEqual([status.resources, status.allocatedResources], [whole, whole.requests]);
    assert.deepEqual((await k.status('web', 'main')).resources, {});
  });

  it('are shown of a pod that states none, as the sums of its containers', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', { containers: [container(small, limit), beside] });
    const { status } = await k.pod('web');
    const sums = { requests: { cpu: '200m', memory: '128Mi' }, limits: { cpu: '1', memory: '256Mi' } };
    assert.deepEqual([status.resources, status.allocatedResources], [sums, sums.requests]);
    await k.run('none', { containers: [bare] });
    const { resources, allocatedResources } = (await k.pod('none')).status;
    assert.deepEqual([resources, allocatedResources], [{}, undefined]);
  });

  it('are resized in place, also over a restart of the kubelet', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', { resources: whole, containers: [bare, beside] });
    await resizePod(k, { cpu: '500m' }, { cpu: '2', memory: '512Mi' });
    assert.deepEqual(
      [limitsOf(k, 'main'), limitsOf(k, 'beside')],
      [
        [200_000, 512 * mib],
        [50_000, 128 * mib],
      ],
    );
    const { status } = await k.pod('web');
    const next = { requests: { cpu: '500m', memory: '128Mi' }, limits: { cpu: '2', memory: '512Mi' } };
    assert.deepEqual([status.resources, status.allocatedResources], [next, next.requests]);
    assert.deepEqual(await resizing(k), []);
    assert.equal((await k.events('web')).filter((text) => text.includes('ResizeCompleted')).length, 1);
    await k.restart();
    await resizePod(k, {}, { memory: '300Mi' });
    assert.deepEqual(limitsOf(k, 'main'), [200_000, 300 * mib]);
    assert.deepEqual([(await k.status('web', 'main')).restartCount, (await k.status('web', 'beside')).restartCount], [0, 0]);
  });

  it('restart a container that wants to be, when its limit is that of the pod', async (t) => {
    const k = await startKubeletCluster(t);
    const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
    await k.run('web', { resources: whole, containers: [{ ...bare, resizePolicy }, beside] });
    await resizePod(k, {}, { memory: '512Mi' });
    assert.deepEqual([(await k.status('web', 'main')).restartCount, (await k.status('web', 'beside')).restartCount], [1, 0]);
    const made = [...k.engine.containers.values()].filter(({ config }) => config.name === 'main').at(-1);
    assert.equal(made?.config.resources.memoryBytes, 512 * mib);
  });

  it('wait for room like those of containers, and stay above what is in use', async (t) => {
    const k = await startKubeletCluster(t, { allocatable: { cpus: 2 } });
    await k.run('web', { resources: { ...whole, limits: { cpu: '8', memory: '256Mi' } }, containers: [bare] });
    await resizePod(k, { cpu: '3' });
    assert.deepEqual(await resizing(k), [
      "PodResizePending Infeasible: Node didn't have enough capacity: cpu, requested: 3000, capacity: 2000",
    ]);
    assert.equal((await k.pod('web')).status.allocatedResources?.cpu, '300m');
    await resizePod(k, { cpu: '300m', memory: '8Ki' }, { memory: '10Ki' });
    assert.match(
      (await resizing(k)).join(),
      /^PodResizeInProgress Error: cannot decrease memory limits: \[attempting to set pod memory limit \(10240\)/,
    );
    assert.equal((await k.pod('web')).status.resources?.limits?.memory, '256Mi');
    assert.equal(toldTo(k, 'main')?.memoryBytes, 256 * mib);
  });
});

describe('a resize of init containers', () => {
  const init = (fields: object) => ({ ...container(small, limit), name: 'init', ...fields });
  const resizeInit = async (k: KubeletCluster) => {
    const body = { spec: { initContainers: [{ name: 'init', resources: { requests: { cpu: '200m' }, limits: { memory: '256Mi' } } }] } };
    await k.cluster.api(podKind).patch({ namespace: 'default', name: 'web' }, { type: 'strategic', subresource: 'resize', body });
    await k.settle();
  };
  const told = (k: KubeletCluster) => [...k.engine.containers.values()].find(({ config }) => config.name === 'init')?.config.resources;

  for (const [what, fields] of [
    ['a running sidecar', { restartPolicy: 'Always' }],
    ['an init container that runs', {}],
  ] as const) {
    it(`reaches ${what} without a restart`, async (t) => {
      const k = await startKubeletCluster(t);
      await k.run('web', { initContainers: [init(fields)], containers: [container(small, limit)] });
      await resizeInit(k);
      assert.deepEqual([told(k)?.cpuShares, told(k)?.memoryBytes], [204, 256 * 1024 ** 2]);
      const { resources, allocatedResources, restartCount } = await k.status('web', 'init');
      assert.deepEqual(resources, { requests: { ...small, cpu: '200m' }, limits: { ...limit, memory: '256Mi' } });
      assert.deepEqual([allocatedResources?.cpu, restartCount], ['200m', 0]);
      assert.deepEqual(await resizing(k), []);
      assert.ok((await k.events('web')).some((text) => text.includes('Pod resize completed: {"initContainers":[{"name":"init"')));
    });
  }

  it('restarts a sidecar whose policy says so', async (t) => {
    const k = await startKubeletCluster(t);
    const resizePolicy = [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }];
    await k.run('web', { initContainers: [init({ restartPolicy: 'Always', resizePolicy })], containers: [container(small, limit)] });
    await resizeInit(k);
    await k.pass(2);
    const { resources, restartCount, state } = await k.status('web', 'init');
    assert.deepEqual([resources?.limits?.memory, restartCount, state.running !== undefined], ['256Mi', 1, true]);
    assert.deepEqual(await resizing(k), []);
    assert.equal((await k.status('web', 'main')).restartCount, 0);
  });
});
