import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import { aConfigMap, aPod, status, type TestObject, TestRegistry } from '../registry/test-registry.ts';

interface PodSpecLike {
  readonly serviceAccountName: string;
  readonly serviceAccount: string;
  readonly priority: number;
  readonly priorityClassName?: string;
  readonly imagePullSecrets?: readonly JsonObject[];
  readonly tolerations: readonly JsonObject[];
  readonly volumes?: readonly JsonObject[];
}
const specOf = (pod: TestObject): PodSpecLike => pod.spec as unknown as PodSpecLike;

describe('NamespaceLifecycle', () => {
  it('refuses objects in namespaces that are not there', async () => {
    const test = await new TestRegistry().withNamespace();
    await assert.rejects(test.create('configmaps', aConfigMap('a', {}, { namespace: 'none' })), status(404, 'namespaces "none" not found'));
  });

  it('names the cause when a namespace is terminating', async () => {
    const test = await new TestRegistry().withNamespace('going');
    await test.delete('namespaces', 'going');
    const error = (await test.create('configmaps', aConfigMap('a', {}, { namespace: 'going' })).catch((cause: unknown) => cause)) as {
      status: { details: { causes: readonly JsonObject[] } };
    };
    assert.deepEqual(error.status.details.causes, [
      { reason: 'NamespaceTerminating', message: 'namespace going is being terminated', field: 'metadata.namespace' },
    ]);
  });
});

describe('ServiceAccount', () => {
  it('mounts a token exactly as upstream does', async () => {
    const test = await new TestRegistry().withNamespace();
    const { volumes = [], serviceAccount, serviceAccountName } = specOf(await test.create('pods', aPod('p')));
    assert.deepEqual([serviceAccountName, serviceAccount], ['default', 'default']);
    assert.deepEqual(volumes[0]?.projected, {
      sources: [
        { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
      defaultMode: 420,
    });
  });

  it('leaves pods alone that want no token', async () => {
    const test = await new TestRegistry().withNamespace();
    assert.equal(specOf(await test.create('pods', aPod('p', { spec: { automountServiceAccountToken: false } }))).volumes, undefined);
    await test.create('serviceaccounts', { metadata: { name: 'quiet', namespace: 'default' }, automountServiceAccountToken: false });
    assert.equal(specOf(await test.create('pods', aPod('q', { spec: { serviceAccountName: 'quiet' } }))).volumes, undefined);
  });

  it('hands on pull secrets', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('serviceaccounts', { metadata: { name: 'puller', namespace: 'default' }, imagePullSecrets: [{ name: 'registry' }] });
    assert.deepEqual(specOf(await test.create('pods', aPod('p', { spec: { serviceAccountName: 'puller' } }))).imagePullSecrets, [
      { name: 'registry' },
    ]);
  });

  it('refuses accounts that are not there', async () => {
    const test = await new TestRegistry().withNamespace();
    await assert.rejects(
      test.create('pods', aPod('p', { spec: { serviceAccountName: 'none' } })),
      status(403, 'pods "p" is forbidden: error looking up service account default/none: serviceaccount "none" not found'),
    );
  });

  it('names a pod that has no name yet by its base', async () => {
    const test = await new TestRegistry().withNamespace();
    const pod = { ...aPod('p', { spec: { serviceAccountName: 'none' } }), metadata: { generateName: 'web-', namespace: 'default' } };
    await assert.rejects(test.create('pods', pod), status(403, /^pods "web-" is forbidden: /));
  });

  it('waits a moment for the default account of a new namespace', async () => {
    const test = new TestRegistry();
    await test.create('namespaces', { metadata: { name: 'default' } });
    const [pod] = await Promise.all([
      test.create('pods', aPod('p')),
      test.create('serviceaccounts', { metadata: { name: 'default', namespace: 'default' } }),
    ]);
    assert.equal(specOf(pod).serviceAccountName, 'default');
    assert.equal(test.timers.length, 0);
    await test.delete('serviceaccounts', 'default/default');
    const late = test.create('pods', aPod('q'));
    await new Promise(setImmediate);
    test.timers[0]?.callback();
    await assert.rejects(late, status(403, /error looking up service account default\/default: serviceaccount "default" not found/));
  });
});

describe('Priority', () => {
  it('knows the classes of the system', async () => {
    const test = await new TestRegistry().withNamespace();
    const { priority } = specOf(await test.create('pods', aPod('p', { spec: { priorityClassName: 'system-node-critical' } })));
    assert.equal(priority, 2_000_001_000);
  });

  it('refuses unknown classes and numbers of one’s own', async () => {
    const test = await new TestRegistry().withNamespace();
    const create = (spec: JsonObject) => test.create('pods', aPod('p', { spec }));
    await assert.rejects(
      create({ priorityClassName: 'none' }),
      status(403, 'pods "p" is forbidden: no PriorityClass with name none was found'),
    );
    await assert.rejects(
      create({ priority: 7 }),
      status(
        403,
        'pods "p" is forbidden: the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 0 from the given PriorityClass name',
      ),
    );
  });
});

describe('DefaultTolerationSeconds', () => {
  it('adds what is not tolerated already', async () => {
    const test = await new TestRegistry().withNamespace();
    const own = { key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 5 };
    const { tolerations } = specOf(await test.create('pods', aPod('p', { spec: { tolerations: [own] } })));
    assert.deepEqual(tolerations, [
      own,
      { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 },
    ]);
    const all = { operator: 'Exists' };
    assert.deepEqual(specOf(await test.create('pods', aPod('q', { spec: { tolerations: [all] } }))).tolerations, [all]);
  });
});

describe('TaintNodesByCondition', () => {
  it('taints new nodes', async () => {
    const test = new TestRegistry();
    const node = await test.create('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } });
    assert.deepEqual((node.spec as JsonObject).taints, [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }]);
  });
});
