import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import type { SimulatedScript } from '../../container/simulated/behaviour.ts';
import { startKubeletCluster } from '../testing/kubelet-cluster.ts';

const main = (postStart: object, more: object = {}) => ({
  ...{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'], lifecycle: { postStart } },
  ...more,
});

describe('a postStart hook', () => {
  it('of any sort holds back the containers after its own', async (t) => {
    const asked: (readonly string[])[] = [];
    const script: SimulatedScript = {
      exec: (_, command) => {
        asked.push(command);
        return { steps: [{ do: 'wait', ms: 3000 }] };
      },
    };
    const k = await startKubeletCluster(t, { script });
    for (const [name, hook] of [
      ['commands', { exec: { command: ['greet', '$HOME'] } }],
      ['sleeps', { sleep: { seconds: 3 } }],
    ] as const) {
      await k.run(name, { containers: [main(hook), { name: 'next', image: 'busybox:1.36', command: ['sleep', '3600'] }] });
      await k.pass(2);
      assert.ok((await k.status(name, 'next')).state.waiting, `${name}: the next one waits`);
      await k.pass(2);
      assert.ok((await k.status(name, 'next')).state.running, `${name}: the next one runs`);
      assert.ok((await k.status(name)).ready);
    }
    assert.deepEqual(asked, [['greet', '$HOME']]);
  });

  it('that fails ends the container, says so, and is tried again with its container', async (t) => {
    const code = { value: 3 };
    const k = await startKubeletCluster(t, { script: { exec: () => ({ steps: [{ do: 'exit', code: code.value }] }) } });
    await k.run('web', { terminationGracePeriodSeconds: 1, containers: [main({ exec: { command: ['greet'] } })] });
    await k.pass(2);
    const events = await k.events('web');
    assert.ok(events.includes('Warning FailedPostStartHook PostStartHook failed'), events.join('\n'));
    assert.ok(events.includes('Normal Killing FailedPostStartHook'));
    const status = await k.status('web');
    assert.equal(status.ready, false);
    assert.equal((status.state.terminated ?? status.lastState?.terminated)?.exitCode, 143);
    code.value = 0;
    await k.pass(30);
    const after = await k.status('web');
    assert.ok(after.state.running);
    assert.ok(after.restartCount > 0);
  });

  it('ends with its pod, within the grace period', async (t) => {
    const k = await startKubeletCluster(t, { script: { exec: () => ({ steps: [{ do: 'wait', ms: 600_000 }] }) } });
    await k.run('web', { terminationGracePeriodSeconds: 2, containers: [main({ exec: { command: ['hang'] } })] });
    await k.cluster.api(podKind).delete({ namespace: 'default', name: 'web' });
    await k.pass(4);
    assert.equal(await k.find('web'), undefined);
    assert.equal(k.engine.containers.size, 0);
  });
});

describe('a preStop hook', () => {
  it('that fails says so, and the container ends all the same', async (t) => {
    const k = await startKubeletCluster(t, { script: { exec: () => ({ steps: [{ do: 'exit', code: 1 }] }) } });
    const lifecycle = { preStop: { exec: { command: ['leave'] } } };
    await k.run('web', { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'], lifecycle }] });
    await k.cluster.api(podKind).delete({ namespace: 'default', name: 'web' });
    await k.pass(2);
    assert.equal(await k.find('web'), undefined);
    assert.ok((await k.events('web')).includes('Warning FailedPreStopHook PreStopHook failed'), (await k.events('web')).join('\n'));
  });

  it('runs also when a probe ends the container', async (t) => {
    const commands: string[] = [];
    const script: SimulatedScript = {
      exec: (_, [command = '']) => {
        commands.push(command);
        return { steps: [{ do: 'exit', code: command === 'check' ? 1 : 0 }] };
      },
    };
    const k = await startKubeletCluster(t, { script });
    const livenessProbe = { exec: { command: ['check'] }, periodSeconds: 1, failureThreshold: 1 };
    const lifecycle = { preStop: { exec: { command: ['leave'] } } };
    await k.run('web', { containers: [{ name: 'main', image: 'busybox:1.36', command: ['sleep', '3600'], lifecycle, livenessProbe }] });
    await k.pass(2);
    assert.deepEqual(commands.slice(0, 2), ['check', 'leave']);
  });
});
