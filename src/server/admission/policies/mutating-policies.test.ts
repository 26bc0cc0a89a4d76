import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../api/json.ts';
import { StatusError } from '../../../api/status-error.ts';
import { TestRegistry } from '../../registry/test-registry.ts';

const rule: JsonObject = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps', 'pods'] };
const group = 'admissionregistration.k8s.io';
const patch = (expression: string): JsonObject => ({ patchType: 'JSONPatch', jsonPatch: { expression } });
const apply = (expression: string): JsonObject => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } });

async function addPolicy(test: TestRegistry, name: string, spec: JsonObject): Promise<void> {
  const complete = { matchConstraints: { resourceRules: [rule] }, reinvocationPolicy: 'Never', ...spec };
  await test.create(`mutatingadmissionpolicies.${group}`, { metadata: { name }, spec: complete });
  await test.create(`mutatingadmissionpolicybindings.${group}`, { metadata: { name }, spec: { policyName: name } });
}

async function withPolicy(spec: JsonObject): Promise<TestRegistry> {
  const test = await new TestRegistry().withNamespace();
  await addPolicy(test, 'p', spec);
  return test;
}

const configMap: JsonObject = { metadata: { name: 'c', namespace: 'default', labels: { app: 'c' } }, data: { a: '1' } };
const pod: JsonObject = { metadata: { name: 'p', namespace: 'default' }, spec: { containers: [{ name: 'main', image: 'i' }] } };

const refusedWith = (text: string) => (error: unknown) => {
  assert.ok(error instanceof StatusError);
  const message = `policy 'p' with binding 'p' denied request: ${text}`;
  assert.deepEqual([error.status.message, error.status.reason, error.status.code], [message, 'Invalid', 403]);
  assert.deepEqual(error.status.details?.causes, [{ message }]);
  return true;
};

describe('a mutating policy', () => {
  it('patches objects, one mutation after the other', async () => {
    const test = await withPolicy({
      variables: [{ name: 'next', expression: 'string(int(object.data.a) + 1)' }],
      mutations: [
        patch('[JSONPatch{op: "replace", path: "/data/a", value: variables.next}]'),
        patch('[JSONPatch{op: "add", path: "/metadata/labels/" + jsonpatch.escapeKey("x/y"), value: variables.next}]'),
      ],
    });
    const { data, metadata } = await test.create('configmaps', configMap);
    assert.deepEqual([data, metadata.labels], [{ a: '2' }, { app: 'c', 'x/y': '3' }]);
  });

  it('merges fields as server-side apply does, and the object gets its defaults', async () => {
    const container = 'Object.spec.initContainers{name: "mesh", image: "proxy", restartPolicy: "Always"}';
    const test = await withPolicy({ mutations: [apply(`Object{spec: Object.spec{initContainers: [${container}]}}`)] });
    const { spec } = await test.create('pods', pod);
    const { initContainers, containers } = spec as { initContainers: JsonObject[]; containers: JsonObject[] };
    assert.deepEqual(
      initContainers.map(({ name, imagePullPolicy }) => [name, imagePullPolicy]),
      [['mesh', 'Always']],
    );
    assert.equal(containers.length, 1);
  });

  it('refuses fields that can only be replaced as a whole, and types of other fields', async () => {
    const atomic = await withPolicy({ mutations: [apply('Object{spec: Object.spec{nodeSelector: {"a": "b"}}}')] });
    const lost = 'error applying patch: invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: .spec.nodeSelector';
    await assert.rejects(atomic.create('pods', pod), refusedWith(lost));
    const wrong = await withPolicy({ mutations: [apply('Object{spec: Object.metadata{}}')] });
    const named =
      'type mismatch: unexpected type name "Object.metadata", expected "Object.spec", which matches field name path from root Object type';
    await assert.rejects(wrong.create('pods', pod), refusedWith(named));
  });

  it('is evaluated again when a later one changes the object, if it asks for it', async () => {
    for (const [reinvocationPolicy, count] of [
      ['IfNeeded', '111'],
      ['Never', '11'],
    ] as const) {
      const test = await withPolicy({
        mutations: [patch('[JSONPatch{op: "replace", path: "/data/a", value: object.data.a + "1"}]')],
        reinvocationPolicy,
      });
      await addPolicy(test, 'q', { mutations: [patch('has(object.data.b) ? [] : [JSONPatch{op: "add", path: "/data/b", value: "x"}]')] });
      assert.deepEqual((await test.create('configmaps', configMap)).data, { a: count, b: 'x' });
    }
  });

  it('fails open or closed, and leaves objects alone that its conditions leave out', async () => {
    const mutations = [patch('[JSONPatch{op: "remove", path: "/data/" + object.data.missing}]')];
    const closed = await withPolicy({ mutations });
    const text = `expression '[JSONPatch{op: "remove", path: "/data/" + object.data.missing}]' resulted in error: no such key: missing`;
    await assert.rejects(closed.create('configmaps', configMap), refusedWith(text));
    assert.deepEqual((await (await withPolicy({ mutations, failurePolicy: 'Ignore' })).create('configmaps', configMap)).data, { a: '1' });
    const matchConditions = [{ name: 'n', expression: 'object.metadata.name == "other"' }];
    assert.deepEqual((await (await withPolicy({ mutations, matchConditions })).create('configmaps', configMap)).data, { a: '1' });
  });

  it('makes no change when a test of its patch fails', async () => {
    const test = await withPolicy({
      mutations: [patch('[JSONPatch{op: "test", path: "/data/a", value: "2"}, JSONPatch{op: "replace", path: "/data/a", value: "3"}]')],
    });
    assert.deepEqual((await test.create('configmaps', configMap)).data, { a: '1' });
  });
});
