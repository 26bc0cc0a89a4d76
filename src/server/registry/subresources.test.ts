import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject, JsonValue } from '../../api/json.ts';
import { aDeployment, aPod, status, TestRegistry } from './test-registry.ts';

const call = (
  test: TestRegistry,
  resource: string,
  path: string,
  [verb, name]: readonly ['get' | 'create' | 'update' | 'patch', string],
  body?: JsonValue,
) => test.subresource(verb, resource, path, name, body);

const binding = (node: string, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Binding',
  metadata: { name: 'p', ...metadata },
  target: { kind: 'Node', name: node },
});

describe('binding', () => {
  it('puts a pod on its node, once', async () => {
    const test = await new TestRegistry().withNamespace();
    const { uid } = (await test.create('pods', aPod('p'))).metadata;
    assert.equal(
      (await call(test, 'pods', 'default/p', ['create', 'binding'], binding('n1', { uid, annotations: { a: 'b' } }))).status,
      'Success',
    );
    const pod = await test.get('pods', 'default/p');
    assert.equal((pod.spec as JsonObject).nodeName, 'n1');
    assert.deepEqual(pod.metadata.annotations, { a: 'b' });
    const { conditions } = pod.status as unknown as { conditions: { type: string; status: string; lastTransitionTime: string }[] };
    assert.deepEqual(
      conditions.map((condition) => [condition.type, condition.status, condition.lastTransitionTime]),
      [['PodScheduled', 'True', '2026-01-01T00:00:00Z']],
    );
    await assert.rejects(
      call(test, 'pods', 'default/p', ['create', 'binding'], binding('n2')),
      status(409, 'Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"'),
    );
  });

  it('refuses what is no node, is another pod, or is not there', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('pods', aPod('p'));
    await assert.rejects(
      call(test, 'pods', 'default/p', ['create', 'binding'], { ...binding('x'), target: { kind: 'Node' } }),
      status(500, 'target.name: Required value'),
    );
    await assert.rejects(
      call(test, 'pods', 'default/p', ['create', 'binding'], binding('n', { uid: 'other' })),
      status(409, /Precondition failed: UID/),
    );
    await assert.rejects(
      call(test, 'pods', 'default/q', ['create', 'binding'], binding('n', { name: 'q' })),
      status(404, 'pods "q" not found'),
    );
  });
});

describe('eviction', () => {
  it('deletes the pod', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('pods', aPod('p'));
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p', namespace: 'default' } };
    assert.equal((await call(test, 'pods', 'default/p', ['create', 'eviction'], eviction)).status, 'Success');
    assert.deepEqual(await test.names('pods', 'default'), []);
  });
});

describe('scale', () => {
  it('reads, replaces and patches the number of replicas', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('deployments.apps', aDeployment('web', { replicas: 2 }));
    const scale = await call(test, 'deployments.apps', 'default/web', ['get', 'scale']);
    assert.deepEqual(
      [scale.kind, scale.apiVersion, scale.spec, scale.status],
      ['Scale', 'autoscaling/v1', { replicas: 2 }, { replicas: 0, selector: 'app=web' }],
    );
    const updated = await call(test, 'deployments.apps', 'default/web', ['update', 'scale'], { ...scale, spec: { replicas: 5 } });
    assert.deepEqual(updated.spec, { replicas: 5 });
    await call(test, 'deployments.apps', 'default/web', ['patch', 'scale'], { spec: { replicas: 3 } });
    const deployment = await test.get('deployments.apps', 'default/web');
    assert.equal((deployment.spec as JsonObject).replicas, 3);
    assert.equal(deployment.metadata.generation, 3);
    await assert.rejects(
      call(test, 'deployments.apps', 'default/web', ['update', 'scale'], { ...scale, spec: { replicas: 1 } }),
      status(409, /the object has been modified/),
    );
    await assert.rejects(
      test.patch('deployments.apps', 'default/web', { spec: { replicas: -1 } }, { subresource: 'scale' }),
      status(422, 'Scale.autoscaling "web" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0'),
    );
  });
});

describe('ephemeral containers', () => {
  it('can be added but not changed', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create('pods', aPod('p'));
    const debug = { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox:1.36' }] } };
    const pod = await test.patch('pods', 'default/p', debug, { type: 'strategic', subresource: 'ephemeralcontainers' });
    assert.equal((pod.spec as unknown as { ephemeralContainers: { name: string }[] }).ephemeralContainers[0]?.name, 'debug');
    const other = { spec: { ephemeralContainers: [{ name: 'debug', image: 'busybox:1.37' }] } };
    await assert.rejects(
      test.patch('pods', 'default/p', other, { type: 'strategic', subresource: 'ephemeralcontainers' }),
      status(422, /existing ephemeral containers "debug" may not be changed/),
    );
  });
});

describe('token', () => {
  it('is bound to the pod and to its account', async () => {
    const test = await new TestRegistry().withNamespace();
    const pod = await test.create('pods', aPod('p'));
    const request = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: pod.metadata.uid } },
    };
    const answer = await call(test, 'serviceaccounts', 'default/default', ['create', 'token'], request);
    const { token, expirationTimestamp } = answer.status as unknown as { token: string; expirationTimestamp: string };
    assert.equal(expirationTimestamp, '2026-01-01T01:00:00Z');
    const user = await test.tokens.authenticate({ bearerToken: token });
    assert.equal(user?.name, 'system:serviceaccount:default:default');
    assert.deepEqual(user?.groups, ['system:serviceaccounts', 'system:serviceaccounts:default']);
    assert.deepEqual(user?.extra['authentication.kubernetes.io/pod-name'], ['p']);
    await test.delete('pods', 'default/p');
    await assert.rejects(test.tokens.authenticate({ bearerToken: token }), status(401, 'Unauthorized'));
  });

  it('is refused for too short a time, another uid or an absent account', async () => {
    const test = await new TestRegistry().withNamespace();
    const ask = (path: string, spec: JsonObject) =>
      call(test, 'serviceaccounts', path, ['create', 'token'], { kind: 'TokenRequest', spec });
    await assert.rejects(
      ask('default/default', { expirationSeconds: 60 }),
      status(
        422,
        'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
      ),
    );
    await assert.rejects(ask('default/none', {}), status(404, 'serviceaccounts "none" not found'));
    await assert.rejects(
      ask('default/default', { boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p' } }),
      status(404, 'pods "p" not found'),
    );
  });
});

describe('pods/resize', () => {
  const resources = { requests: { cpu: '20m', memory: '35Mi', 'ephemeral-storage': '1' }, limits: { cpu: '30m' } };
  const sized = (name: string, own: JsonObject): JsonObject => ({ name, image: 'busybox', resources: own });
  const made = async (containers: JsonObject[]): Promise<TestRegistry> => {
    const test = await new TestRegistry().withNamespace();
    const pod = aPod('p');
    await test.create('pods', { ...pod, spec: { ...(pod.spec as JsonObject), containers } });
    return test;
  };
  const resize = (test: TestRegistry, containers: JsonObject[], more: JsonObject = {}) =>
    test.patch('pods', 'default/p', { spec: { containers, ...more } }, { type: 'strategic', subresource: 'resize' });
  const refused = (cause: string) => status(422, `Pod "p" is invalid: ${cause}`);

  it('changes resources of containers and counts a generation; other fields stay', async () => {
    const test = await made([sized('a', resources)]);
    const pod = await resize(test, [{ name: 'a', image: 'other', resources: { requests: { cpu: '25m' }, limits: { memory: '50Mi' } } }], {
      activeDeadlineSeconds: 5,
    });
    const [container] = (pod.spec as unknown as { containers: readonly JsonObject[] }).containers;
    assert.equal(container?.image, 'busybox');
    assert.deepEqual(container?.resources, {
      requests: { ...resources.requests, cpu: '25m' },
      limits: { cpu: '30m', memory: '50Mi' },
    });
    assert.equal(pod.metadata.generation, 2);
    assert.equal('activeDeadlineSeconds' in (pod.spec as JsonObject), false);
  });

  it('refuses what a resize may not change', async () => {
    const test = await made([sized('a', resources)]);
    await assert.rejects(
      resize(test, [{ name: 'a', resources: { requests: { 'ephemeral-storage': '3' } } }]),
      refused('spec: Forbidden: only cpu and memory resources are mutable'),
    );
    await assert.rejects(
      resize(test, [{ name: 'a', resources: { requests: { memory: null } } }]),
      refused('spec.containers[0].resources.requests: Forbidden: resource requests cannot be removed'),
    );
    await assert.rejects(
      resize(test, [{ name: 'a', resources: { limits: null } }]),
      refused('spec.containers[0].resources.limits: Forbidden: resource limits cannot be removed'),
    );
    await assert.rejects(
      resize(test, [{ name: 'a', resources: { requests: { cpu: '1', memory: '35Mi' }, limits: { cpu: '1', memory: '35Mi' } } }]),
      refused('spec: Invalid value: "Burstable": Pod QOS Class may not change as a result of resizing'),
    );
    await assert.rejects(
      resize(test, [sized('b', resources)]),
      refused('spec.containers: Forbidden: containers may not be added or removed on resize'),
    );
    const withInit = await new TestRegistry().withNamespace();
    const pod = aPod('p');
    const initContainers = [sized('init', resources)];
    await withInit.create('pods', { ...pod, spec: { ...(pod.spec as JsonObject), containers: [sized('a', resources)], initContainers } });
    // No node has to grant it yet.
    await resize(withInit, [], { initContainers: [{ name: 'init', resources: { requests: { cpu: '25m' } } }] });
    const reordered = await made([sized('a', resources), sized('b', resources)]);
    const order = { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] };
    const renamed = [0, 1].map((i) => `spec.containers[${i}].name: Forbidden: containers may not be renamed or reordered on resize`);
    await assert.rejects(resize(reordered, [{ name: 'b' }, { name: 'a' }], order), refused(`[${renamed.join(', ')}]`));
  });

  it('changes what a Pod asks for as a whole, and nothing but CPU and memory of it', async () => {
    const whole = { requests: { cpu: '100m', memory: '50Mi' }, limits: { cpu: '1', memory: '100Mi' } };
    const withWhole = async (spec: JsonObject) => {
      const test = await new TestRegistry().withNamespace();
      const pod = aPod('p');
      await test.create('pods', { ...pod, spec: { ...(pod.spec as JsonObject), containers: [sized('a', {})], ...spec } });
      return test;
    };
    const test = await withWhole({ resources: whole });
    const pod = await resize(test, [], { resources: { requests: { cpu: '200m' }, limits: { memory: '80Mi' } } });
    const next = { requests: { cpu: '200m', memory: '50Mi' }, limits: { cpu: '1', memory: '80Mi' } };
    assert.deepEqual([(pod.spec as JsonObject).resources, pod.metadata.generation], [next, 2]);
    await assert.rejects(resize(test, [], { resources: null }), /spec\.resources: Forbidden: pod-level resources cannot be removed/);
    await assert.rejects(
      resize(test, [], { resources: { limits: { 'hugepages-2Mi': '2Mi' }, requests: { 'hugepages-2Mi': '2Mi' } } }),
      refused('spec: Forbidden: only cpu and memory resources are mutable at pod-level'),
    );
    const requestsOnly = await withWhole({ resources: { requests: whole.requests } });
    await assert.rejects(
      resize(requestsOnly, [], { resources: { requests: { memory: null } } }),
      refused('spec.resources.requests: Forbidden: pod-level resource requests cannot be removed'),
    );
    // A list that was not there may come.
    const bounded = await resize(requestsOnly, [], { resources: { limits: whole.limits } });
    assert.deepEqual((bounded.spec as JsonObject).resources, whole);
  });
});
