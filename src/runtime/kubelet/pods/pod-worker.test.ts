import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { startKubeletCluster } from '../testing/kubelet-cluster.ts';

describe('a pod', () => {
  it('starts: events, status and conditions as upstream shows them', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web');
    assert.deepEqual(await k.events('web'), [
      'Normal Pulled Container image "busybox:1.36" already present on machine and can be accessed by the pod',
      'Normal Created Container created',
      'Normal Started Container started',
    ]);
    const { status, metadata } = await k.pod('web');
    assert.equal(status.phase, 'Running');
    assert.equal(status.podIP, '10.244.0.2');
    assert.equal(status.hostIP, '10.0.0.1');
    assert.equal(status.observedGeneration, metadata.generation);
    assert.deepEqual(
      status.conditions?.map(({ type, status: value, observedGeneration }) => `${type}=${value} ${observedGeneration}`),
      ['PodReadyToStartContainers=True 1', 'Initialized=True 1', 'Ready=True 1', 'ContainersReady=True 1', 'PodScheduled=True 1'],
    );
    const main = await k.status('web');
    assert.equal(main.ready, true);
    assert.equal(main.started, true);
    assert.equal(main.restartCount, 0);
    assert.match(main.containerID ?? '', /^docker:\/\/[0-9a-f]{64}$/);
    assert.match(main.imageID, /^docker-pullable:\/\/busybox@sha256:/);
    assert.deepEqual(main.lastState, {});
  });

  it('tells for which generation each condition is, also of the one that binding has set', async (t) => {
    const k = await startKubeletCluster(t);
    const [ref, api] = [{ namespace: 'default', name: 'web' }, k.cluster.api(podKind)];
    await k.cluster.apply({
      ...{ apiVersion: 'v1', kind: 'Pod', metadata: ref },
      spec: { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'] }] },
    });
    await api.subresource('create', ref, 'binding', {
      ...{ apiVersion: 'v1', kind: 'Binding', metadata: ref, target: { kind: 'Node', name: 'minik' } },
    });
    assert.deepEqual(
      (await k.pod('web')).status.conditions?.map(({ type, observedGeneration }) => [type, observedGeneration]),
      [['PodScheduled', undefined]],
    );
    await k.settle();
    const { conditions = [] } = (await k.pod('web')).status;
    assert.ok(conditions.length > 4);
    for (const { type, observedGeneration } of conditions) assert.equal(observedGeneration, 1, type);
  });

  it('that has begun to start goes on before others begin, however many there are', async (t) => {
    // The kubelet starts eight pods at once on four CPUs. Each container takes a second to start.
    const script = { container: () => ({ steps: [], startDelayMs: 1000 }) };
    const k = await startKubeletCluster(t, { allocatable: { cpus: 4 }, script });
    const spec = { nodeName: 'minik', containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'] }] };
    const names = Array.from({ length: 30 }, (_, i) => `web-${i}`);
    await Promise.all(
      names.map((name) => k.cluster.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, spec })),
    );
    await k.settle();
    assert.deepEqual([k.engine.sandboxes.size, k.engine.containers.size], [8, 8]);
    for (const running of [8, 16, 24, 30]) {
      await k.pass(1);
      assert.equal([...k.engine.containers.values()].filter(({ view }) => view.state === 'running').length, running);
    }
  });
});
