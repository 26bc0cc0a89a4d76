import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import type { ExecBehaviour, SimulatedScript } from '../../container/simulated/behaviour.ts';
import { type KubeletCluster, startKubeletCluster } from '../testing/kubelet-cluster.ts';

const stubborn: SimulatedScript = { container: () => ({ steps: [], onTerm: 'ignore' }) };

const remove = (k: KubeletCluster, name: string, gracePeriodSeconds?: number): Promise<void> =>
  k.cluster.api(podKind).delete({ namespace: 'default', name }, gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds });

const ageOfEnd = async (k: KubeletCluster, name: string): Promise<number> => {
  const begun = k.cluster.clock.now();
  while ((await k.find(name)) !== undefined) await k.pass(1);
  return (k.cluster.clock.now() - begun) / 1000;
};

describe('deleting a pod', () => {
  it('stops it and leaves nothing behind', async (t) => {
    const k = await startKubeletCluster(t);
    const { metadata } = await k.run('web', { volumes: [{ name: 'data', emptyDir: {} }] });
    assert.ok(existsSync(join(k.root, 'pods', metadata.uid)));
    await remove(k, 'web');
    await k.settle();
    assert.equal(await k.find('web'), undefined);
    assert.equal(k.engine.containers.size + k.engine.sandboxes.size, 0);
    assert.equal(existsSync(join(k.root, 'pods', metadata.uid)), false);
    assert.ok((await k.events('web')).includes('Normal Killing Stopping container main'));
  });

  it('gives containers the grace period of the spec, of the request, or a shorter one later', async (t) => {
    const k = await startKubeletCluster(t, { script: stubborn });
    await k.run('spec', { terminationGracePeriodSeconds: 12 });
    await k.run('request');
    await k.run('later');
    await remove(k, 'spec');
    assert.equal(await ageOfEnd(k, 'spec'), 12);
    await remove(k, 'request', 5);
    assert.equal(await ageOfEnd(k, 'request'), 5);
    await remove(k, 'later');
    await k.pass(3);
    await remove(k, 'later', 2);
    assert.equal(await ageOfEnd(k, 'later'), 2);
    assert.equal(k.engine.containers.size, 0);
  });

  it('says that it is no longer ready as soon as its probe does, while it is being stopped', async (t) => {
    let ready = true;
    const exec = (): ExecBehaviour => ({ steps: [{ do: 'exit', code: ready ? 0 : 1 }] });
    const k = await startKubeletCluster(t, { script: { ...stubborn, exec } });
    const readinessProbe = { exec: { command: ['is-ready'] }, periodSeconds: 1, failureThreshold: 1 };
    await k.run('web', { terminationGracePeriodSeconds: 60, containers: [{ name: 'main', image: 'busybox:1.36', readinessProbe }] });
    await k.pass(2);
    assert.equal((await k.status('web')).ready, true);
    await remove(k, 'web');
    ready = false;
    await k.pass(2);
    assert.equal((await k.status('web')).ready, false);
    const conditions = (await k.pod('web')).status.conditions?.filter(({ status }) => status === 'False').map(({ type }) => type);
    assert.deepEqual(conditions?.toSorted(), ['ContainersReady', 'Ready']);
  });

  it('gives its room away when its object is gone, not before', async (t) => {
    const k = await startKubeletCluster(t, { script: stubborn, allocatable: { cpus: 2 } });
    const containers = [{ name: 'main', image: 'busybox:1.36', resources: { requests: { cpu: '1500m' } } }];
    await k.run('old', { containers });
    await remove(k, 'old');
    await k.run('early', { containers });
    assert.equal((await k.pod('early')).status.reason, 'OutOfcpu');
    await remove(k, 'old', 0);
    assert.equal(await k.find('old'), undefined);
    assert.ok(k.engine.containers.size > 0, 'its container is still being stopped');
    await k.run('late', { containers });
    assert.equal((await k.pod('late')).status.phase, 'Running');
  });

  it('leaves it ready until its containers end', async (t) => {
    const k = await startKubeletCluster(t, { script: stubborn });
    await k.run('web', { terminationGracePeriodSeconds: 12 });
    await remove(k, 'web');
    await k.pass(3);
    const { status, metadata } = (await k.find('web')) ?? assert.fail('it is still there');
    assert.ok(metadata.deletionTimestamp);
    assert.deepEqual([status.phase, status.containerStatuses?.[0]?.ready], ['Running', true]);
    assert.equal(status.conditions?.find(({ type }) => type === 'Ready')?.status, 'True');
  });

  it('by force: the object goes at once, the containers soon after', async (t) => {
    const k = await startKubeletCluster(t, { script: stubborn });
    await k.run('web');
    await remove(k, 'web', 0);
    assert.equal(await k.find('web'), undefined);
    await k.settle();
    assert.equal(k.engine.containers.size, 1);
    await k.pass(2);
    assert.equal(k.engine.containers.size + k.engine.sandboxes.size, 0);
  });

  it('by force after an ordinary deletion', async (t) => {
    const k = await startKubeletCluster(t, { script: stubborn });
    await k.run('web');
    await remove(k, 'web');
    await k.pass(1);
    await remove(k, 'web', 0);
    await k.pass(2);
    assert.equal(k.engine.containers.size + k.engine.sandboxes.size, 0);
  });

  it('runs preStop first, within the grace period', async (t) => {
    const k = await startKubeletCluster(t, {
      script: { exec: (_, command) => (command[0] === 'hang' ? { steps: [{ do: 'wait', ms: 600_000 }] } : undefined) },
    });
    const lifecycle = { preStop: { sleep: { seconds: 4 } } };
    await k.run('web', { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'], lifecycle }] });
    await remove(k, 'web');
    await k.pass(3);
    assert.ok((await k.status('web')).state.running);
    assert.equal(await ageOfEnd(k, 'web'), 1);
    const hanging = { preStop: { exec: { command: ['hang'] } } };
    await k.run('long', {
      terminationGracePeriodSeconds: 6,
      containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'], lifecycle: hanging }],
    });
    await remove(k, 'long');
    assert.equal(await ageOfEnd(k, 'long'), 6);
    await k.run('hurried', { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'], lifecycle: hanging }] });
    await remove(k, 'hurried');
    await k.pass(2);
    await remove(k, 'hurried', 3);
    assert.ok((await ageOfEnd(k, 'hurried')) <= 3);
  });

  it('stops sidecars last, in reverse order', async (t) => {
    const k = await startKubeletCluster(t, { script: { container: () => ({ steps: [], onTerm: { exitCode: 0, delayMs: 1000 } }) } });
    const sidecar = (name: string) => ({ name, image: 'busybox:1.36', restartPolicy: 'Always' });
    await k.run('web', { initContainers: [sidecar('first'), sidecar('second')] });
    await remove(k, 'web');
    const order: string[] = [];
    for (let second = 0; second < 3; second++) {
      const before = new Set([...k.engine.containers.values()].filter((c) => c.view.state === 'running').map((c) => c.view.name));
      await k.pass(1);
      for (const { view } of k.engine.containers.values()) if (view.state === 'running') before.delete(view.name);
      order.push(...before);
    }
    assert.deepEqual(order, ['main', 'second', 'first']);
  });

  it('lets sidecars that do not end die together after the grace period', async (t) => {
    const k = await startKubeletCluster(t, { script: { container: () => ({ steps: [], onTerm: 'ignore' }) } });
    const sidecar = (name: string) => ({ name, image: 'busybox:1.36', restartPolicy: 'Always' });
    await k.run('web', { terminationGracePeriodSeconds: 3, initContainers: ['a', 'b', 'c', 'd'].map(sidecar) });
    await remove(k, 'web');
    // Sidecars whose wait for others used up the grace period still get the minimum of two seconds.
    assert.equal(await ageOfEnd(k, 'web'), 5);
  });

  it("runs a sidecar's preStop at once, and its end waits for its turn", async (t) => {
    const hooks: string[] = [];
    const k = await startKubeletCluster(t, {
      script: {
        container: () => ({ steps: [], onTerm: { exitCode: 0, delayMs: 4000 } }),
        exec: (_, [command = '']) => {
          hooks.push(command);
          return { steps: [] };
        },
      },
    });
    const lifecycle = { preStop: { exec: { command: ['leave'] } } };
    await k.run('web', { initContainers: [{ name: 'side', image: 'busybox:1.36', restartPolicy: 'Always', lifecycle }] });
    await remove(k, 'web');
    await k.pass(1);
    assert.deepEqual(hooks, ['leave']);
    assert.ok((await k.status('web', 'side')).state.running);
    assert.equal(await ageOfEnd(k, 'web'), 7);
  });

  it('shows how the containers ended before the object goes', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', {}, { finalizers: ['example.com/hold'] });
    await remove(k, 'web');
    await k.settle();
    const { status } = await k.pod('web');
    assert.equal(status.phase, 'Failed');
    assert.equal((await k.status('web')).state.terminated?.exitCode, 143);
    assert.equal(k.engine.containers.size, 0);
  });

  it('ends a pod that waits for its image or its volumes', async (t) => {
    const k = await startKubeletCluster(t, { script: { image: () => ({ pullDelayMs: 3_600_000 }) } });
    await k.run('pulling', { containers: [{ name: 'main', image: 'slow:1' }] });
    await remove(k, 'pulling');
    await k.settle();
    assert.equal(await k.find('pulling'), undefined);
    await k.run('mounting', { volumes: [{ name: 'v', configMap: { name: 'absent' } }] });
    assert.deepEqual(await k.events('mounting'), [
      'Warning FailedMount MountVolume.SetUp failed for volume "v" : configmap "absent" not found',
    ]);
    await remove(k, 'mounting');
    await k.settle();
    assert.equal(await k.find('mounting'), undefined);
  });
});
