import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import { StatusError } from '../../api/status-error.ts';
import { aConfigMap, aDeployment, status, TestRegistry } from './test-registry.ts';

const start = async (): Promise<TestRegistry> => new TestRegistry().withNamespace();

const config = (data: JsonObject, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', ...metadata },
  data,
});

const web = (spec: JsonObject): JsonObject => ({ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec });
const scale = (replicas: number): JsonObject => ({
  apiVersion: 'autoscaling/v1',
  kind: 'Scale',
  metadata: { name: 'web', namespace: 'default' },
  spec: { replicas },
});

/** Each owner with its fields as text. */
const owners = ({ metadata }: Pick<KubeObject, 'metadata'>): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (metadata.managedFields ?? []).map(({ manager = '', operation = '', subresource, fieldsV1 }) => [
      `${manager} ${operation}${subresource === undefined ? '' : ` ${subresource}`}`,
      JSON.stringify(fieldsV1),
    ]),
  );

const asObject = (object: { readonly metadata: unknown }): Pick<KubeObject, 'metadata'> => object as Pick<KubeObject, 'metadata'>;

async function refusal(doing: Promise<unknown>): Promise<StatusError['status']> {
  try {
    await doing;
  } catch (error) {
    assert.ok(error instanceof StatusError);
    return error.status;
  }
  throw new Error('it was not refused');
}

describe('apply', () => {
  it('creates what is not there, owned by the applier but for defaults', async () => {
    const test = await start();
    const created = await test.apply('configmaps', 'default/a', config({ k: 'v' }, { labels: { l: 'x' } }));
    assert.deepEqual(created.data, { k: 'v' });
    assert.deepEqual(owners(asObject(created)), { 'applier Apply': '{"f:data":{"f:k":{}},"f:metadata":{"f:labels":{"f:l":{}}}}' });
  });

  it('tells of every conflict, and changes nothing', async () => {
    const test = await start();
    await test.apply('configmaps', 'default/a', config({ a: '1', b: '1' }), { manager: 'one' });
    await test.update('configmaps', 'default/a', aConfigMap('a', { a: '1', b: '2' }));
    const single = await refusal(test.apply('configmaps', 'default/a', config({ b: '3' }), { manager: 'two' }));
    assert.equal(single.message, 'Apply failed with 1 conflict: conflict with "test" using v1: .data.b');
    assert.deepEqual(single.details, {
      causes: [{ reason: 'FieldManagerConflict', message: 'conflict with "test" using v1', field: '.data.b' }],
    });
    assert.deepEqual([single.code, single.reason], [409, 'Conflict']);
    const several = await refusal(test.apply('configmaps', 'default/a', config({ a: '3', b: '3' }), { manager: 'two' }));
    assert.equal(
      several.message,
      'Apply failed with 2 conflicts: conflicts with "one":\n- .data.a\nconflicts with "test" using v1:\n- .data.b',
    );
    assert.deepEqual((await test.get('configmaps', 'default/a')).data, { a: '1', b: '2' });
  });

  it('takes by force what others own', async () => {
    const test = await start();
    await test.apply('configmaps', 'default/a', config({ a: '1', b: '1' }), { manager: 'one' });
    const forced = await test.apply('configmaps', 'default/a', config({ b: '2' }), { manager: 'two', force: true });
    assert.deepEqual(forced.data, { a: '1', b: '2' });
    assert.deepEqual(owners(asObject(forced)), { 'one Apply': '{"f:data":{"f:a":{}}}', 'two Apply': '{"f:data":{"f:b":{}}}' });
  });

  it('shares what two apply with one value, and removes what the last of them drops', async () => {
    const test = await start();
    await test.apply('configmaps', 'default/a', config({ a: '1', b: '1' }), { manager: 'one' });
    await test.apply('configmaps', 'default/a', config({ b: '1' }), { manager: 'two' });
    const dropped = await test.apply('configmaps', 'default/a', config({}), { manager: 'one' });
    assert.deepEqual(dropped.data, { b: '1' });
    const gone = await test.apply('configmaps', 'default/a', config({}), { manager: 'two' });
    assert.deepEqual(gone.data ?? {}, {});
  });

  it('leaves what an update has set, and gives an untracked object to before-first-apply', async () => {
    const test = await start();
    await test.create('configmaps', aConfigMap('a', { a: '1', b: '1' }));
    await test.patch('configmaps', 'default/a', { metadata: { managedFields: [] } });
    assert.equal((await test.get('configmaps', 'default/a')).metadata.managedFields, undefined);
    const untracked = await test.patch('configmaps', 'default/a', { data: { c: '1' } });
    assert.equal(untracked.metadata.managedFields, undefined);
    const applied = await test.apply('configmaps', 'default/a', config({ a: '1', d: '1' }));
    assert.deepEqual(applied.data, { a: '1', b: '1', c: '1', d: '1' });
    assert.deepEqual(owners(asObject(applied)), {
      'applier Apply': '{"f:data":{"f:a":{},"f:d":{}}}',
      'before-first-apply Update': '{"f:data":{".":{},"f:a":{},"f:b":{},"f:c":{}}}',
    });
  });

  it('merges keyed lists item by item', async () => {
    const test = await start();
    await test.create('deployments.apps', aDeployment('web'));
    const container = (name: string, more: JsonObject): JsonObject => ({ template: { spec: { containers: [{ name, ...more }] } } });
    const applied = await test.apply('deployments.apps', 'default/web', web(container('sidecar', { image: 'side:1' })));
    const { containers } = (applied.spec as { template: { spec: { containers: { name: string }[] } } }).template.spec;
    assert.equal(containers.length, 2);
    const without = await test.apply('deployments.apps', 'default/web', web({}));
    assert.equal((without.spec as { template: { spec: { containers: unknown[] } } }).template.spec.containers.length, 1);
  });

  it('writes nothing, not even a time, when a configuration is applied again', async () => {
    const test = await start();
    const first = await test.apply('configmaps', 'default/a', config({ a: '1' }));
    test.nowMs += 60_000;
    const revision = test.store.revision;
    const second = await test.apply('configmaps', 'default/a', config({ a: '1' }));
    assert.equal(test.store.revision, revision);
    assert.deepEqual(second, first);
  });

  it('gives the same result however often, and owners whose fields together are those that were applied', async () => {
    const test = await start();
    const keys = ['a', 'b', 'c', 'd'];
    for (let round = 0; round < 40; round++) {
      const data = Object.fromEntries(keys.filter((_, index) => (round >> index) % 2 === 0).map((key) => [key, String(round % 3)]));
      const more = { manager: `m${round % 3}`, force: true };
      const once = await test.apply('configmaps', 'default/a', config(data), more);
      assert.deepEqual(await test.apply('configmaps', 'default/a', config(data), more), once);
      const owned = (asObject(once).metadata.managedFields ?? []).flatMap(({ fieldsV1 }) =>
        Object.keys((fieldsV1 as { 'f:data'?: object })['f:data'] ?? {}),
      );
      assert.deepEqual([...new Set(owned)].map((field) => field.slice(2)).sort(), Object.keys(once.data ?? {}).sort());
      for (const [key, value] of Object.entries(data)) assert.equal((once.data as Record<string, string>)[key], value);
    }
  });

  it('owns through a sub-resource only what that can change', async () => {
    const test = await start();
    await test.create('deployments.apps', aDeployment('web'));
    const body = { ...web({ replicas: 7 }), status: { replicas: 3 } };
    const applied = await test.apply('deployments.apps', 'default/web', body, { subresource: 'status', force: true });
    assert.equal((applied.spec as { replicas: number }).replicas, 1);
    assert.equal(owners(asObject(applied))['applier Apply status'], '{"f:status":{"f:replicas":{}}}');
    const main = await test.apply('deployments.apps', 'default/web', { ...body, status: { replicas: 9 } }, { manager: 'm', force: true });
    assert.equal(owners(asObject(main))['m Apply'], '{"f:spec":{"f:replicas":{}}}');
    await assert.rejects(test.apply('deployments.apps', 'default/no', web({}), { subresource: 'status' }), status(400, /does not match/));
  });

  it('owns the replicas of the object through its scale', async () => {
    const test = await start();
    await test.create('deployments.apps', aDeployment('web'));
    await test.apply('deployments.apps', 'default/web', web({ replicas: 1 }));
    const conflict = refusal(test.apply('deployments.apps', 'default/web', scale(3), { subresource: 'scale', manager: 'scaler' }));
    assert.equal(
      (await conflict).message,
      'Apply failed with 2 conflicts: conflicts with "applier":\n- .spec.replicas\nconflicts with "test" using autoscaling/v1:\n- .spec.replicas',
    );
    await test.apply('deployments.apps', 'default/web', scale(3), { subresource: 'scale', manager: 'scaler', force: true });
    const scaled = await test.get('deployments.apps', 'default/web');
    assert.equal((scaled.spec as { replicas: number }).replicas, 3);
    assert.equal(owners(asObject(scaled))['scaler Apply scale'], '{"f:spec":{"f:replicas":{}}}');
    assert.doesNotMatch(owners(asObject(scaled))['test Update'] ?? '', /f:replicas/);
    assert.equal(owners(asObject(scaled))['applier Apply'], undefined);
  });

  it('lets kubectl take over what it applied from the client, and keeps its annotation up to date', async () => {
    const test = await start();
    const last = JSON.stringify(config({ a: '1' }));
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': last };
    await test.create('configmaps', aConfigMap('a', { a: '1' }, { annotations }), { fieldManager: 'kubectl-client-side-apply' });
    const other = refusal(test.apply('configmaps', 'default/a', config({ a: '2' }), { manager: 'other' }));
    assert.match(String((await other).message), /conflict with "kubectl-client-side-apply" using v1: .data.a/);
    const applied = await test.apply('configmaps', 'default/a', config({ a: '2' }), { manager: 'kubectl' });
    assert.deepEqual(applied.data, { a: '2' });
    assert.deepEqual(applied.metadata.annotations, {
      'kubectl.kubernetes.io/last-applied-configuration':
        '{"apiVersion":"v1","data":{"a":"2"},"kind":"ConfigMap","metadata":{"name":"a"}}\n',
    });
  });

  it('stores nothing on a dry run', async () => {
    const test = await start();
    const shown = await test.apply('configmaps', 'default/a', config({ a: '1' }), { dryRun: true });
    assert.deepEqual(shown.data, { a: '1' });
    await assert.rejects(test.get('configmaps', 'default/a'), status(404, /not found/));
  });

  it('refuses configurations of another type, that do not fit, or that set managed fields', async () => {
    const test = await start();
    const apply = (body: JsonObject) => test.apply('configmaps', 'default/a', body);
    await assert.rejects(apply({ ...config({}), kind: 'Pod' }), status(400, 'invalid object type: /v1, Kind=Pod'));
    await assert.rejects(apply({}), status(400, 'invalid object type: /, Kind='));
    await assert.rejects(apply(config({}, { managedFields: [{}] })), status(400, 'metadata.managedFields must be nil'));
    await assert.rejects(
      apply({ ...config({}), dat: {} }),
      status(500, 'failed to create typed patch object (/a; /v1, Kind=ConfigMap): .dat: field not declared in schema'),
    );
    await assert.rejects(
      apply(config({}, { finalizers: ['a/b', 'a/b'] })),
      status(500, /: .metadata.finalizers: duplicate entries for key \[="a\/b"\]$/),
    );
  });

  it('refuses a uid or a resource version of an object that is not there, or is another', async () => {
    const test = await start();
    await assert.rejects(
      test.apply('configmaps', 'default/a', config({}, { uid: 'u' })),
      status(409, /uid mismatch: the provided object specified uid u, and no existing object was found/),
    );
    await test.apply('configmaps', 'default/a', config({ a: '1' }));
    await assert.rejects(
      test.apply('configmaps', 'default/a', config({ a: '2' }, { resourceVersion: '1' })),
      status(409, /has been modified/),
    );
  });
});

describe('managed fields', () => {
  it('name whoever created, updated or patched, with the fields that this changed', async () => {
    const test = await start();
    await test.create('configmaps', aConfigMap('a', { a: '1', b: '1' }), { fieldManager: 'creator' });
    test.nowMs += 5_000;
    const patched = await test.patch('configmaps', 'default/a', { data: { b: '2', c: '1' } });
    assert.deepEqual(owners(asObject(patched)), {
      'creator Update': '{"f:data":{".":{},"f:a":{}}}',
      'test Update': '{"f:data":{"f:b":{},"f:c":{}}}',
    });
    assert.deepEqual(
      (asObject(patched).metadata.managedFields ?? []).map(({ time }) => time),
      ['2026-01-01T00:00:00Z', '2026-01-01T00:00:05Z'],
    );
  });

  it('keep their times, and the object its revision, when an update changes nothing', async () => {
    const test = await start();
    const created = await test.create('deployments.apps', aDeployment('web'));
    test.nowMs += 5_000;
    const revision = test.store.revision;
    assert.deepEqual(await test.patch('deployments.apps', 'default/web', { spec: { replicas: 1 } }), created);
    await test.patch('deployments.apps', 'default/web', { status: { replicas: 4 } });
    assert.equal(test.store.revision, revision);
  });

  it('put the oldest updates together when there are more than ten', async () => {
    const test = await start();
    await test.create('configmaps', aConfigMap('a', { k0: '' }), { fieldManager: 'm00' });
    for (let i = 1; i <= 12; i++) {
      test.nowMs += 1_000;
      const target = test.target('configmaps', 'default/a');
      const options = { dryRun: false, fieldManager: `m${String(i).padStart(2, '0')}`, fieldValidation: 'Strict' } as const;
      await test.registry.patch(test.context, target, { type: 'merge', body: { data: { [`k${i}`]: '' } }, force: false }, options);
    }
    const names = Object.keys(owners(asObject(await test.get('configmaps', 'default/a'))));
    assert.equal(names.length, 10);
    assert.deepEqual(names.slice(0, 2), ['ancient-changes Update', 'm04 Update']);
  });

  it('survive clients that do not send them, and follow those that change them', async () => {
    const test = await start();
    const created = await test.create('configmaps', aConfigMap('a', { a: '1' }));
    const updated = await test.update('configmaps', 'default/a', aConfigMap('a', { a: '1' }));
    assert.deepEqual(updated.metadata.managedFields, created.metadata.managedFields);
    const [entry] = asObject(created).metadata.managedFields ?? [];
    const renamed = await test.patch('configmaps', 'default/a', { metadata: { managedFields: [{ ...entry, manager: 'me' }] } });
    assert.deepEqual(Object.keys(owners(asObject(renamed))), ['me Update']);
  });
});
