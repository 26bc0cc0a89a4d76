import assert from 'node:assert/strict';
import { it } from 'node:test';
import { celSchemaOfModel } from '../api/cel/model-schema.ts';
import type { TypeSource } from '../api/cel/type-check.ts';
import { validatingAdmissionPolicy } from '../api/kinds/admissionregistration/validating-admission-policy.ts';
import { testSchemas } from '../server/registry/test-registry.ts';
import { policyTypeChecksController } from './policy-type-checks.ts';
import { startTestCluster } from './testing/test-cluster.ts';

const types: TypeSource = {
  kindOf: (group, _, resource) => (group === 'apps' && resource === 'deployments' ? 'Deployment' : undefined),
  schemaOf: ({ kind }) => (kind === 'Deployment' ? celSchemaOfModel(testSchemas, 'io.k8s.api.apps.v1.Deployment') : undefined),
};

it('notes in the status which expressions do not fit the types that the policy names', async (t) => {
  const cluster = await startTestCluster(t, { controllers: [policyTypeChecksController(types)] });
  const rules = [{ apiGroups: ['apps'], apiVersions: ['v1'], operations: ['*' as const], resources: ['deployments', 'deployments/scale'] }];
  await cluster.apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'p' },
    spec: {
      matchConstraints: { resourceRules: rules },
      variables: [{ name: 'spec', expression: 'object.spec' }],
      validations: [
        { expression: 'object.spec.replicas > 1 && variables.spec.replicas < 5 && object.metadata.labels["a"] == "b"' },
        { expression: 'object.spec.replicas > "1"' },
        { expression: 'object.spec.replica > 1', messageExpression: 'string(object.foo)' },
        {
          expression:
            'object.spec.template.spec.containers.all(c, c.ports.all(p, p.containerPort > 1024) && c.resources.limits["cpu"] != "")',
        },
      ],
    },
  });
  await cluster.settle();
  const { status } = await cluster.api(validatingAdmissionPolicy).get({ namespace: '', name: 'p' });
  const at = (place: string): string => `apps/v1, Kind=Deployment: ERROR: <input>:1:${place}`;
  assert.equal(status?.observedGeneration, 1);
  assert.deepEqual(status.typeChecking?.expressionWarnings, [
    {
      fieldRef: 'spec.validations[1].expression',
      warning: `${at("22: found no matching overload for '_>_' applied to '(int, string)'")}\n | object.spec.replicas > "1"\n | .....................^\n`,
    },
    {
      fieldRef: 'spec.validations[2].expression',
      warning: `${at("12: undefined field 'replica'")}\n | object.spec.replica > 1\n | ...........^\n`,
    },
    {
      fieldRef: 'spec.validations[2].messageExpression',
      warning: `${at("14: undefined field 'foo'")}\n | string(object.foo)\n | .............^\n`,
    },
  ]);
});
