import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerConfig } from '../../container/container-runtime.ts';
import { type KubeletCluster, startKubeletCluster } from '../testing/kubelet-cluster.ts';

const image = 'busybox:1.36';
const restartAll = { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [88] } };

/** The worker exits in its first run, after a second; everything else runs on, or succeeds as an init container. */
const script = (code: number) => ({
  container: ({ name, attempt }: ContainerConfig) => {
    if (name === 'worker' && attempt === 0) {
      const steps = [
        { do: 'wait' as const, ms: 1000 },
        { do: 'exit' as const, code },
      ];
      return { steps };
    }
    return name.startsWith('init') ? { steps: [{ do: 'exit' as const, code: 0 }] } : { steps: [] };
  },
});

const spec = {
  restartPolicy: 'Never',
  initContainers: [
    { name: 'init', image },
    { name: 'sidecar', image, restartPolicy: 'Always' },
  ],
  containers: [
    { name: 'worker', image, restartPolicy: 'Never', restartPolicyRules: [restartAll] },
    { name: 'beside', image, lifecycle: { preStop: { exec: { command: ['never-run'] } } } },
  ],
};

const conditionOf = async (k: KubeletCluster, type: string): Promise<string> => {
  const found = (await k.pod('job')).status.conditions?.find((c) => c.type === type);
  return `${found?.status} ${found?.reason ?? ''}`;
};

describe('RestartAllContainers', () => {
  it('starts the pod anew in its sandbox, from its first init container on', async (t) => {
    const k = await startKubeletCluster(t, { script: script(88) });
    await k.run('job', spec);
    const before = await k.pod('job');
    const sandboxes = [...k.engine.sandboxes.keys()];
    assert.equal(await conditionOf(k, 'AllContainersRestarting'), 'False ');
    await k.pass(10);
    const { status } = await k.pod('job');
    assert.equal(status.phase, 'Running');
    assert.equal(status.podIP, before.status.podIP);
    assert.deepEqual([...k.engine.sandboxes.keys()], sandboxes);
    for (const name of ['init', 'sidecar', 'worker', 'beside']) {
      const { restartCount, lastState } = await k.status('job', name);
      assert.equal(restartCount, 1, name);
      assert.deepEqual(
        [lastState.terminated?.reason, lastState.terminated?.exitCode, lastState.terminated?.message],
        ['RestartingAllContainers', 137, 'The container is removed because RestartAllContainers in place'],
        name,
      );
    }
    assert.equal([...k.engine.containers.values()].length, 4);
    assert.equal(await conditionOf(k, 'AllContainersRestarting'), 'False ');
    assert.equal(await conditionOf(k, 'Initialized'), 'True ');
    const events = await k.events('job');
    assert.ok(events.includes('Normal Killing killing'), events.join('\n'));
    assert.ok(!events.some((event) => event.includes('PreStopHook')), 'no preStop hook runs');
  });

  it('tells in the condition while the containers are being removed, and goes on after a restart of the kubelet', async (t) => {
    const slow = script(88);
    const k = await startKubeletCluster(t, {
      script: {
        container: (config) => (config.name === 'beside' ? { steps: [], onTerm: { exitCode: 0, delayMs: 1500 } } : slow.container(config)),
      },
    });
    await k.run('job', spec);
    await k.pass(2);
    assert.equal(await conditionOf(k, 'AllContainersRestarting'), 'True RestartAllContainersStarted');
    assert.equal((await k.pod('job')).status.phase, 'Running');
    await k.restart();
    await k.pass(5);
    assert.equal(await conditionOf(k, 'AllContainersRestarting'), 'False ');
    assert.equal((await k.pod('job')).status.phase, 'Running');
    for (const name of ['init', 'sidecar', 'worker', 'beside']) {
      assert.equal((await k.status('job', name)).restartCount, 1, name);
    }
  });

  it('happens for the first matching rule only', async (t) => {
    const k = await startKubeletCluster(t, { script: script(1) });
    const rules = [
      { action: 'Restart', exitCodes: { operator: 'In', values: [1] } },
      { ...restartAll, exitCodes: { operator: 'NotIn', values: [0] } },
    ];
    const [worker, beside] = spec.containers;
    await k.run('job', { ...spec, containers: [{ ...worker, restartPolicyRules: rules }, beside] });
    await k.pass(5);
    assert.equal((await k.status('job', 'worker')).restartCount, 1);
    assert.equal((await k.status('job', 'worker')).lastState.terminated?.exitCode, 1);
    assert.equal((await k.status('job', 'beside')).restartCount, 0);
  });
});
