import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonObject } from '../../../api/json.ts';
import { StatusError } from '../../../api/status-error.ts';
import { TestRegistry } from '../../registry/test-registry.ts';

const rule: JsonObject = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE'], resources: ['configmaps'] };

interface Setup {
  readonly spec: JsonObject;
  readonly binding?: JsonObject;
}

async function withPolicy({ spec, binding = {} }: Setup): Promise<TestRegistry> {
  const test = await new TestRegistry().withNamespace();
  await test.create('validatingadmissionpolicies.admissionregistration.k8s.io', {
    metadata: { name: 'p' },
    spec: { matchConstraints: { resourceRules: [rule] }, ...spec },
  });
  await test.create('validatingadmissionpolicybindings.admissionregistration.k8s.io', {
    metadata: { name: 'b' },
    spec: { policyName: 'p', validationActions: ['Deny'], ...binding },
  });
  return test;
}

const configMap = (data: JsonObject, name = 'c'): JsonObject => ({ metadata: { name, namespace: 'default' }, data });

/** The message of the refusal of a config map, without what is said of every refusal; '' when it is admitted. */
async function refusal(test: TestRegistry, data: JsonObject, name?: string): Promise<string> {
  try {
    await test.create('configmaps', configMap(data, name), { dryRun: true });
    return '';
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    return (error.status.message ?? '').replace(
      /^configmaps "\w+" is forbidden: ValidatingAdmissionPolicy 'p' (with binding 'b' )?denied request: /,
      '',
    );
  }
}

const validate = (expression: string, more: JsonObject = {}): JsonObject => ({ validations: [{ expression, ...more }] });

describe('a validating policy', () => {
  it('refuses with its reason, and the message that is given, computed, or made of the expression', async () => {
    const plain = await withPolicy({ spec: validate('object.data.a == "1"') });
    assert.equal(await refusal(plain, { a: '1' }), '');
    assert.equal(await refusal(plain, { a: '2' }), 'failed expression: object.data.a == "1"');
    assert.equal(await refusal(plain, {}), 'expression \'object.data.a == "1"\' resulted in error: no such key: data');
    const said = await withPolicy({ spec: validate('false', { message: ' not so ', reason: 'Forbidden' }) });
    await assert.rejects(said.create('configmaps', configMap({})), (error) => {
      assert.ok(error instanceof StatusError);
      const { message, reason, code, details } = error.status;
      const text = "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: not so";
      assert.deepEqual([message, reason, code], [`configmaps "c" is forbidden: ${text}`, 'Forbidden', 403]);
      assert.deepEqual(details, { name: 'c', kind: 'configmaps', causes: [{ message: text }] });
      return true;
    });
    const computed = await withPolicy({ spec: validate('false', { message: 'given', messageExpression: '"no " + object.metadata.name' }) });
    assert.equal(await refusal(computed, {}), 'no c');
    const failing = await withPolicy({ spec: validate('false', { message: 'given', messageExpression: 'string(object.x.y)' }) });
    assert.equal(await refusal(failing, {}), 'given');
  });

  it('warns or notes instead, as the binding says', async () => {
    const test = await withPolicy({ spec: validate('false'), binding: { validationActions: ['Warn', 'Audit'] } });
    const notes: [string, string][] = [];
    Object.assign(test.context, { annotate: (key: string, value: string) => notes.push([key, value]) });
    assert.equal(await refusal(test, {}), '');
    assert.deepEqual(test.warnings, ["Validation failed for ValidatingAdmissionPolicy 'p' with binding 'b': failed expression: false"]);
    const note = [
      { message: 'failed expression: false', policy: 'p', binding: 'b', expressionIndex: 0, validationActions: ['Warn', 'Audit'] },
    ];
    assert.deepEqual(notes, [['validation.policy.admission.k8s.io/validation_failure', JSON.stringify(note)]]);
  });

  it('is asked only about what its constraints, its binding and its conditions select', async () => {
    const cases: readonly (readonly [what: string, refused: boolean, setup: Partial<Setup['spec']>, binding?: JsonObject])[] = [
      ['another resource', false, { matchConstraints: { resourceRules: [{ ...rule, resources: ['secrets'] }] } }],
      ['another name', false, { matchConstraints: { resourceRules: [{ ...rule, resourceNames: ['x'] }] } }],
      ['its name', true, { matchConstraints: { resourceRules: [{ ...rule, resourceNames: ['c'] }] } }],
      ['what is excluded', false, { matchConstraints: { resourceRules: [rule], excludeResourceRules: [rule] } }],
      ['a condition that is false', false, { matchConditions: [{ name: 'n', expression: 'object.metadata.name != "c"' }] }],
      ['a condition that is true', true, { matchConditions: [{ name: 'n', expression: 'request.operation == "CREATE"' }] }],
      ['another label', false, {}, { matchResources: { objectSelector: { matchLabels: { a: 'b' } } } }],
      ['another namespace', false, {}, { matchResources: { namespaceSelector: { matchLabels: { a: 'b' } } } }],
      ['a binding that adds nothing', true, {}, { matchResources: {} }],
    ];
    for (const [what, refused, more, binding = {}] of cases) {
      const test = await withPolicy({ spec: { ...validate('false'), ...more }, binding });
      assert.equal((await refusal(test, {})) !== '', refused, what);
    }
  });

  it('fails open or closed when it cannot be evaluated', async () => {
    const spec = { ...validate('object.data.a == "1"'), matchConditions: [{ name: 'n', expression: 'object.data.b == "1"' }] };
    const closed = await withPolicy({ spec });
    assert.equal(await refusal(closed, {}), 'expression \'object.data.b == "1"\' resulted in error: no such key: data');
    assert.equal(await refusal(await withPolicy({ spec: { ...spec, failurePolicy: 'Ignore' } }), {}), '');
  });

  it('has variables that build on each other, the namespace, the request and the authorizer', async () => {
    const test = await withPolicy({
      spec: {
        variables: [
          { name: 'keys', expression: 'object.data.map(k, k)' },
          { name: 'count', expression: 'size(variables.keys)' },
        ],
        validations: [
          { expression: 'variables.count < 3', messageExpression: '"got " + string(variables.count)' },
          { expression: 'namespaceObject.metadata.name == request.namespace' },
          { expression: 'request.userInfo.username == "tester" && request.dryRun' },
          { expression: 'authorizer.group("").resource("pods").namespace("default").check("get").allowed()' },
        ],
      },
    });
    assert.equal(await refusal(test, { a: '', b: '' }), '');
    assert.equal(await refusal(test, { a: '', b: '', c: '' }), 'got 3');
  });

  it('takes parameters by name or by labels, and says what becomes of a request without any', async () => {
    const params = (binding: JsonObject) =>
      withPolicy({
        spec: {
          paramKind: { apiVersion: 'v1', kind: 'ConfigMap' },
          matchConditions: [{ name: 'n', expression: 'object.metadata.name == "c"' }],
          ...validate('object.data.a == params.data.a'),
        },
        binding: { paramRef: { namespace: 'default', parameterNotFoundAction: 'Deny', ...binding } },
      });
    const named = await params({ name: 'limits' });
    assert.equal(
      await refusal(named, { a: '1' }),
      'failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction',
    );
    assert.equal(await refusal(await params({ name: 'limits', parameterNotFoundAction: 'Allow' }), { a: '1' }), '');
    const selected = await params({ selector: { matchLabels: { limits: 'yes' } }, parameterNotFoundAction: 'Allow' });
    for (const [name, a] of [
      ['one', '1'],
      ['two', '2'],
    ] as const) {
      assert.equal(await refusal(selected, { a: '1' }), '');
      const labels = { limits: 'yes' };
      await selected.create('configmaps', { metadata: { name, namespace: 'default', labels }, data: { a } });
      if (name === 'two') assert.equal(await refusal(selected, { a: '1' }), 'failed expression: object.data.a == params.data.a');
    }
    const unknown = await withPolicy({ spec: { paramKind: { apiVersion: 'a.b/v1', kind: 'Limit' }, ...validate('true') } });
    const missing = "failed to configure policy: failed to find resource referenced by paramKind: 'a.b/v1, Kind=Limit'";
    assert.equal(await refusal(unknown, {}), missing);
  });

  it('notes what its audit annotations give', async () => {
    const test = await withPolicy({
      spec: {
        auditAnnotations: [
          { key: 'who', valueExpression: 'request.userInfo.username' },
          { key: 'none', valueExpression: 'null' },
        ],
      },
    });
    const notes: [string, string][] = [];
    Object.assign(test.context, { annotate: (key: string, value: string) => notes.push([key, value]) });
    assert.equal(await refusal(test, {}), '');
    assert.deepEqual(notes, [['p/who', 'tester']]);
  });

  it('is not asked about policies themselves', async () => {
    const test = await withPolicy({
      spec: {
        matchConstraints: { resourceRules: [{ apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }] },
        ...validate('false'),
      },
    });
    await test.delete('validatingadmissionpolicybindings.admissionregistration.k8s.io', 'b');
    assert.equal(await refusal(test, {}), '');
  });

  it('is evaluated within a budget', async () => {
    const test = await withPolicy({ spec: validate('object.data.all(a, object.data.all(b, object.data.all(c, a != "")))') });
    const data = Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`k${at}`, '']));
    assert.match(await refusal(test, data), /resulted in error: operation cancelled: actual cost limit exceeded$/);
  });
});
