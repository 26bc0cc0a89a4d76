import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SimulatedScript } from '../../container/simulated/behaviour.ts';
import { startKubeletCluster } from '../testing/kubelet-cluster.ts';

const failure = (message: string): string => `Warning FailedCreatePodSandBox Failed to create pod sandbox: ${message}`;

describe('the sandbox of a pod', () => {
  it('is reported, with its address, before images are pulled', async (t) => {
    const k = await startKubeletCluster(t, { script: { image: (name) => (name.includes('slow') ? { pullDelayMs: 60_000 } : undefined) } });
    await k.run('web', { containers: [{ name: 'main', image: 'slow:1' }] });
    const { status } = await k.pod('web');
    assert.equal(status.conditions?.find(({ type }) => type === 'PodReadyToStartContainers')?.status, 'True');
    assert.match(status.podIP ?? '', /^10\./);
    assert.equal((await k.status('web')).state.waiting?.reason, 'ContainerCreating');
  });

  it('is not made with a host name that the kernel does not take', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', { setHostnameAsFQDN: true, hostname: 'h'.repeat(30), subdomain: 's'.repeat(30) });
    const fqdn = `${'h'.repeat(30)}.${'s'.repeat(30)}.default.svc.cluster.local`;
    const text = `FQDN ${fqdn} is too long (64 characters is the max, ${fqdn.length} characters requested)`;
    assert.deepEqual(await k.events('web'), [failure(`failed to construct FQDN from pod hostname and cluster domain, ${text}`)]);
    assert.equal((await k.pod('web')).status.phase, 'Pending');
  });

  it('is made by the runtime of its class, and not without the class', async (t) => {
    const k = await startKubeletCluster(t);
    await k.cluster.apply({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'sandboxed' }, handler: 'runsc' });
    await k.run('web', { runtimeClassName: 'sandboxed' });
    assert.deepEqual(
      [...k.engine.sandboxes.values()].map(({ config }) => config.runtimeHandler),
      ['runsc'],
    );
    await k.run('lost', { runtimeClassName: 'gone' });
    assert.deepEqual(await k.events('lost'), [failure('runtimeclass.node.k8s.io "gone" not found')]);
    await k.cluster.apply({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name: 'gone' }, handler: 'back' });
    await k.pass(5);
    assert.equal((await k.pod('lost')).status.phase, 'Running');
  });

  it('is refused in upstream’s words where its class names no runtime of the engine, until there is one', async (t) => {
    const script: SimulatedScript = { handlers: ['runc'] };
    const k = await startKubeletCluster(t, { script });
    const classes = [
      ['plain', 'runc'],
      ['strange', 'kata'],
    ];
    for (const [name, handler] of classes)
      await k.cluster.apply({ apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', metadata: { name }, handler });
    await k.run('known', { runtimeClassName: 'plain' });
    assert.equal((await k.pod('known')).status.phase, 'Running');
    await k.run('unknown', { runtimeClassName: 'strange' });
    const refusal = 'rpc error: code = Unknown desc = failed to get sandbox runtime: no runtime for "kata" is configured';
    assert.deepEqual(await k.events('unknown'), [failure(refusal)]);
    const { phase, conditions } = (await k.pod('unknown')).status;
    assert.equal(phase, 'Pending');
    assert.equal(conditions?.find(({ type }) => type === 'PodReadyToStartContainers')?.status, 'False');
    assert.equal((await k.status('unknown')).state.waiting?.reason, 'ContainerCreating');
    k.engine.script = { handlers: ['runc', 'kata'] };
    await k.pass(10);
    assert.equal((await k.pod('unknown')).status.phase, 'Running');
  });

  it('asks the engine for users of its own', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', { hostUsers: false });
    await k.run('host', { hostUsers: true });
    assert.deepEqual(
      [...k.engine.sandboxes.values()].map(({ config }) => config.hostUsers),
      [false, true],
    );
  });

  it('is made again unless all containers have succeeded and restart on failure only', async (t) => {
    const k = await startKubeletCluster(t, {
      script: { container: ({ name }) => (name === 'once' ? { steps: [{ do: 'exit', code: 0 }] } : { steps: [] }) },
    });
    const image = 'busybox:1.36';
    await k.run('mixed', {
      containers: [
        { name: 'once', image, restartPolicy: 'OnFailure' },
        { name: 'main', image },
      ],
    });
    const [id = ''] = k.engine.sandboxes.keys();
    await k.runtime.sandboxes.stop(id);
    await k.pass(5);
    assert.equal(k.engine.sandboxes.size, 1);
    assert.ok((await k.status('mixed')).state.running);
  });

  it('outlives all others of the pod that do not run, however many crashes have left', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', {});
    const [[id = '', record] = []] = k.engine.sandboxes;
    const config = record?.config ?? assert.fail('no sandbox');
    for (const attempt of [1, 2, 3]) await k.runtime.sandboxes.stop((await k.runtime.sandboxes.run({ ...config, attempt })).id);
    assert.equal(k.engine.sandboxes.size, 4);
    await k.restart();
    await k.pass(5);
    assert.deepEqual([...k.engine.sandboxes.keys()], [id]);
    assert.ok((await k.status('web')).state.running);
  });
});
