import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { configMap } from '../../../api/kinds/core/config-map.ts';
import { secret } from '../../../api/kinds/core/secret.ts';
import { startKubeletCluster } from '../testing/kubelet-cluster.ts';

const withImage = (image: string, fields = {}) => ({ containers: [{ name: 'main', image, ...fields }] });

describe('why a container waits', () => {
  it('an image that cannot be pulled: ErrImagePull, then ImagePullBackOff, then it runs once it can', async (t) => {
    const k = await startKubeletCluster(t, {
      script: {
        image: (name) => (name.includes('nope') ? { pullFailure: { code: 'ImageNotFound', message: 'manifest unknown' } } : undefined),
      },
    });
    await k.run('web', withImage('nope:1'));
    const first = await k.status('web');
    assert.deepEqual(first.state.waiting, { reason: 'ErrImagePull', message: 'manifest unknown' });
    assert.equal((await k.pod('web')).status.phase, 'Pending');
    await k.pass(1);
    k.engine.script = {};
    await k.pass(8);
    assert.equal((await k.status('web')).state.waiting?.reason, 'ErrImagePull');
    await k.pass(12);
    assert.ok((await k.status('web')).state.running);
    const events = await k.events('web');
    assert.ok(events.includes('Normal Pulling Pulling image "nope:1"'));
    assert.ok(events.includes('Warning Failed Failed to pull image "nope:1": manifest unknown'));
    assert.ok(events.includes('Warning Failed Error: ErrImagePull'));
    assert.ok(events.some((e) => e.startsWith('Normal Pulled Successfully pulled image "nope:1" in ')));
  });

  it('a failing pull backs off', async (t) => {
    const k = await startKubeletCluster(t, {
      script: { image: (name) => (name.includes('nope') ? { pullFailure: { message: 'denied' } } : undefined) },
    });
    await k.run('web', withImage('nope:1'));
    await k.pass(21);
    const { state } = await k.status('web');
    assert.deepEqual(state.waiting, {
      reason: 'ImagePullBackOff',
      message: 'Back-off pulling image "nope:1": ErrImagePull: denied',
    });
    const events = await k.events('web');
    assert.ok(events.includes('Normal BackOff Back-off pulling image "nope:1"'));
    assert.ok(events.includes('Warning Failed Error: ImagePullBackOff'));
  });

  it('no registry that answers, unless the image was made on the machine', async (t) => {
    const message = 'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io: no such host';
    const unreachable = { pullFailure: { code: 'RegistryUnavailable', message }, present: true } as const;
    const denied = { pullFailure: { code: 'ImageNotFound', message: 'pull access denied' }, present: true, local: true } as const;
    const k = await startKubeletCluster(t, {
      script: {
        image: (name) =>
          name.includes('made-here')
            ? { ...unreachable, local: true }
            : name.includes('denied')
              ? denied
              : name.includes('pulled')
                ? unreachable
                : undefined,
      },
    });
    await k.run('made', withImage('made-here'));
    assert.ok((await k.status('made')).state.running);
    assert.ok(
      (await k.events('made')).includes(
        `Normal Pulled Container image "made-here" was made on this machine and no registry answers: the local image is used (${message})`,
      ),
    );
    for (const name of ['pulled', 'denied']) {
      await k.run(name, withImage(name));
      assert.equal((await k.status(name)).state.waiting?.reason, 'ErrImagePull', name);
    }
  });

  it('never pulls when told so', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', withImage('absent:1', { imagePullPolicy: 'Never' }));
    const message = 'Container image "absent:1" is not present with pull policy of Never';
    assert.deepEqual((await k.status('web')).state.waiting, { reason: 'ErrImageNeverPull', message });
    assert.deepEqual(await k.events('web'), [`Warning ErrImageNeverPull ${message}`, 'Warning Failed Error: ErrImageNeverPull']);
    k.runtime.control.addImage('absent:1');
    await k.pass(10);
    assert.ok((await k.status('web')).state.running);
  });

  it('a name that is none', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', withImage('UPPER:1'));
    const { state } = await k.status('web');
    assert.equal(state.waiting?.reason, 'InvalidImageName');
    assert.match(state.waiting?.message ?? '', /^Failed to apply default image tag "UPPER:1": couldn't parse image name "UPPER:1": /);
    assert.ok((await k.events('web')).includes('Warning Failed Error: InvalidImageName'));
  });

  it('a missing config map, which then appears', async (t) => {
    const k = await startKubeletCluster(t);
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'late', key: 'a' } } }];
    await k.run('web', withImage('busybox:1.36', { env }));
    assert.deepEqual((await k.status('web')).state.waiting, {
      reason: 'CreateContainerConfigError',
      message: 'configmap "late" not found',
    });
    assert.ok((await k.events('web')).includes('Warning Failed Error: configmap "late" not found'));
    await k.cluster.api(configMap).create({ metadata: { name: 'late', namespace: 'default' }, data: { b: '1' } });
    await k.settle();
    assert.equal((await k.status('web')).state.waiting?.message, "couldn't find key a in ConfigMap default/late");
    const late = await k.cluster.api(configMap).get({ namespace: 'default', name: 'late' });
    await k.cluster.api(configMap).update({ ...late, data: { a: '1' } });
    await k.settle();
    assert.ok((await k.status('web')).state.running);
    const [container] = [...k.engine.containers.values()];
    assert.ok(container?.config.env.some(({ name, value }) => name === 'A' && value === '1'));
  });

  const object = (kind: 'ConfigMap' | 'Secret', data: Readonly<Record<string, string>>) =>
    ({ apiVersion: 'v1', kind, metadata: { name: 'conf', namespace: 'default' }, data }) as const;
  const items = [{ key: 'key', path: 'key' }];
  const mounted = {
    configmap: { volume: { configMap: { name: 'conf', items } }, kind: 'ConfigMap', old: 'old', next: 'new' },
    secret: { volume: { secret: { secretName: 'conf', items } }, kind: 'Secret', old: 'b2xk', next: 'bmV3' },
    projected: { volume: { projected: { sources: [{ configMap: { name: 'conf', items } }] } }, kind: 'ConfigMap', old: 'old', next: 'new' },
  } as const;
  for (const [plugin, { volume, kind, old, next }] of Object.entries(mounted)) {
    for (const gone of ['object', 'key'] as const) {
      it(`the ${gone} of a ${plugin} volume that is gone after the first mount: restarts go on with what it held`, async (t) => {
        const k = await startKubeletCluster(t);
        await k.cluster.apply(object(kind, { key: old }));
        await k.run('web', { volumes: [{ name: 'conf', ...volume }] });
        const file = () => k.volumeFile('web', plugin, 'conf', 'key');
        const api = kind === 'Secret' ? k.cluster.api(secret) : k.cluster.api(configMap);
        const ref = { namespace: 'default', name: 'conf' };
        const give = (data: Readonly<Record<string, string | null>>) => api.patch(ref, { type: 'merge', body: { data } });
        if (gone === 'key') await give({ key: null, other: old });
        else await api.delete(ref);
        await k.settle();
        for (const newKubelet of [false, true]) {
          if (newKubelet) await k.restart();
          const before = (await k.status('web')).restartCount;
          const running = [...k.engine.containers.values()].find(({ view }) => view.state === 'running');
          k.runtime.control.exit(running?.view.id ?? '', 1);
          await k.pass(30);
          assert.equal((await k.status('web')).restartCount, before + 1);
          assert.ok((await k.status('web')).state.running);
          assert.equal(await file(), 'old');
        }
        assert.ok((await k.events('web')).some((event) => event.startsWith('Warning FailedMount')));
        await (gone === 'key' ? give({ key: next }) : k.cluster.apply(object(kind, { key: next })));
        await k.pass(200);
        assert.equal(await file(), 'new');
      });
    }
  }

  it('a container that must not run as root', async (t) => {
    const k = await startKubeletCluster(t, { script: { image: (name) => (name.includes('rooted') ? { user: '' } : undefined) } });
    await k.run('other', { ...withImage('unknown:1'), securityContext: { runAsNonRoot: true } });
    assert.ok((await k.status('other')).state.running, 'nobody knows that it would be root');
    const pod = await k.run('web', { ...withImage('rooted:1'), securityContext: { runAsNonRoot: true } });
    const { uid } = pod.metadata;
    assert.deepEqual((await k.status('web')).state.waiting, {
      reason: 'CreateContainerConfigError',
      message: `container has runAsNonRoot and image will run as root (pod: "web_default(${uid})", container: main)`,
    });
  });

  it('a container that the engine refuses to make', async (t) => {
    const k = await startKubeletCluster(t, {
      script: { container: () => ({ steps: [], createFailure: { message: 'Minimum memory limit allowed is 6MB' } }) },
    });
    await k.run('web');
    assert.deepEqual((await k.status('web')).state.waiting, {
      reason: 'CreateContainerError',
      message: 'Minimum memory limit allowed is 6MB',
    });
    assert.ok((await k.events('web')).includes('Warning Failed Error: Minimum memory limit allowed is 6MB'));
  });

  it('a sandbox that cannot be made is tried again', async (t) => {
    const k = await startKubeletCluster(t, { script: { sandbox: () => ({ code: 'PortInUse', message: 'port is already allocated' }) } });
    await k.run('web');
    assert.deepEqual((await k.status('web')).state.waiting, { reason: 'ContainerCreating' });
    assert.deepEqual(await k.events('web'), ['Warning FailedCreatePodSandBox Failed to create pod sandbox: port is already allocated']);
    k.engine.script = {};
    await k.pass(2);
    assert.ok((await k.status('web')).state.running);
  });
});
