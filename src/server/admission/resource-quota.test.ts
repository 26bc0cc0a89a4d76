import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { isConflict } from '../../api/status-error.ts';
import { aConfigMap, aPod, status, TestRegistry } from '../registry/test-registry.ts';

type Amounts = Readonly<Record<string, string>>;

/** A registry with one quota, whose usage is counted already. */
async function withQuota(hard: Amounts, more: { readonly used?: Amounts; readonly spec?: JsonObject } = {}): Promise<TestRegistry> {
  const test = await new TestRegistry().withNamespace();
  await addQuota(test, 'quota', hard, more);
  return test;
}

async function addQuota(
  test: TestRegistry,
  name: string,
  hard: Amounts,
  { used, spec }: { readonly used?: Amounts; readonly spec?: JsonObject },
) {
  await test.create('resourcequotas', { metadata: { name, namespace: 'default' }, spec: { hard, ...spec } });
  const counted = used ?? Object.fromEntries(Object.keys(hard).map((key) => [key, '0']));
  await test.patch('resourcequotas', `default/${name}`, { status: { hard, used: counted } }, { subresource: 'status' });
}

const usedOf = async (test: TestRegistry, name = 'quota'): Promise<Amounts> => {
  const quota = await test.get('resourcequotas', `default/${name}`);
  return (quota.status as { readonly used: JsonObject }).used as Amounts;
};

const created = (results: readonly PromiseSettledResult<unknown>[]): number =>
  results.filter((result) => result.status === 'fulfilled').length;

describe('ResourceQuota', () => {
  it('charges what it lets pass, and refuses what goes beyond', async () => {
    const test = await withQuota({ 'count/configmaps': '1' });
    await test.create('configmaps', aConfigMap('a'));
    assert.deepEqual(await usedOf(test), { 'count/configmaps': '1' });
    await assert.rejects(
      test.create('configmaps', aConfigMap('b')),
      status(
        403,
        'configmaps "b" is forbidden: exceeded quota: quota, requested: count/configmaps=1, used: count/configmaps=1, limited: count/configmaps=1',
      ),
    );
  });

  it('lets exactly as many pass as there is room for when they come at once', async () => {
    const test = await withQuota({ 'count/configmaps': '7' });
    const results = await Promise.allSettled(Array.from({ length: 50 }, (_, index) => test.create('configmaps', aConfigMap(`m${index}`))));
    assert.equal(created(results), 7);
    assert.deepEqual(await usedOf(test), { 'count/configmaps': '7' });
    assert.equal((await test.names('configmaps', 'default')).length, 7);
  });

  it('writes a quota far less often than requests come in when they come at once', async () => {
    const test = await withQuota({ 'count/configmaps': '100' });
    const before = test.store.revision;
    await Promise.all(Array.from({ length: 100 }, (_, index) => test.create('configmaps', aConfigMap(`m${index}`))));
    // One revision for each object; the rest are those of the quota.
    assert.ok(test.store.revision - before - 100 <= 10, `${test.store.revision - before}`);
  });

  it('holds for several quotas together', async () => {
    const test = await withQuota({ 'count/configmaps': '5' });
    await addQuota(test, 'second', { configmaps: '3' }, {});
    const results = await Promise.allSettled(Array.from({ length: 9 }, (_, index) => test.create('configmaps', aConfigMap(`m${index}`))));
    assert.equal(created(results), 3);
    assert.deepEqual([await usedOf(test), await usedOf(test, 'second')], [{ 'count/configmaps': '3' }, { configmaps: '3' }]);
  });

  it('holds while somebody else writes the status at the same time', async () => {
    const test = await withQuota({ 'count/configmaps': '5' });
    const label = (index: number) => test.patch('resourcequotas', 'default/quota', { metadata: { labels: { n: String(index) } } });
    const results = await Promise.allSettled(
      Array.from({ length: 20 }, async (_, index) => {
        if (index % 4 === 0) await label(index);
        return test.create('configmaps', aConfigMap(`m${index}`));
      }),
    );
    assert.equal(created(results), 5);
    assert.deepEqual(await usedOf(test), { 'count/configmaps': '5' });
  });

  it('gives a charge back when the object is not stored after all', async () => {
    const test = await withQuota({ 'count/configmaps': '2' });
    await test.create('configmaps', aConfigMap('a'));
    await assert.rejects(test.create('configmaps', aConfigMap('a')), status(409, /already exists/));
    await test.create('configmaps', aConfigMap('b'));
    assert.deepEqual(await usedOf(test), { 'count/configmaps': '2' });
  });

  it('charges one quota nothing for what another refuses', async () => {
    const test = await withQuota({ 'count/configmaps': '5' });
    await addQuota(test, 'second', { configmaps: '0' }, {});
    await assert.rejects(test.create('configmaps', aConfigMap('a')), status(403, /exceeded quota: second/));
    assert.deepEqual(await usedOf(test), { 'count/configmaps': '0' });
  });

  it('does not charge a dry run', async () => {
    const test = await withQuota({ 'count/configmaps': '1' });
    await test.create('configmaps', aConfigMap('a'), { dryRun: true });
    assert.deepEqual(await usedOf(test), { 'count/configmaps': '0' });
    await test.create('configmaps', aConfigMap('a'));
    await assert.rejects(test.create('configmaps', aConfigMap('b'), { dryRun: true }), status(403, /exceeded quota/));
  });

  it('refuses a status that was counted while charged objects were not stored yet', async () => {
    const test = await withQuota({ 'count/configmaps': '3' });
    const recounted = new Promise<unknown>((resolve) => {
      const handle = test.store.watch('resourcequotas/default/quota', test.store.revision, () => {
        handle.close();
        const recount = { status: { used: { 'count/configmaps': '0' } } };
        resolve(test.patch('resourcequotas', 'default/quota', recount, { subresource: 'status' }).catch((error: unknown) => error));
      });
    });
    await test.create('configmaps', aConfigMap('a'));
    assert.equal(isConflict(await recounted), true);
    assert.deepEqual(await usedOf(test), { 'count/configmaps': '1' });
    await test.patch('resourcequotas', 'default/quota', { status: { used: { 'count/configmaps': '0' } } }, { subresource: 'status' });
  });

  it('says what is not counted yet', async () => {
    const test = await withQuota({ 'count/configmaps': '1', configmaps: '1' }, { used: { configmaps: '0' } });
    await assert.rejects(
      test.create('configmaps', aConfigMap('a')),
      status(403, 'configmaps "a" is forbidden: status unknown for quota: quota, resources: configmaps,count/configmaps'),
    );
  });

  it('demands that containers state what is limited', async () => {
    const test = await withQuota({ 'requests.cpu': '1', 'limits.memory': '1Gi', pods: '5' });
    const containers = [
      { name: 'b', image: 'i' },
      { name: 'a', image: 'i', resources: { requests: { cpu: '1m' } } },
    ];
    await assert.rejects(
      test.create('pods', aPod('p', { spec: { containers } })),
      status(403, 'pods "p" is forbidden: failed quota: quota: must specify limits.memory for: a,b; requests.cpu for: b'),
    );
    await test.create('pods', aPod('q', { spec: { resources: { limits: { cpu: '1m' } } } }));
  });

  it('lists all that is exceeded, in order', async () => {
    const test = await withQuota(
      { 'requests.cpu': '1', 'requests.memory': '1Gi', pods: '5' },
      { used: { 'requests.cpu': '900m', 'requests.memory': '1Gi', pods: '1' } },
    );
    const containers = [{ name: 'a', image: 'i', resources: { requests: { cpu: '200m', memory: '1Mi' } } }];
    await assert.rejects(
      test.create('pods', aPod('p', { spec: { containers } })),
      status(
        403,
        'pods "p" is forbidden: exceeded quota: quota, requested: requests.cpu=200m,requests.memory=1Mi, used: requests.cpu=900m,requests.memory=1Gi, limited: requests.cpu=1,requests.memory=1Gi',
      ),
    );
  });

  it('charges an update for what it adds', async () => {
    const test = await withQuota({ 'services.nodeports': '3', services: '5' });
    const ports = [
      { port: 80, name: 'a' },
      { port: 81, name: 'b' },
    ];
    await test.create('services', { metadata: { name: 's', namespace: 'default' }, spec: { ports } });
    await test.patch('services', 'default/s', { spec: { type: 'NodePort' } });
    assert.deepEqual(await usedOf(test), { 'services.nodeports': '2', services: '1' });
    await assert.rejects(
      test.patch('services', 'default/s', { spec: { ports: [...ports, { port: 82, name: 'c' }, { port: 83, name: 'd' }] } }),
      status(403, /exceeded quota/),
    );
  });

  it('charges a pod that comes into the scope of a quota', async () => {
    const test = await withQuota({ pods: '0' }, { spec: { scopes: ['Terminating'] } });
    await test.create('pods', aPod('p'));
    await assert.rejects(test.patch('pods', 'default/p', { spec: { activeDeadlineSeconds: 5 } }), status(403, /exceeded quota: quota/));
  });
});
