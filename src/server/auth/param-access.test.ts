/** Who may write policies and bindings that refer to parameters. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../api/json.ts';
import type { UserInfo } from '../registry/registry.ts';
import { mutateOptions, status, TestRegistry } from '../registry/test-registry.ts';

const group = 'admissionregistration.k8s.io';
const jane: UserInfo = { name: 'jane', uid: '7', groups: ['devs', 'all'], extra: { b: ['x', 'y'], a: ['z'] } };
const shown = '&{jane 7 [devs all] map[a:[z] b:[x y]]}';

const write = (test: TestRegistry, resource: string, json: JsonObject) =>
  test.registry.create({ ...test.context, user: jane }, test.target(`${resource}.${group}`, ''), { json, text: undefined }, mutateOptions);

/** Lets jane read. */
async function grant(test: TestRegistry, rules: JsonObject): Promise<void> {
  await test.create('clusterroles.rbac.authorization.k8s.io', { metadata: { name: 'reader' }, rules: [rules] });
  await test.create('clusterrolebindings.rbac.authorization.k8s.io', {
    metadata: { name: 'reader' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'reader' },
    subjects: [{ kind: 'User', name: 'jane' }],
  });
}

const policy = (name: string, paramKind: JsonObject | undefined): JsonObject => ({
  metadata: { name },
  spec: {
    ...(paramKind === undefined ? {} : { paramKind }),
    matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }] },
    validations: [{ expression: 'true' }],
  },
});
const configMaps = { apiVersion: 'v1', kind: 'ConfigMap' };

const binding = (name: string, policyName: string, paramRef: JsonObject): JsonObject => ({
  metadata: { name },
  spec: { policyName, validationActions: ['Deny'], paramRef: { parameterNotFoundAction: 'Deny', ...paramRef } },
});

const invalid = (kind: string, name: string, why: string) => status(422, `${kind}.${group} "${name}" is invalid: ${why}`);

describe('a policy with parameters', () => {
  const refusal = (kind: string, apiVersion: string): string =>
    `spec.paramKind: Forbidden: user ${shown} must have "get" permission on all objects of the referenced paramKind (kind=${kind}, apiVersion=${apiVersion})`;

  it('is written only by who can read all objects of their kind', async () => {
    const test = await new TestRegistry().withNamespace();
    const plural = 'validatingadmissionpolicies';
    await assert.rejects(
      write(test, plural, policy('a', configMaps)),
      invalid('ValidatingAdmissionPolicy', 'a', refusal('ConfigMap', 'v1')),
    );
    await write(test, plural, policy('b', undefined));
    await grant(test, { verbs: ['get'], apiGroups: [''], resources: ['configmaps'] });
    await write(test, plural, policy('a', configMaps));
    const unknown = { apiVersion: 'example.com/v1', kind: 'Limit' };
    await assert.rejects(
      write(test, plural, policy('c', unknown)),
      invalid('ValidatingAdmissionPolicy', 'c', refusal('Limit', 'example.com/v1')),
    );
    await test.create(`${plural}.${group}`, policy('c', unknown));
  });

  it('may be changed by others as long as they stay', async () => {
    const test = await new TestRegistry().withNamespace();
    const stored = await test.create(`validatingadmissionpolicies.${group}`, policy('a', configMaps));
    const target = test.target(`validatingadmissionpolicies.${group}`, 'a');
    const put = (paramKind: JsonObject) =>
      test.registry.update(
        { ...test.context, user: jane },
        target,
        { json: { ...policy('a', paramKind), metadata: stored.metadata } as JsonObject, text: undefined },
        mutateOptions,
      );
    await put(configMaps);
    await assert.rejects(put({ apiVersion: 'v1', kind: 'Secret' }), invalid('ValidatingAdmissionPolicy', 'a', refusal('Secret', 'v1')));
  });
});

describe('a binding to parameters', () => {
  it('is written only by who can read them', async () => {
    const test = await new TestRegistry().withNamespace();
    const plural = 'validatingadmissionpolicybindings';
    const attempt = (name: string, paramRef: JsonObject, policyName = 'p') => write(test, plural, binding(name, policyName, paramRef));
    const refused = (name: string, why: string) => invalid('ValidatingAdmissionPolicyBinding', name, `spec.paramRef: Forbidden: ${why}`);
    const lacks = (verb: string): string =>
      `to determine minimum required permissions and user ${shown} does not have "${verb}" permission for all groups, versions and resources`;
    await assert.rejects(attempt('a', { name: 'x', namespace: 'default' }), refused('a', `unable to get policy p ${lacks('get')}`));
    await test.create(`validatingadmissionpolicies.${group}`, policy('p', configMaps));
    const direct = (verb: string): string => `user ${shown} does not have "${verb}" permission on the object referenced by paramRef`;
    await assert.rejects(attempt('a', { name: 'x', namespace: 'default' }), refused('a', direct('get')));
    await assert.rejects(attempt('a', { selector: {} }), refused('a', direct('list')));
    await grant(test, { verbs: ['get'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['x'] });
    await attempt('a', { name: 'x', namespace: 'default' });
    await assert.rejects(attempt('b', { name: 'y', namespace: 'default' }), refused('b', direct('get')));
    await test.create(`validatingadmissionpolicies.${group}`, policy('q', { apiVersion: 'example.com/v1', kind: 'Limit' }));
    await assert.rejects(
      attempt('c', { name: 'x' }, 'q'),
      refused('c', `unable to resolve paramKind &{example.com/v1 Limit} ${lacks('get')}`),
    );
  });

  it('of a policy that changes objects has the words in the order of upstream', async () => {
    const test = await new TestRegistry().withNamespace();
    await test.create(`mutatingadmissionpolicies.${group}`, {
      metadata: { name: 'p' },
      spec: {
        paramKind: configMaps,
        reinvocationPolicy: 'Never',
        matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }] },
        mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: 'Object{}' } }],
      },
    });
    const { validationActions: _, ...spec } = binding('a', 'p', { name: 'x' }).spec as JsonObject;
    await assert.rejects(
      write(test, 'mutatingadmissionpolicybindings', { metadata: { name: 'a' }, spec }),
      invalid(
        'MutatingAdmissionPolicyBinding',
        'a',
        `spec.paramRef: Forbidden: user get does not have "${shown}" permission on the object referenced by paramRef`,
      ),
    );
  });
});
