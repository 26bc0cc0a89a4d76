import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { aConfigMap, aDeployment, aPod, status, type TestObject, TestRegistry } from './test-registry.ts';

const spec = (object: TestObject) => object.spec as Record<string, unknown>;

describe('update', () => {
  it('replaces, keeps what the server owns, and makes no revision when nothing changes', async () => {
    const test = await new TestRegistry().withNamespace();
    const created = await test.create('configmaps', aConfigMap('a', { k: '1' }));
    const updated = await test.update('configmaps', 'default/a', aConfigMap('a', { k: '2' }));
    assert.equal(updated.metadata.uid, created.metadata.uid);
    assert.equal(updated.metadata.creationTimestamp, created.metadata.creationTimestamp);
    assert.notEqual(updated.metadata.resourceVersion, created.metadata.resourceVersion);
    const again = await test.update('configmaps', 'default/a', aConfigMap('a', { k: '2' }));
    assert.equal(again.metadata.resourceVersion, updated.metadata.resourceVersion);
  });

  it('refuses a stale resource version and another uid', async () => {
    const test = await new TestRegistry().withNamespace();
    const created = await test.create('configmaps', aConfigMap('a'));
    await test.update('configmaps', 'default/a', aConfigMap('a', { k: '2' }));
    await assert.rejects(
      test.update('configmaps', 'default/a', { ...created, data: { k: '3' } }),
      status(
        409,
        'Operation cannot be fulfilled on configmaps "a": the object has been modified; please apply your changes to the latest version and try again',
      ),
    );
    await assert.rejects(
      test.update('configmaps', 'default/a', aConfigMap('a', {}, { uid: 'other' })),
      status(
        409,
        `Operation cannot be fulfilled on configmaps "a": StorageError: invalid object, Code: 4, Key: /registry/configmaps/default/a, ResourceVersion: 0, AdditionalErrorMsg: Precondition failed: UID in precondition: other, UID in object meta: ${created.metadata.uid}`,
      ),
    );
  });

  it('refuses names that do not match, and absent objects', async () => {
    const test = await new TestRegistry().withNamespace();
    await assert.rejects(
      test.update('configmaps', 'default/b', aConfigMap('a')),
      status(400, 'the name of the object (a) does not match the name on the URL (b)'),
    );
    await assert.rejects(test.update('configmaps', 'default/a', aConfigMap('a')), status(404, 'configmaps "a" not found'));
  });

  it('creates where the kind allows it', async () => {
    const test = await new TestRegistry().withNamespace();
    const lease = {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name: 'l', namespace: 'default' },
      spec: { holderIdentity: 'x' },
    };
    const created = await test.update('leases.coordination.k8s.io', 'default/l', lease);
    assert.ok(created.metadata.uid);
  });

  it('takes metadata with a status, besides what the kind keeps', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('deployments.apps', aDeployment('web'));
    const meta = { labels: { a: 'b' }, annotations: { c: 'd' } };
    const deployment = await test.patch('deployments.apps', 'default/web', { metadata: meta }, { subresource: 'status' });
    assert.deepEqual(
      [deployment.metadata.labels, deployment.metadata.annotations, deployment.metadata.generation],
      [undefined, { c: 'd' }, 1],
    );
    const namespace = await test.patch('namespaces', 'default', { metadata: { labels: { a: 'b' } } }, { subresource: 'status' });
    assert.deepEqual(namespace.metadata.labels, { 'kubernetes.io/metadata.name': 'default', a: 'b' });
    const owner = { apiVersion: 'v1', kind: 'Node', name: 'n', uid: '1' };
    await test.create('pods', aPod('p'));
    const pod = await test.patch('pods', 'default/p', { metadata: { ownerReferences: [owner] } }, { subresource: 'status' });
    assert.equal(pod.metadata.ownerReferences, undefined);
  });

  it('counts changed annotations of a Deployment as a generation', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('deployments.apps', aDeployment('web'));
    const annotated = await test.patch('deployments.apps', 'default/web', { metadata: { annotations: { a: 'b' } } });
    assert.equal(annotated.metadata.generation, 2);
    const labelled = await test.patch('deployments.apps', 'default/web', { metadata: { labels: { a: 'b' } } });
    assert.equal(labelled.metadata.generation, 2);
  });

  it('keeps spec and status apart and counts generations', async () => {
    const test = await new TestRegistry().withNamespace();
    const created = await test.create('deployments.apps', aDeployment('web'));
    const scaled = await test.update('deployments.apps', 'default/web', {
      ...created,
      spec: { ...spec(created), replicas: 3 } as JsonObject,
      status: { replicas: 9 },
    });
    assert.equal(scaled.metadata.generation, 2);
    assert.deepEqual(scaled.status, {});
    const reported = await test.update(
      'deployments.apps',
      'default/web',
      { ...scaled, spec: { ...spec(scaled), replicas: 8 } as JsonObject, status: { observedGeneration: 2, replicas: 3 } },
      { subresource: 'status' },
    );
    assert.equal(spec(reported).replicas, 3);
    assert.deepEqual(reported.status, { observedGeneration: 2, replicas: 3 });
    assert.equal(reported.metadata.generation, 2);
  });

  it('does not store on a dry run', async () => {
    const test = await new TestRegistry().withNamespace();
    const created = await test.create('configmaps', aConfigMap('a', { k: '1' }));
    const dry = await test.update('configmaps', 'default/a', aConfigMap('a', { k: '2' }), { dryRun: true });
    assert.deepEqual(dry.data, { k: '2' });
    assert.deepEqual(await test.get('configmaps', 'default/a'), created);
  });

  it('lets unconditional updates of the same turn follow each other', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('configmaps', aConfigMap('a'));
    await Promise.all(Array.from({ length: 10 }, (_, index) => test.patch('configmaps', 'default/a', { data: { [`k${index}`]: 'v' } })));
    assert.equal(Object.keys((await test.get('configmaps', 'default/a')).data as JsonObject).length, 10);
  });

  it('removes a deleted object when its last finalizer goes', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('configmaps', aConfigMap('a', {}, { finalizers: ['example.com/a', 'example.com/b'] }));
    await test.delete('configmaps', 'default/a');
    await test.patch('configmaps', 'default/a', { metadata: { finalizers: ['example.com/b'] } });
    await assert.rejects(
      test.patch('configmaps', 'default/a', { metadata: { finalizers: ['example.com/b', 'example.com/c'] } }),
      status(422, /no new finalizers can be added if the object is being deleted/),
    );
    const last = await test.patch('configmaps', 'default/a', { metadata: { finalizers: null } });
    assert.equal(last.metadata.name, 'a');
    await assert.rejects(test.get('configmaps', 'default/a'), status(404, 'configmaps "a" not found'));
  });
});

describe('patch', () => {
  it('applies JSON, merge and strategic merge patches', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('deployments.apps', aDeployment('web'));
    await test.patch('deployments.apps', 'default/web', [{ op: 'replace', path: '/spec/replicas', value: 2 }], { type: 'json' });
    await test.patch('deployments.apps', 'default/web', { metadata: { labels: { tier: 'front' } } }, { type: 'merge' });
    const sidecar = { spec: { template: { spec: { containers: [{ name: 'sidecar', image: 'busybox:1.36' }] } } } };
    const patched = await test.patch('deployments.apps', 'default/web', sidecar, { type: 'strategic' });
    const found = spec(patched) as unknown as { replicas: number; template: { spec: { containers: { name: string }[] } } };
    assert.equal(found.replicas, 2);
    assert.deepEqual(patched.metadata.labels, { tier: 'front' });
    assert.deepEqual(found.template.spec.containers.map(({ name }) => name).toSorted(), ['main', 'sidecar']);
  });

  it('answers 409 to a patch with a stale resource version', async () => {
    const test = await new TestRegistry().withNamespace();
    const created = await test.create('configmaps', aConfigMap('a'));
    await test.patch('configmaps', 'default/a', { data: { k: '1' } });
    const stale = { metadata: { resourceVersion: created.metadata.resourceVersion }, data: { k: '2' } };
    await assert.rejects(test.patch('configmaps', 'default/a', stale), status(409, /the object has been modified/));
  });

  it('refuses patches whose outcome cannot be read, or renames', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('deployments.apps', aDeployment('web'));
    await assert.rejects(
      test.patch('deployments.apps', 'default/web', { spec: { replicas: 'many' } }),
      status(422, /"" is invalid: patch: Invalid value: .*cannot unmarshal string into Go struct field/),
    );
    await assert.rejects(
      test.patch('deployments.apps', 'default/web', { spec: { foo: 1 } }, { type: 'strategic' }),
      status(422, ' "" is invalid: patch: Invalid value: "map[spec:map[foo:1]]": strict decoding error: unknown field "spec.foo"'),
    );
    await assert.rejects(
      test.patch('deployments.apps', 'default/web', { metadata: { name: 'other' } }),
      status(400, 'the name of the object (other) does not match the name on the URL (web)'),
    );
    await assert.rejects(test.patch('configmaps', 'default/none', {}), status(404, 'configmaps "none" not found'));
  });

  it('patches the status alone through its sub-resource', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('pods', aPod('p'));
    const patched = await test.patch(
      'pods',
      'default/p',
      { spec: { nodeName: 'n' }, status: { phase: 'Running' } },
      { subresource: 'status' },
    );
    assert.equal(spec(patched).nodeName, undefined);
    assert.equal((patched.status as JsonObject).phase, 'Running');
  });
});
