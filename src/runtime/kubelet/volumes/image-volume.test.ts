import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { type KubeletCluster, startKubeletCluster } from '../testing/kubelet-cluster.ts';

const image = (fields: object) => ({ name: 'files', image: fields });
const mounting = (mount: object = {}, fields: object = {}) => ({
  name: 'main',
  image: 'busybox:1.36',
  command: ['sleep', '3600'],
  volumeMounts: [{ name: 'files', mountPath: '/files', ...mount }],
  ...fields,
});

const folders = async (k: KubeletCluster): Promise<readonly string[]> => readdir(join(k.root, 'images'));
const waits = async (k: KubeletCluster, name: string): Promise<readonly (string | undefined)[]> => {
  const { state } = await k.status(name);
  return [state.waiting?.reason, state.waiting?.message];
};

describe('an image as a volume', () => {
  it('is pulled by its own policy, unpacked once for all pods, and goes with the last of them', async (t) => {
    const k = await startKubeletCluster(t, { script: { image: () => ({}) } });
    const spec = { volumes: [image({ reference: 'example.com/data:1' })], containers: [mounting()] };
    await k.run('one', spec);
    await k.run('two', spec);
    for (const name of ['one', 'two']) assert.ok((await k.status(name)).state.running, name);
    const events = await k.events('one');
    assert.ok(events.includes('Normal Pulling Pulling image "example.com/data:1"'));
    const present = 'Normal Pulled Container image "example.com/data:1" already present on machine and can be accessed by the pod';
    assert.ok((await k.events('two')).includes(present));
    assert.equal((await folders(k)).length, 1);
    await k.restart();
    for (const name of ['one', 'two']) {
      assert.equal((await folders(k)).length, 1);
      await k.cluster.api(podKind).delete({ namespace: 'default', name }, { gracePeriodSeconds: 0 });
      await k.settle();
    }
    assert.deepEqual(await folders(k), []);
  });

  it('keeps the container waiting, for its reason, while it cannot be had', async (t) => {
    const k = await startKubeletCluster(t, {
      script: { image: (name) => (name.includes('absent') ? { pullFailure: { code: 'ImageNotFound', message: 'manifest unknown' } } : {}) },
    });
    await k.run('never', { volumes: [image({ reference: 'example.com/data:1', pullPolicy: 'Never' })], containers: [mounting()] });
    await k.run('absent', { volumes: [image({ reference: 'example.com/absent:1' })], containers: [mounting()] });
    await k.run('other', { volumes: [image({ reference: 'example.com/absent:1' })] });
    const message = 'Container image "example.com/data:1" is not present with pull policy of Never';
    assert.deepEqual(await waits(k, 'never'), ['ErrImageNeverPull', message]);
    assert.deepEqual(await waits(k, 'absent'), ['ErrImagePull', 'manifest unknown']);
    assert.ok((await k.status('other')).state.running, 'a container that does not mount it does not need it');
  });

  it('has the parts that the image has, and no others', async (t) => {
    const k = await startKubeletCluster(t, { script: { image: () => ({}) } });
    const volumes = [image({ reference: 'example.com/data:1' })];
    await k.run('web', { volumes, containers: [mounting({ subPath: 'etc' })] });
    const missing = 'ImageVolumeMountFailed: failed to mount sub-path "etc": it does not exist in the image';
    assert.deepEqual(await waits(k, 'web'), ['CreateContainerError', missing]);
  });
});

describe('a volume of a driver that no node has', () => {
  it('keeps the pod waiting and says why', async (t) => {
    const k = await startKubeletCluster(t);
    await k.run('web', { volumes: [{ name: 'files', csi: { driver: 'csi.example.com' } }], containers: [mounting()] });
    assert.equal((await k.status('web')).state.waiting?.reason, 'ContainerCreating');
    assert.ok(
      (await k.events('web')).includes(
        'Warning FailedMount MountVolume.SetUp failed for volume "files" : kubernetes.io/csi: mounter.SetUpAt failed to get CSI client: driver name csi.example.com not found in the list of registered CSI drivers',
      ),
    );
  });
});
