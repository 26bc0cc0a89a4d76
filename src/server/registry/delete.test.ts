import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { aConfigMap, aDeployment, aPod, listRequest, status, TestRegistry, testNow } from './test-registry.ts';

async function withBoundPod(): Promise<TestRegistry> {
  const test = await new TestRegistry().withNamespace();
  await test.create('pods', aPod('p'));
  await test.subresource('create', 'pods', 'default/p', 'binding', {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name: 'p' },
    target: { kind: 'Node', name: 'n' },
  });
  return test;
}

describe('delete', () => {
  it('removes an object and tells which it was', async () => {
    const test = await new TestRegistry().withNamespace();
    const { uid } = (await test.create('configmaps', aConfigMap('a'))).metadata;
    const answer = await test.delete('configmaps', 'default/a');
    assert.equal(answer.type, 'deleted');
    assert.equal(answer.entry.object.metadata.uid, uid);
    await assert.rejects(test.delete('configmaps', 'default/a'), status(404, 'configmaps "a" not found'));
  });

  it('checks preconditions', async () => {
    const test = await new TestRegistry().withNamespace();
    const { uid, resourceVersion } = (await test.create('configmaps', aConfigMap('a'))).metadata;
    await assert.rejects(
      test.delete('configmaps', 'default/a', { preconditions: { uid: 'other' } }),
      status(
        409,
        `Operation cannot be fulfilled on ConfigMap "a": the UID in the precondition (other) does not match the UID in record (${uid}). The object might have been deleted and then recreated`,
      ),
    );
    await assert.rejects(
      test.delete('configmaps', 'default/a', { preconditions: { resourceVersion: '1' } }),
      status(
        409,
        `Operation cannot be fulfilled on ConfigMap "a": the ResourceVersion in the precondition (1) does not match the ResourceVersion in record (${resourceVersion}). The object might have been modified`,
      ),
    );
    await test.delete('configmaps', 'default/a', { preconditions: { uid, resourceVersion } });
  });

  it('waits for finalizers', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('deployments.apps', {
      ...aDeployment('web'),
      metadata: { name: 'web', namespace: 'default', finalizers: ['example.com/x'] },
    });
    const { type, entry } = await test.delete('deployments.apps', 'default/web');
    const { deletionTimestamp, deletionGracePeriodSeconds, generation } = entry.object.metadata;
    assert.equal(type, 'object');
    assert.deepEqual([deletionTimestamp, deletionGracePeriodSeconds, generation], ['2026-01-01T00:00:00Z', 0, 2]);
    assert.equal((await test.delete('deployments.apps', 'default/web')).type, 'object');
  });

  it('leaves dependents to the garbage collector as the policy says', async () => {
    const test = await new TestRegistry().withNamespace();
    const finalizersAfter = async (policy: 'Orphan' | 'Foreground' | 'Background') => {
      await test.create('deployments.apps', aDeployment(policy.toLowerCase()));
      const { entry } = await test.delete('deployments.apps', `default/${policy.toLowerCase()}`, { propagationPolicy: policy });
      return entry.object.metadata.finalizers;
    };
    assert.deepEqual(await finalizersAfter('Orphan'), ['orphan']);
    assert.deepEqual(await finalizersAfter('Foreground'), ['foregroundDeletion']);
    assert.equal(await finalizersAfter('Background'), undefined);
    assert.deepEqual(await test.names('deployments.apps', 'default'), ['foreground', 'orphan']);
  });

  it('deletes a pod that no kubelet runs at once, and returns it', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('pods', aPod('p'));
    const watch = test.watch('pods', 'default', { resourceVersion: String(test.store.revision) });
    const { type, entry } = await test.delete('pods', 'default/p');
    assert.equal(type, 'object');
    assert.equal(entry.object.metadata.deletionGracePeriodSeconds, 0);
    assert.deepEqual(await test.names('pods', 'default'), []);
    assert.deepEqual(
      watch.seen.map((event) => event.split(' ')[0]),
      ['MODIFIED', 'DELETED'],
    );
  });

  it('gives a running pod its grace period, which can only become shorter', async () => {
    const test = await withBoundPod();
    const grace = async (seconds?: number) => {
      const { entry } = await test.delete('pods', 'default/p', seconds === undefined ? {} : { gracePeriodSeconds: seconds });
      return [entry.object.metadata.deletionTimestamp, entry.object.metadata.deletionGracePeriodSeconds];
    };
    assert.deepEqual(await grace(), ['2026-01-01T00:00:30Z', 30]);
    assert.deepEqual(await grace(60), ['2026-01-01T00:00:30Z', 30]);
    assert.deepEqual(await grace(10), ['2026-01-01T00:00:10Z', 10]);
    test.nowMs = testNow + 60_000;
    assert.deepEqual(await grace(5), ['2026-01-01T00:01:00Z', 1]);
    await grace(0);
    assert.deepEqual(await test.names('pods', 'default'), []);
  });

  it('does nothing on a dry run', async () => {
    const test = await withBoundPod();
    const { revision } = test.store;
    await test.delete('pods', 'default/p', { dryRun: true });
    await test.delete('serviceaccounts', 'default/default', { dryRun: true });
    assert.equal(test.store.revision, revision);
  });

  it('empties a collection', async () => {
    const test = await new TestRegistry().withNamespace();
    for (const name of ['a', 'b', 'c']) await test.create('configmaps', aConfigMap(name, {}, { labels: { keep: String(name === 'b') } }));
    await test.registry.deleteCollection(
      test.context,
      test.target('configmaps', 'default'),
      { ...listRequest, labelSelector: 'keep=false' },
      {},
    );
    assert.deepEqual(await test.names('configmaps', 'default'), ['b']);
  });
});

describe('namespaces', () => {
  it('are labelled, hold their finalizer, terminate, and go when finalized', async () => {
    const test = await new TestRegistry().withNamespace('mine');
    const created = await test.get('namespaces', 'mine');
    assert.deepEqual(created.metadata.labels, { 'kubernetes.io/metadata.name': 'mine' });
    assert.deepEqual([created.spec, created.status], [{ finalizers: ['kubernetes'] }, { phase: 'Active' }]);
    const { type, entry } = await test.delete('namespaces', 'mine');
    assert.equal(type, 'object');
    assert.equal((entry.object as unknown as { status: JsonObject }).status.phase, 'Terminating');
    await assert.rejects(
      test.create('configmaps', aConfigMap('late', {}, { namespace: 'mine' })),
      status(403, 'configmaps "late" is forbidden: unable to create new content in namespace mine because it is being terminated'),
    );
    assert.equal((await test.delete('namespaces', 'mine')).type, 'object');
    const terminating = await test.get('namespaces', 'mine');
    await test.update('namespaces', 'mine', { ...terminating, spec: { finalizers: [] } });
    assert.deepEqual((await test.get('namespaces', 'mine')).spec, { finalizers: ['kubernetes'] });
    await test.subresource('update', 'namespaces', 'mine', 'finalize', { ...terminating, spec: {} });
    await assert.rejects(test.get('namespaces', 'mine'), status(404, 'namespaces "mine" not found'));
  });

  it('cannot be deleted when the system needs them', async () => {
    const test = await new TestRegistry().withNamespace();
    await assert.rejects(
      test.delete('namespaces', 'default'),
      status(403, 'namespaces "default" is forbidden: this namespace may not be deleted'),
    );
  });
});
