import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { type KubeletCluster, startKubeletCluster } from '../testing/kubelet-cluster.ts';

const crashing = (exitCode: number, ms = 0) => ({
  container: () => ({
    steps: [
      { do: 'wait' as const, ms },
      { do: 'exit' as const, code: exitCode },
    ],
  }),
});

describe('restarts', () => {
  it('restarts at once, then after 10 s doubling to 5 min, and says so', async (t) => {
    const k = await startKubeletCluster(t, { script: crashing(3, 1000) });
    await k.run('web');
    const delays: number[] = [];
    let last = k.cluster.clock.now();
    for (let restarts = 1; restarts <= 8; restarts++) {
      while ((await k.status('web')).restartCount < restarts) await k.passTimer();
      const now = k.cluster.clock.now();
      delays.push(Math.round((now - last) / 1000) - 1);
      last = now;
    }
    assert.deepEqual(delays, [0, 10, 20, 40, 80, 160, 300, 300]);
    await k.pass(2);
    const { state, lastState, ready, restartCount } = await k.status('web');
    const { uid } = (await k.pod('web')).metadata;
    assert.deepEqual(state.waiting, {
      reason: 'CrashLoopBackOff',
      message: `back-off 5m0s restarting failed container=main pod=web_default(${uid})`,
    });
    assert.equal(lastState.terminated?.exitCode, 3);
    assert.equal(lastState.terminated?.reason, 'Error');
    assert.equal(ready, false);
    assert.equal(restartCount, 8);
    assert.equal((await k.pod('web')).status.phase, 'Running');
    assert.ok((await k.events('web')).includes(`Warning BackOff Back-off restarting failed container main in pod web_default(${uid})`));
  });

  it('counts the back-off of a container that it kills from the end of the run before', async (t) => {
    const k = await startKubeletCluster(t, { script: { exec: () => ({ steps: [{ do: 'exit', code: 1 }] }) } });
    const livenessProbe = { exec: { command: ['false'] }, periodSeconds: 5, initialDelaySeconds: 20, failureThreshold: 1 };
    await k.run('web', { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'], livenessProbe }] });
    const begun = k.cluster.clock.now();
    const delays: number[] = [];
    let last = begun;
    for (let restarts = 1; restarts <= 5; restarts++) {
      while ((await k.status('web')).restartCount < restarts) await k.passTimer();
      delays.push(Math.round((k.cluster.clock.now() - last) / 1000));
      last = k.cluster.clock.now();
    }
    // The third killed run began 20 s after the second one ended, which is exactly its back-off. Only the fifth run has
    // to wait: it starts 40 s after the end of the fourth.
    assert.deepEqual(
      delays.map((delay) => delay === delays[0]),
      [true, true, true, true, false],
      delays.join(),
    );
    assert.equal(delays[4], 40 + (delays[0] ?? 0), delays.join());
  });

  it('forgets the back-off of a container that ran for ten minutes', async (t) => {
    const k = await startKubeletCluster(t, { script: crashing(1, 1000) });
    await k.run('web');
    await k.pass(15);
    assert.equal((await k.status('web')).restartCount, 2);
    k.engine.script = crashing(1, 700_000);
    await k.pass(21);
    assert.equal((await k.status('web')).restartCount, 3);
    k.engine.script = crashing(1, 1000);
    await k.pass(701);
    assert.equal((await k.status('web')).restartCount, 4);
    await k.pass(12);
    assert.equal((await k.status('web')).restartCount, 5);
  });

  it('ends by its restart policy', async (t) => {
    const k = await startKubeletCluster(t, { script: crashing(0) });
    await k.run('never', { restartPolicy: 'Never' });
    await k.run('onfailure', { restartPolicy: 'OnFailure' });
    await k.pass(1);
    for (const name of ['never', 'onfailure']) {
      const { status } = await k.pod(name);
      assert.equal(status.phase, 'Succeeded', name);
      const ready = status.conditions?.find((c) => c.type === 'Ready');
      assert.deepEqual([ready?.status, ready?.reason], ['False', 'PodCompleted']);
      assert.equal((await k.status(name)).state.terminated?.reason, 'Completed');
    }
    k.engine.script = crashing(2);
    await k.run('failed', { restartPolicy: 'Never' });
    await k.pass(1);
    assert.equal((await k.pod('failed')).status.phase, 'Failed');
    await k.run('again', { restartPolicy: 'OnFailure' });
    await k.pass(15);
    assert.equal((await k.pod('again')).status.phase, 'Running');
    assert.ok((await k.status('again')).restartCount >= 2);
  });

  it('follows the rules of a container before its policy', async (t) => {
    const k = await startKubeletCluster(t, { script: crashing(42) });
    const rule = { action: 'Restart', exitCodes: { operator: 'In', values: [42] } };
    const containers = [{ name: 'main', image: 'busybox:1.36', restartPolicy: 'Never', restartPolicyRules: [rule] }];
    await k.run('web', { restartPolicy: 'Never', containers });
    await k.pass(1);
    assert.equal((await k.status('web')).restartCount, 1);
    k.engine.script = crashing(1);
    await k.pass(15);
    assert.equal((await k.pod('web')).status.phase, 'Failed');
  });

  it('lets the containers share what there is for their last words', async (t) => {
    for (const [count, bytes] of [
      [1, 4096],
      [4, 3072],
      [6, 2048],
    ] as const) {
      const k = await startKubeletCluster(t, {
        script: {
          container: ({ mounts }) => {
            const file = mounts.find(({ containerPath }) => containerPath === '/dev/termination-log');
            if (file !== undefined) writeFileSync(file.hostPath, 'x'.repeat(5000));
            return { steps: [{ do: 'exit', code: 1 }] };
          },
        },
      });
      const containers = Array.from({ length: count }, (_, i) => ({ name: i === 0 ? 'main' : `c${i}`, image: 'busybox:1.36' }));
      await k.run('web', { restartPolicy: 'Never', containers });
      await k.pass(1);
      assert.equal((await k.status('web')).state.terminated?.message?.length, bytes);
    }
  });

  it('shows a container that cannot run, then backs off', async (t) => {
    const k = await startKubeletCluster(t, {
      script: {
        container: () => ({ steps: [], startFailure: { message: 'exec: "nope": executable file not found in $PATH' } }),
      },
    });
    await k.run('web');
    const { state } = await k.status('web');
    assert.equal(state.waiting?.reason, 'RunContainerError');
    assert.match(state.waiting?.message ?? '', /^failed to start container "[0-9a-f]+": Error response from daemon: exec: "nope"/);
    await k.pass(5);
    assert.equal((await k.status('web')).state.waiting?.reason, 'CrashLoopBackOff');
    const { reason, exitCode, message } = (await k.status('web')).lastState.terminated ?? {};
    assert.deepEqual(
      { reason, exitCode, message },
      { reason: 'StartError', exitCode: 128, message: 'exec: "nope": executable file not found in $PATH' },
    );
    assert.ok((await k.events('web')).some((e) => e.startsWith('Warning Failed Error: failed to start container "main": ')));
  });

  it('lets a pod fail whose container cannot run and is not restarted', async (t) => {
    const k = await startKubeletCluster(t, { script: { container: () => ({ steps: [], startFailure: { message: 'no such file' } }) } });
    await k.run('web', { restartPolicy: 'Never' });
    await k.pass(5);
    const { phase } = (await k.pod('web')).status;
    const { reason, exitCode } = (await k.status('web')).state.terminated ?? {};
    assert.deepEqual({ phase, reason, exitCode }, { phase: 'Failed', reason: 'StartError', exitCode: 128 });
  });

  it('reports an out-of-memory kill', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web');
    const [id] = [...k.engine.containers.keys()];
    k.runtime.control.oomKill(id ?? '');
    await k.settle();
    const { lastState, restartCount, state } = await k.status('web');
    assert.equal(lastState.terminated?.reason, 'OOMKilled');
    assert.equal(lastState.terminated?.exitCode, 137);
    assert.equal(restartCount, 1);
    assert.ok(state.running);
  });

  it('fails a pod that outlives its deadline', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', { activeDeadlineSeconds: 30 });
    await k.pass(29);
    assert.equal((await k.pod('web')).status.phase, 'Running');
    await k.pass(2);
    const { status } = await k.pod('web');
    assert.deepEqual(
      [status.phase, status.reason, status.message],
      ['Failed', 'DeadlineExceeded', 'Pod was active on the node longer than the specified deadline'],
    );
    assert.equal((await k.status('web')).state.terminated?.exitCode, 143);
  });
});

it('a deadline may be shortened while the pod runs', async (t) => {
  const k = await startKubeletCluster(t);
  await k.run('web', { activeDeadlineSeconds: 3000 });
  await k.pass(10);
  const body = { spec: { activeDeadlineSeconds: 15 } };
  await k.cluster.api(podKind).patch({ namespace: 'default', name: 'web' }, { type: 'merge', body });
  await k.pass(4);
  assert.equal((await k.pod('web')).status.phase, 'Running');
  await k.pass(2);
  assert.equal((await k.pod('web')).status.reason, 'DeadlineExceeded');
});

describe('containers that another starts again', () => {
  const runs = (k: KubeletCluster): string[] =>
    [...k.engine.containers.values()].filter(({ view }) => view.state === 'running').map(({ view }) => `${view.name} ${view.attempt}`);

  it('run once: the older run is ended beside a newer one', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web');
    const [first] = [...k.engine.containers.values()];
    assert.ok(first);
    k.runtime.control.exit(first.view.id, 137);
    await k.pass(1);
    assert.deepEqual(runs(k), ['main 1']);
    await k.runtime.containers.start(first.view.id);
    assert.deepEqual(runs(k), ['main 0', 'main 1']);
    await k.settle();
    assert.deepEqual(runs(k), ['main 1']);
    assert.equal((await k.status('web')).restartCount, 1);
  });

  it('are taken for running again when there is no newer run', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web');
    const [first] = [...k.engine.containers.values()];
    assert.ok(first);
    k.runtime.control.exit(first.view.id, 137);
    await k.runtime.containers.start(first.view.id);
    await k.pass(1);
    assert.deepEqual(runs(k), ['main 0']);
    assert.ok((await k.status('web')).state.running);
  });

  it('of a sandbox that was stopped are all ended, and the pod runs in a new one', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web');
    const [sandbox] = [...k.engine.sandboxes.keys()];
    await k.runtime.control.stopSandbox(sandbox ?? '');
    await k.pass(1);
    assert.deepEqual(runs(k), ['main 1']);
    assert.equal(k.engine.sandboxes.size, 1);
  });
});
