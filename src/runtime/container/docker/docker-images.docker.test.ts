import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { aContainer, aSandbox } from '../runtime-test-support.ts';
import { docker, startDockerCluster, type TestCluster } from './docker-test-support.ts';
import { startTestRegistry, type TestRegistry } from './registry-test-support.ts';

describe('images on Docker', { timeout: 120_000 }, () => {
  let cluster: TestCluster;
  let registry: TestRegistry;
  let privateRegistry: TestRegistry;
  const signal = new AbortController().signal;
  before(async () => {
    cluster = await startDockerCluster('images', 6);
    [registry, privateRegistry] = await Promise.all([startTestRegistry(false), startTestRegistry(true)]);
  });
  after(async () => {
    await cluster.runtime.images.remove(registry.imageId);
    await cluster.close();
    await Promise.all([registry.close(), privateRegistry.close()]);
  });

  it("pulls by tag and by digest, and reads the image's settings", async () => {
    const { images } = cluster.runtime;
    const name = `${registry.host}/app:1`;
    assert.equal(await images.inspect(name), undefined);
    assert.equal(await images.pull(name, undefined, signal), registry.imageId);
    const image = await images.inspect(name);
    assert.deepEqual(image?.repoTags, [name]);
    assert.deepEqual(image?.repoDigests, [`${registry.host}/app@${registry.digest}`]);
    assert.equal(image?.user, '1000');
    assert.deepEqual(image?.volumes, ['/data']);
    assert.equal(image?.stopSignal, 'SIGQUIT');
    const byDigest = `${registry.host}/app@${registry.digest}`;
    assert.equal(await images.pull(byDigest, undefined, signal), registry.imageId);
    assert.equal((await images.inspect(byDigest))?.id, registry.imageId);
    assert.deepEqual(
      (await images.list()).find(({ id }) => id === registry.imageId),
      image,
    );
  });

  it('pulls with credentials only from a private registry', async () => {
    const { images } = cluster.runtime;
    const name = `${privateRegistry.host}/app:1`;
    await assert.rejects(images.pull(name, undefined, signal), {
      code: 'ImagePullFailed',
      message: /no basic auth credentials|unauthorized/,
    });
    const wrong = { username: 'minik', password: 'wrong', serverAddress: privateRegistry.host };
    await assert.rejects(images.pull(name, wrong, signal), { code: 'ImagePullFailed', message: /unauthorized/ });
    assert.equal(await images.pull(name, { ...wrong, password: 'secret' }, signal), registry.imageId);
  });

  it('tells a missing image from an unreachable registry', async () => {
    const { images } = cluster.runtime;
    await assert.rejects(images.pull(`${registry.host}/app:2`, undefined, signal), {
      code: 'ImageNotFound',
      message: /manifest unknown/,
    });
    await assert.rejects(images.pull(`${registry.host}/broken:1`, undefined, signal), { code: 'RegistryUnavailable' });
    await assert.rejects(images.pull('127.0.0.1:1/app:1', undefined, signal), {
      code: 'RegistryUnavailable',
      message: /connection refused/,
    });
  });

  it("mounts an image's files, and only these, where nothing can be written or executed", async (t) => {
    const { images } = cluster.runtime;
    const folder = await mkdtemp(join(tmpdir(), 'minik-image-'));
    t.after(() => rm(folder, { recursive: true }));
    const tiny = join(folder, 'tiny');
    await mkdir(tiny);
    await images.unpack(await images.pull(`${registry.host}/app:1`, undefined, signal), tiny);
    assert.deepEqual(await readdir(tiny), ['hello']);
    const whole = join(folder, 'whole');
    await mkdir(whole);
    await images.unpack((await images.inspect(cluster.image))?.id ?? '', whole);
    const mounts = [{ hostPath: whole, containerPath: '/image', readOnly: true, noExec: true }];
    const script =
      'ls /image | grep -c dockerenv; touch /image/x; cmp /bin/busybox /image/bin/busybox && echo same; /image/bin/busybox true';
    const volumes = docker('volume', 'ls', '-q');
    const { id, stdout, stderr } = await cluster.outcome(['sh', '-c', script], { mounts });
    assert.equal(stdout, '0\nsame\n');
    assert.match(stderr, /Read-only file system/);
    assert.match(stderr, /Permission denied/);
    await cluster.runtime.containers.remove(id);
    assert.equal(docker('volume', 'ls', '-q'), volumes, 'the engine keeps nothing of the mount');
    await images.remove(registry.imageId);
  });

  it('keeps an image that a container uses', async () => {
    const { images, sandboxes, containers } = cluster.runtime;
    const name = `${registry.host}/app:1`;
    await images.pull(name, undefined, signal);
    const sandbox = await sandboxes.run(aSandbox());
    const id = await containers.create(aContainer(sandbox, name, []));
    await assert.rejects(images.remove(registry.imageId), { name: 'RuntimeError', code: 'Other', message: /conflict/ });
    await containers.remove(id);
    await images.remove(registry.imageId);
    assert.equal(await images.inspect(registry.imageId), undefined);
  });
});
