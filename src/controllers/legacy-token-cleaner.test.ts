import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { configMap } from '../api/kinds/core/config-map.ts';
import { secret } from '../api/kinds/core/secret.ts';
import { serviceAccount } from '../api/kinds/core/service-account.ts';
import { legacyTokenCleaner } from './legacy-token-cleaner.ts';
import { startTestCluster, type TestCluster } from './testing/test-cluster.ts';

const ref = { namespace: 'default', name: 'robot-token' };
const invalidSince = 'kubernetes.io/legacy-token-invalid-since';
const lastUsed = 'kubernetes.io/legacy-token-last-used';

const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);

/** A token that an account lists, in a cluster that tracks uses from now on. */
async function start(t: TestContext, labels: Record<string, string> = {}): Promise<TestCluster> {
  const cluster = await startTestCluster(t, { controllers: [legacyTokenCleaner] });
  const tracking = { namespace: 'kube-system', name: 'kube-apiserver-legacy-service-account-token-tracking' };
  await cluster.apply({ apiVersion: 'v1', kind: configMap.kind, metadata: tracking, data: { since: day(cluster.clock.now()) } });
  const metadata = { namespace: 'default', name: 'robot' };
  await cluster.apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata, secrets: [{ name: ref.name }] });
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { ...ref, labels, annotations: { 'kubernetes.io/service-account.name': 'robot' } },
    type: 'kubernetes.io/service-account-token',
  });
  await cluster.settle();
  return cluster;
}

const names = async (cluster: TestCluster) => (await cluster.list(secret)).map(({ metadata }) => metadata.name);
const labelsOf = async (cluster: TestCluster) => (await cluster.api(secret).get(ref)).metadata.labels ?? {};

async function days(cluster: TestCluster, count: number): Promise<void> {
  for (let passed = 0; passed < count; passed += 1) {
    await cluster.pass(86_400);
  }
}

describe('legacyTokenCleaner', () => {
  it('marks a token that nobody has used for a year, and deletes it after another one', async (t) => {
    const cluster = await start(t);
    await days(cluster, 365);
    assert.deepEqual(await labelsOf(cluster), {});
    await days(cluster, 2);
    const marked = (await labelsOf(cluster))[invalidSince];
    assert.ok(marked !== undefined && marked <= day(cluster.clock.now()));
    await days(cluster, 364);
    assert.deepEqual(await names(cluster), [ref.name]);
    await days(cluster, 3);
    assert.deepEqual(await names(cluster), []);
  });

  it('keeps a token that is used, that a pod mounts, or that was made by hand', async (t) => {
    const used = await start(t);
    await days(used, 300);
    const body = { metadata: { labels: { [lastUsed]: day(used.clock.now()) } } };
    await used.api(secret).patch(ref, { type: 'merge', body });
    await days(used, 100);
    assert.equal((await labelsOf(used))[invalidSince], undefined);

    const mounted = await start(t);
    const volumes = [{ name: 'v', secret: { secretName: ref.name } }];
    const spec = { containers: [{ name: 'c', image: 'i' }], volumes };
    await mounted.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { namespace: 'default', name: 'p' }, spec });
    await days(mounted, 400);
    assert.deepEqual(await labelsOf(mounted), {});

    const manual = await start(t);
    const account = { namespace: 'default', name: 'robot' };
    await manual.api(serviceAccount).patch(account, { type: 'merge', body: { secrets: null } });
    await days(manual, 400);
    assert.deepEqual(await labelsOf(manual), {});
  });
});
