import type { KindSamples } from '../../testing/samples.ts';
import { mutatingAdmissionPolicy } from '../mutating-admission-policy.ts';

const rule = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] };
const mutation = { patchType: 'JSONPatch', jsonPatch: { expression: '[JSONPatch{op: "add", path: "/metadata/labels/a", value: "b"}]' } };

export const samples: KindSamples = {
  kind: mutatingAdmissionPolicy,
  valid: { spec: { matchConstraints: { resourceRules: [rule] }, mutations: [mutation], reinvocationPolicy: 'Never' } },
  change: { spec: { failurePolicy: 'Ignore' } },
  invalid: [
    [
      'an operation that has no object',
      { spec: { matchConstraints: { resourceRules: [{ ...rule, operations: ['DELETE'] }] } } },
      'spec.matchConstraints.resourceRules.operations: Unsupported value: "DELETE": supported values: "*", "CONNECT", "CREATE", "UPDATE"',
    ],
    ['nothing to change', { spec: { mutations: [] } }, 'spec.mutations: Required value: mutations must contain at least one item'],
    [
      'the patch of another type',
      { spec: { mutations: [{ ...mutation, patchType: 'ApplyConfiguration' }] } },
      'spec.mutations[0].applyConfiguration: Required value: must be specified when patchType is ApplyConfiguration',
      'spec.mutations[0].jsonPatch: Invalid value: "{jsonPatch}": must not be specified when patchType is ApplyConfiguration',
    ],
    [
      'a patch that is none',
      { spec: { mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: '{"a": 1}' } }] } },
      'spec.mutations[0].applyConfiguration.expression: Invalid value: "{\\"a\\": 1}": must evaluate to Object but got map(string, int)',
    ],
  ],
};
