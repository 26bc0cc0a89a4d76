import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { configMap } from '../api/kinds/core/config-map.ts';
import { namespace } from '../api/kinds/core/namespace.ts';
import { pod } from '../api/kinds/core/pod.ts';
import { serviceAccount } from '../api/kinds/core/service-account.ts';
import { builtInKinds } from '../api/kinds/index.ts';
import { statusErrors } from '../api/status-error.ts';
import type { Client } from '../client/client.ts';
import { createKindSet } from '../server/registry/kind-set.ts';
import { namespaceController } from './namespace-controller.ts';
import { rootCaController, serviceAccountController } from './namespace-defaults.ts';
import { noRemoteResources, type RemoteResources } from './remote-resources.ts';
import { aPod, aWidget, widget } from './testing/objects.ts';
import { startTestCluster, type TestCluster } from './testing/test-cluster.ts';

const kinds = createKindSet(builtInKinds);
const ref = { namespace: '', name: 'team' };
const names = async (cluster: TestCluster) => (await cluster.list(namespace)).map(({ metadata }) => metadata.name);

describe('namespaceController', () => {
  it('empties a namespace of all kinds and lets it go', async (t) => {
    const cluster = await startTestCluster(t, {
      controllers: [namespaceController(kinds), serviceAccountController],
      namespaces: ['team'],
    });
    await cluster.apply({ ...aPod('a', {}, { namespace: 'team' }) });
    await cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'team' } });
    await cluster.apply(aPod('other'));
    await cluster.api(namespace).delete(ref);
    await cluster.settle();
    assert.ok(!(await names(cluster)).includes('team'));
    assert.equal((await cluster.list(configMap, 'team')).length + (await cluster.list(pod, 'team')).length, 0);
    assert.equal((await cluster.list(pod)).length, 1);
  });

  it('deletes all else only when the Pods are gone', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [namespaceController(kinds)], namespaces: ['team'] });
    await cluster.apply(aPod('a', {}, { namespace: 'team', finalizers: ['example.com/wait'] }));
    await cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'team' } });
    await cluster.api(namespace).delete(ref);
    await cluster.settle();
    const [kept] = await cluster.list(configMap, 'team');
    assert.deepEqual([kept?.metadata.name, kept?.metadata.deletionTimestamp], ['c', undefined]);
    await cluster.api(pod).patch({ namespace: 'team', name: 'a' }, { type: 'merge', body: { metadata: { finalizers: null } } });
    await cluster.settle();
    assert.ok(!(await names(cluster)).includes('team'));
  });

  it('says what it waits for, and goes on when that is gone', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [namespaceController(kinds)], namespaces: ['team'] });
    await cluster.apply(aPod('a', {}, { namespace: 'team', finalizers: ['example.com/wait'] }));
    await cluster.api(namespace).delete(ref);
    await cluster.settle();
    const { status } = await cluster.api(namespace).get(ref);
    assert.equal(status.phase, 'Terminating');
    const texts = Object.fromEntries((status.conditions ?? []).map(({ type, message }) => [type, message]));
    assert.equal(texts.NamespaceContentRemaining, 'Some resources are remaining: pods. has 1 resource instances');
    assert.equal(
      texts.NamespaceFinalizersRemaining,
      'Some content in the namespace has finalizers remaining: example.com/wait in 1 resource instances',
    );
    await cluster.api(pod).patch({ namespace: 'team', name: 'a' }, { type: 'merge', body: { metadata: { finalizers: null } } });
    await cluster.settle();
    assert.ok(!(await names(cluster)).includes('team'));
  });
});

describe('namespaceController over Kinds that come and go', () => {
  const start = (t: TestContext) => startTestCluster(t, { controllers: (kinds) => [namespaceController(kinds)], namespaces: ['team'] });
  const finalizers = ['example.com/wait'];

  it('waits for objects of a Kind that came after its start, and is woken by the last to go', async (t) => {
    const cluster = await start(t);
    cluster.kinds.add(widget);
    await cluster.apply(aWidget('w', { namespace: 'team', finalizers }));
    await cluster.api(namespace).delete(ref);
    await cluster.settle();
    const { status } = await cluster.api(namespace).get(ref);
    const remaining = status.conditions?.find(({ type }) => type === 'NamespaceContentRemaining')?.message;
    assert.equal(remaining, 'Some resources are remaining: widgets.example.com has 1 resource instances');
    await cluster.api(widget).patch({ namespace: 'team', name: 'w' }, { type: 'merge', body: { metadata: { finalizers: null } } });
    await cluster.settle();
    assert.ok(!(await names(cluster)).includes('team'));
  });

  it('goes on when the Kind whose objects held it back is gone, and no informer of it is left', async (t) => {
    const cluster = await start(t);
    cluster.kinds.add(widget);
    await cluster.apply(aWidget('w', { namespace: 'team', finalizers }));
    await cluster.api(namespace).delete(ref);
    await cluster.settle();
    const watched = cluster.informers.informers.length;
    cluster.kinds.remove(widget.resourceName);
    await cluster.settle();
    assert.ok(!(await names(cluster)).includes('team'));
    assert.equal(cluster.informers.informers.length, watched - 1);
  });
});

describe('namespaceController with kinds of other servers', () => {
  /** Widgets are another server's; `state` says whether it is up, and what it can. */
  async function start(t: TestContext, state: { missing: readonly string[]; verbs?: readonly string[] }) {
    const remote: RemoteResources = {
      ...noRemoteResources,
      all: [widget],
      supports: (_kind, verb) => (state.verbs ?? ['deletecollection']).includes(verb),
      get missing() {
        return state.missing;
      },
    };
    const cluster = await startTestCluster(t, { controllers: [namespaceController(kinds, remote)], namespaces: ['team'] });
    cluster.kinds.add(widget);
    await cluster.apply(aWidget('a', { namespace: 'team' }));
    await cluster.apply(aWidget('b', { namespace: 'team' }));
    await cluster.api(namespace).delete(ref);
    await cluster.settle();
    return cluster;
  }
  const condition = async (cluster: TestCluster, wanted: string): Promise<string | undefined> =>
    (await cluster.api(namespace).get(ref)).status.conditions?.find(({ type }) => type === wanted)?.message;

  for (const verbs of [['deletecollection'], []]) {
    it(`deletes their objects, ${verbs.length > 0 ? 'all at once' : 'one by one'}`, async (t) => {
      const cluster = await start(t, { missing: [], verbs });
      assert.deepEqual(await cluster.list(widget, 'team'), []);
      assert.ok(!(await names(cluster)).includes('team'));
    });
  }

  it('keeps the namespace while it is not known what others serve, and says so', async (t) => {
    const state = { missing: ['other.example.com/v1'] };
    const cluster = await start(t, state);
    assert.equal(
      await condition(cluster, 'NamespaceDeletionDiscoveryFailure'),
      'Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: ' +
        'other.example.com/v1: stale GroupVersion discovery: other.example.com/v1',
    );
    assert.deepEqual(await cluster.list(widget, 'team'), []);
    state.missing = [];
    await cluster.pass(10);
    assert.ok(!(await names(cluster)).includes('team'));
  });

  it('says what it could not delete, deletes the rest, and tries again', async (t) => {
    let down = true;
    const remote: RemoteResources = { ...noRemoteResources, all: [widget], supports: () => true };
    const failing = (client: Client): Client => ({
      resource: (kind) => {
        const api = client.resource(kind);
        const unable = () => Promise.reject(statusErrors.serviceUnavailable('the server is currently unable to handle the request'));
        return kind.plural === 'widgets' && down ? { ...api, list: unable } : api;
      },
    });
    const options = { controllers: [namespaceController(kinds, remote)], namespaces: ['team'], controllersClient: failing };
    const cluster = await startTestCluster(t, options);
    cluster.kinds.add(widget);
    await cluster.apply(aWidget('a', { namespace: 'team' }));
    await cluster.apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'c', namespace: 'team' } });
    await cluster.api(namespace).delete(ref);
    await cluster.settle();
    assert.equal(
      await condition(cluster, 'NamespaceDeletionContentFailure'),
      'Failed to delete all resource types, 1 remaining: the server is currently unable to handle the request',
    );
    assert.deepEqual(await cluster.list(configMap, 'team'), []);
    down = false;
    await cluster.pass(60);
    assert.ok(!(await names(cluster)).includes('team'));
  });
});

describe('serviceAccountController and rootCaController', () => {
  it('give each namespace its default account and root certificate, also after they were deleted or changed', async (t) => {
    const cluster = await startTestCluster(t, { controllers: [serviceAccountController, rootCaController('PEM')] });
    assert.deepEqual(
      (await cluster.list(serviceAccount)).map(({ metadata }) => metadata.name),
      ['default'],
    );
    const rootCa = { namespace: 'default', name: 'kube-root-ca.crt' };
    assert.deepEqual((await cluster.api(configMap).get(rootCa)).data, { 'ca.crt': 'PEM' });
    await cluster.api(serviceAccount).delete({ namespace: 'default', name: 'default' });
    await cluster.api(configMap).patch(rootCa, { type: 'merge', body: { data: { 'ca.crt': 'forged' } } });
    await cluster.settle();
    assert.equal((await cluster.list(serviceAccount)).length, 1);
    assert.deepEqual((await cluster.api(configMap).get(rootCa)).data, { 'ca.crt': 'PEM' });
  });
});
