import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Pod } from '../../../api/generated/core/v1.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { type KubeletCluster, startKubeletCluster } from '../testing/kubelet-cluster.ts';

const manifest = (fields: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec: { automountServiceAccountToken: false, terminationGracePeriodSeconds: 20, containers: [{ name: main, image: "busybox:1.36", command: [sleep, "${fields}"] }] }
`;

interface Started {
  readonly k: KubeletCluster;
  put(name: string, text: string): Promise<void>;
  drop(name: string): Promise<void>;
  /** Resolves with the mirror once `check` holds for what the API shows. */
  until(check: (mirror: Pod | undefined) => boolean): Promise<Pod | undefined>;
  running(): readonly string[];
}

async function start(t: TestContext, files: Readonly<Record<string, string>> = {}): Promise<Started> {
  const folder = await mkdtemp(join(tmpdir(), 'minik-manifests-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const put = (name: string, text: string): Promise<void> => writeFile(join(folder, name), text);
  for (const [name, text] of Object.entries(files)) await put(name, text);
  const k = await startKubeletCluster(t, { config: { staticPodPath: folder } });
  return {
    k,
    put,
    drop: (name) => rm(join(folder, name)),
    until: async (check) => {
      // The system tells of changed files when it likes.
      for (let attempt = 0; attempt < 200; attempt++) {
        await k.settle();
        const mirror = await k.find('web-minik');
        if (check(mirror)) return mirror;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      assert.fail('the mirror does not become as it should be');
    },
    running: () => [...k.engine.containers.values()].filter(({ view }) => view.state === 'running').map(({ view }) => view.id),
  };
}

const isRunning = (pod: Pod | undefined): boolean => pod?.status.phase === 'Running';

describe('a static pod', () => {
  it('runs from its file, and the API shows a mirror of it', async (t) => {
    const { k, until } = await start(t, { 'web.yaml': manifest('100') });
    const mirror = await until(isRunning);
    assert.ok(mirror);
    const { annotations = {}, ownerReferences, labels } = mirror.metadata;
    const hash = annotations['kubernetes.io/config.hash'];
    assert.match(hash ?? '', /^[0-9a-f]{32}$/);
    assert.deepEqual([annotations['kubernetes.io/config.mirror'], annotations['kubernetes.io/config.source']], [hash, 'file']);
    const node = await k.cluster.api(nodeKind).get({ namespace: '', name: 'minik' });
    assert.deepEqual(ownerReferences, [{ apiVersion: 'v1', kind: 'Node', name: 'minik', uid: node.metadata.uid, controller: true }]);
    assert.deepEqual(labels, { app: 'web' });
    assert.ok(mirror.spec.tolerations?.some(({ effect, operator }) => effect === 'NoExecute' && operator === 'Exists'));
    const [container] = k.engine.containers.values();
    assert.equal(container?.view.pod.uid, hash, 'containers carry the uid of the static pod');
  });

  it('outlives its mirror, which is made again, and the kubelet', async (t) => {
    const { k, until, running } = await start(t, { 'web.yaml': manifest('100') });
    const first = await until(isRunning);
    const before = running();
    await k.cluster.api(podKind).delete({ namespace: 'default', name: 'web-minik' });
    const second = await until((pod) => isRunning(pod) && pod?.metadata.uid !== first?.metadata.uid);
    assert.deepEqual(running(), before);
    await k.restart();
    const third = await until(isRunning);
    assert.equal(third?.metadata.uid, second?.metadata.uid);
    assert.deepEqual(running(), before);
  });

  it('is replaced when its file changes, and ends within its grace period when the file goes', async (t) => {
    const { k, put, drop, until, running } = await start(t, { 'web.yaml': manifest('100') });
    const first = await until(isRunning);
    await put('web.yaml', manifest('200'));
    const second = await until((pod) => isRunning(pod) && pod?.metadata.uid !== first?.metadata.uid);
    assert.deepEqual(second?.spec.containers[0]?.command, ['sleep', '200']);
    assert.equal(running().length, 1);
    await drop('web.yaml');
    await until((pod) => pod === undefined);
    assert.deepEqual(running(), []);
    assert.ok((await k.events('web-minik')).includes('Normal Killing Stopping container main'));
  });

  it('whose file went while the kubelet was away is gone when it is back', async (t) => {
    const { k, drop, until, running } = await start(t, { 'web.yaml': manifest('100') });
    await until(isRunning);
    await k.stop();
    await drop('web.yaml');
    await k.restart();
    await until((pod) => pod === undefined);
    assert.deepEqual(running(), []);
  });
});

it('files that are no pods, or whose pods the API refuses, are passed over, and the others run', async (t) => {
  const { k, until } = await start(t, {
    '.hidden.yaml': manifest('1').replace('name: web', 'name: hidden'),
    'broken.yaml': 'a: [',
    'other.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x }\n',
    'refused.yaml': manifest('1').replace('name: web', 'name: refused').replace('"busybox:1.36"', '""'),
    'web.yaml': manifest('100'),
  });
  await mkdir(join(k.root, 'none'));
  await until(isRunning);
  assert.deepEqual(
    (await k.cluster.api(podKind).list({ namespace: 'default' })).items.map(({ metadata }) => metadata.name),
    ['web-minik'],
  );
});
