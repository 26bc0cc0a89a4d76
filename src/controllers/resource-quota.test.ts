import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { configMap } from '../api/kinds/core/config-map.ts';
import { pod } from '../api/kinds/core/pod.ts';
import { resourceQuota } from '../api/kinds/core/resource-quota.ts';
import type { AdmissionPlugin } from '../server/admission/admission.ts';
import { resourceQuota as quotaAdmission } from '../server/admission/resource-quota.ts';
import { writeQuotaStatus } from '../server/registry/own-requests.ts';
import { createStoreReader } from '../server/registry/store-reader.ts';
import { resourceQuotaController } from './resource-quota.ts';
import { aPod } from './testing/objects.ts';
import { startTestCluster, type TestCluster } from './testing/test-cluster.ts';

const ref = { namespace: 'default', name: 'q' };
const start = (t: TestContext): Promise<TestCluster> => startTestCluster(t, { controllers: (kinds) => [resourceQuotaController(kinds)] });
const aQuota = (hard: Readonly<Record<string, string>>, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ResourceQuota',
  metadata: { name: 'q', namespace: 'default' },
  spec: { hard, ...more },
});
const aMap = (name: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'default' } });
const statusOf = async (cluster: TestCluster) => (await cluster.api(resourceQuota).get(ref)).status;
const withCpu = (name: string, cpu: string, more: object = {}) =>
  aPod(name, { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu } } }], ...more });

describe('resourceQuotaController', () => {
  it('counts what is there, and all zeros where nothing is', async (t) => {
    const cluster = await start(t);
    await cluster.apply(withCpu('a', '100m'));
    await cluster.apply(withCpu('b', '1'));
    await cluster.apply(
      aQuota({ pods: '5', 'requests.cpu': '2', 'count/configmaps': '3', 'services.nodeports': '1', 'requests.nvidia.com/gpu': '4' }),
    );
    await cluster.settle();
    assert.deepEqual(await statusOf(cluster), {
      hard: { pods: '5', 'requests.cpu': '2', 'count/configmaps': '3', 'services.nodeports': '1', 'requests.nvidia.com/gpu': '4' },
      used: { pods: '2', 'requests.cpu': '1100m', 'count/configmaps': '0', 'services.nodeports': '0', 'requests.nvidia.com/gpu': '0' },
    });
  });

  it('shows no usage of what no kind counts', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aQuota({ 'count/nonsense.example.com': '1', pods: '1' }));
    await cluster.settle();
    assert.deepEqual((await statusOf(cluster)).used, { pods: '0' });
  });

  it('follows what the quota demands', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aMap('a'));
    await cluster.apply(aQuota({ pods: '5' }));
    await cluster.settle();
    await cluster.api(resourceQuota).patch(ref, { type: 'merge', body: { spec: { hard: { pods: null, configmaps: '2' } } } });
    await cluster.settle();
    assert.deepEqual(await statusOf(cluster), { hard: { configmaps: '2' }, used: { configmaps: '1' } });
  });

  it('lets go of what has been deleted', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aMap('a'));
    await cluster.apply(aQuota({ configmaps: '5' }));
    await cluster.settle();
    await cluster.api(configMap).delete({ namespace: 'default', name: 'a' });
    await cluster.settle();
    assert.deepEqual((await statusOf(cluster)).used, { configmaps: '0' });
  });

  it('counts pods that have ended as objects only', async (t) => {
    const cluster = await start(t);
    await cluster.apply(withCpu('a', '1'));
    await cluster.apply(aQuota({ pods: '5', 'count/pods': '5', cpu: '2' }));
    await cluster.settle();
    const done = { status: { phase: 'Succeeded' } };
    await cluster.api(pod).patch({ namespace: 'default', name: 'a' }, { type: 'merge', body: done, subresource: 'status' });
    await cluster.settle();
    assert.deepEqual((await statusOf(cluster)).used, { pods: '0', 'count/pods': '1', cpu: '0' });
  });

  it('lets go of a pod that is being deleted once its grace period is over', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aPod('a', { terminationGracePeriodSeconds: 30 }));
    await cluster.apply(aQuota({ pods: '5' }));
    const bound = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a' }, target: { kind: 'Node', name: 'n' } };
    await cluster.api(pod).subresource('create', { namespace: 'default', name: 'a' }, 'binding', bound);
    await cluster.api(pod).delete({ namespace: 'default', name: 'a' });
    await cluster.settle();
    assert.deepEqual((await statusOf(cluster)).used, { pods: '1' });
    // The deletion timestamp lies at the end of the grace period already, and upstream adds the period once more.
    await cluster.pass(61);
    assert.deepEqual((await statusOf(cluster)).used, { pods: '0' });
  });

  it('lets go of a pod whose grace period ends while the status is written', async (t) => {
    let writeTakesMs = 0;
    const slow: AdmissionPlugin = {
      name: 'SlowStatus',
      validate: ({ kind, subresource }) => {
        if (kind.kind === 'ResourceQuota' && subresource === 'status') cluster.clock.advance(writeTakesMs);
      },
    };
    const cluster = await startTestCluster(t, { controllers: (kinds) => [resourceQuotaController(kinds)], admission: [slow] });
    await cluster.apply(aPod('a', { terminationGracePeriodSeconds: 1 }));
    const bound = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a' }, target: { kind: 'Node', name: 'n' } };
    await cluster.api(pod).subresource('create', { namespace: 'default', name: 'a' }, 'binding', bound);
    await cluster.apply(aQuota({ pods: '5', configmaps: '5' }));
    await cluster.settle();
    writeTakesMs = 4_000;
    await Promise.all([cluster.api(pod).delete({ namespace: 'default', name: 'a' }), cluster.apply(aMap('a'))]);
    await cluster.settle();
    assert.deepEqual((await statusOf(cluster)).used, { pods: '1', configmaps: '1' });
    await cluster.pass(4);
    assert.deepEqual((await statusOf(cluster)).used, { pods: '0', configmaps: '1' });
  });

  it('counts the objects in all scopes only', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aPod('plain'));
    await cluster.apply(aPod('critical', { priorityClassName: 'high' }));
    await cluster.apply(withCpu('burstable', '1', { priorityClassName: 'high', activeDeadlineSeconds: 5 }));
    const scopes = async (more: object): Promise<string | undefined> => {
      await cluster.apply(aQuota({ pods: '5' }, more));
      await cluster.settle();
      const { used } = await statusOf(cluster);
      await cluster.api(resourceQuota).delete(ref);
      await cluster.settle();
      return used?.pods;
    };
    assert.equal(await scopes({ scopes: ['BestEffort'] }), '2');
    assert.equal(await scopes({ scopes: ['NotBestEffort', 'Terminating'] }), '1');
    assert.equal(await scopes({ scopes: ['BestEffort', 'Terminating'] }), '0');
    const byPriority = (operator: string, values?: readonly string[]) => ({
      scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator, values }] },
    });
    assert.equal(await scopes(byPriority('Exists')), '2');
    assert.equal(await scopes(byPriority('NotIn', ['high'])), '1');
  });

  it('writes nothing when nothing has changed', async (t) => {
    const cluster = await start(t);
    await cluster.apply(aQuota({ pods: '5', configmaps: '5' }));
    await cluster.settle();
    const { revision } = cluster.store;
    await cluster.apply(aMap('a'));
    await cluster.api(configMap).delete({ namespace: 'default', name: 'a' });
    await cluster.settle();
    const writes = cluster.store.revision - revision;
    assert.ok(writes <= 4, `${writes}`);
    const quota = await cluster.api(resourceQuota).get(ref);
    await cluster.apply({ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's', namespace: 'default' } });
    await cluster.settle();
    assert.equal((await cluster.api(resourceQuota).get(ref)).metadata.resourceVersion, quota.metadata.resourceVersion);
  });

  it('agrees with admission after creations and deletions all at once', async (t) => {
    const late: { cluster?: TestCluster } = {};
    const plugin = {
      name: 'ResourceQuota',
      validate: (attributes: Parameters<NonNullable<ReturnType<typeof quotaAdmission>['validate']>>[0]) => made().validate?.(attributes),
    };
    let own: ReturnType<typeof quotaAdmission> | undefined;
    const made = (): ReturnType<typeof quotaAdmission> => {
      const { cluster } = late;
      if (cluster === undefined) return { name: 'none' };
      own ??= quotaAdmission({
        reader: createStoreReader(cluster.store, () => () => undefined),
        now: () => cluster.clock.now(),
        writeStatus: (quota) => writeQuotaStatus(cluster.registry, quota, new AbortController().signal),
      });
      return own;
    };
    const cluster = await startTestCluster(t, { controllers: (kinds) => [resourceQuotaController(kinds)], admission: [plugin] });
    late.cluster = cluster;
    await cluster.apply(aQuota({ configmaps: '10' }));
    await cluster.settle();
    let most = 0;
    for (let round = 0; round < 5; round++) {
      const maps = await cluster.list(configMap);
      await Promise.allSettled([
        ...Array.from({ length: 12 }, (_, index) => cluster.apply(aMap(`m${round}-${index}`))),
        ...maps.slice(0, 5).map(({ metadata: { name } }) => cluster.api(configMap).delete({ namespace: 'default', name })),
      ]);
      most = Math.max(most, (await cluster.list(configMap)).length);
      await cluster.settle();
      assert.deepEqual((await statusOf(cluster)).used, { configmaps: String((await cluster.list(configMap)).length) });
    }
    assert.equal(most, 10);
  });
});
