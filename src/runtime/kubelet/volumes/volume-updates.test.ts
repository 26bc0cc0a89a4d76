import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { configMap } from '../../../api/kinds/core/config-map.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { secret } from '../../../api/kinds/core/secret.ts';
import { type KubeletCluster, startKubeletCluster } from '../testing/kubelet-cluster.ts';

const ref = (name: string) => ({ namespace: 'default', name });
const encoded = (text: string): string => Buffer.from(text).toString('base64');

/** `volume/file=content` of all files that a pod sees in its volumes, in order. */
async function filesOf(k: KubeletCluster, pod: string): Promise<readonly string[]> {
  const { uid } = (await k.pod(pod)).metadata;
  const folder = join(k.root, 'pods', uid, 'volumes');
  return readdirSync(folder)
    .flatMap((plugin) => readdirSync(join(folder, plugin)).map((volume) => join(plugin, volume)))
    .filter((volume) => !volume.includes('kube-api-access'))
    .flatMap((volume) =>
      readdirSync(join(folder, volume))
        .filter((name) => !name.startsWith('..') && existsSync(join(folder, volume, name)))
        .map((name) => `${volume.split('/')[1]}/${name}=${readFileSync(join(folder, volume, name), 'utf8')}`),
    )
    .toSorted();
}

const volumes = [
  { name: 'config', configMap: { name: 'c', optional: true } },
  { name: 'secret', secret: { secretName: 's', optional: true } },
  {
    name: 'both',
    projected: { sources: [{ configMap: { name: 'c', optional: true } }, { secret: { name: 's', optional: true } }] },
  },
];

describe('a volume of objects', () => {
  it('follows them as they come, change and go, in all the volumes that they are in', async (t) => {
    const k = await startKubeletCluster(t);
    const [maps, secrets] = [k.cluster.api(configMap), k.cluster.api(secret)];
    await k.run('web', { volumes });
    assert.deepEqual(await filesOf(k, 'web'), []);
    const [config, key] = [
      await maps.create({ metadata: ref('c'), data: { a: '1', b: '2' } }),
      await secrets.create({ metadata: ref('s'), data: { k: encoded('first') } }),
    ];
    await k.settle();
    assert.deepEqual(await filesOf(k, 'web'), ['both/a=1', 'both/b=2', 'both/k=first', 'config/a=1', 'config/b=2', 'secret/k=first']);
    await maps.update({ ...config, data: { b: '3', c: '4' } });
    await secrets.update({ ...key, data: { k: encoded('second') } });
    await k.settle();
    assert.deepEqual(await filesOf(k, 'web'), ['both/b=3', 'both/c=4', 'both/k=second', 'config/b=3', 'config/c=4', 'secret/k=second']);
    await maps.delete(ref('c'));
    await secrets.delete(ref('s'));
    await k.settle();
    assert.deepEqual(await filesOf(k, 'web'), []);
  });

  it('keeps what it held of an object that must exist, and has gone', async (t) => {
    const k = await startKubeletCluster(t);
    const [maps, secrets] = [k.cluster.api(configMap), k.cluster.api(secret)];
    await maps.create({ metadata: ref('c'), data: { a: '1' } });
    await secrets.create({ metadata: ref('s'), data: { k: encoded('first') } });
    await k.run('web', {
      volumes: [
        { name: 'config', configMap: { name: 'c' } },
        { name: 'secret', secret: { secretName: 's' } },
      ],
    });
    await maps.delete(ref('c'));
    await secrets.delete(ref('s'));
    await k.settle();
    assert.deepEqual(await filesOf(k, 'web'), ['config/a=1', 'secret/k=first']);
    assert.equal((await k.pod('web')).status.phase, 'Running');
  });

  it('takes the object of its own namespace', async (t) => {
    const k = await startKubeletCluster(t);
    await k.cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } });
    const secrets = k.cluster.api(secret);
    await secrets.create({ metadata: { namespace: 'other', name: 's' }, data: { k: encoded('theirs') } });
    await secrets.create({ metadata: ref('s'), data: { k: encoded('ours') } });
    await k.run('web', { volumes: [{ name: 'secret', secret: { secretName: 's' } }] });
    assert.deepEqual(await filesOf(k, 'web'), ['secret/k=ours']);
  });

  it("follows the pod's own labels and annotations, also as one of several sources", async (t) => {
    const k = await startKubeletCluster(t);
    const items = ['labels', 'annotations'].map((path) => ({ path, fieldRef: { fieldPath: `metadata.${path}` } }));
    const own = [
      { name: 'info', downwardAPI: { items } },
      { name: 'all', projected: { sources: [{ downwardAPI: { items } }] } },
    ];
    await k.run('web', { volumes: own }, { labels: { app: 'web' }, annotations: { by: 'me' } });
    assert.deepEqual(await filesOf(k, 'web'), [
      'all/annotations=by="me"',
      'all/labels=app="web"',
      'info/annotations=by="me"',
      'info/labels=app="web"',
    ]);
    const body = { metadata: { labels: { tier: 'db' }, annotations: { by: 'you' } } };
    await k.cluster.api(podKind).patch(ref('web'), { type: 'merge', body });
    await k.settle();
    const labels = 'labels=app="web"\ntier="db"';
    assert.deepEqual(await filesOf(k, 'web'), ['all/annotations=by="you"', `all/${labels}`, 'info/annotations=by="you"', `info/${labels}`]);
  });
});
