import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startKubeletCluster } from '../testing/kubelet-cluster.ts';

describe("the kubelet's configuration in force", () => {
  it('limits processes, confines containers or does not, and allows sysctls', async (t) => {
    const config = { podPidsLimit: 64, seccompDefault: false, allowedUnsafeSysctls: ['kernel.msg*'] };
    const k = await startKubeletCluster(t, { config });
    await k.run('web', { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '65536' }] } });
    const [record] = k.engine.containers.values();
    assert.equal(record?.config.resources.pids, 64);
    assert.equal(record?.config.security.seccompProfile, 'unconfined');
    assert.equal((await k.pod('web')).status.phase, 'Running');
    await k.run('other', { securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1024' }] } });
    assert.equal((await k.pod('other')).status.reason, 'SysctlForbidden');
  });

  it('bounds the back-off of containers that crash', async (t) => {
    const crash = {
      steps: [
        { do: 'wait' as const, ms: 1000 },
        { do: 'exit' as const, code: 1 },
      ],
    };
    const k = await startKubeletCluster(t, { config: { maxContainerRestartPeriodMs: 4000 }, script: { container: () => crash } });
    await k.run('web');
    const begun = k.cluster.clock.now();
    while ((await k.status('web')).restartCount < 4) await k.passTimer();
    // Four runs of a second, and three waits of four.
    assert.equal(Math.round((k.cluster.clock.now() - begun) / 1000), 16);
  });
});
