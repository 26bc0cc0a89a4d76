import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
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
});
