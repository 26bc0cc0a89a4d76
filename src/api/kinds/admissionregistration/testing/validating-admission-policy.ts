import type { KindSamples } from '../../testing/samples.ts';
import { validatingAdmissionPolicy } from '../validating-admission-policy.ts';

const rule = { apiGroups: ['apps'], apiVersions: ['v1'], operations: ['CREATE'], resources: ['deployments'] };

export const samples: KindSamples = {
  kind: validatingAdmissionPolicy,
  valid: { spec: { matchConstraints: { resourceRules: [rule] }, validations: [{ expression: 'object.spec.replicas <= 5' }] } },
  change: { spec: { failurePolicy: 'Ignore' } },
  status: { observedGeneration: 1, typeChecking: { expressionWarnings: [{ fieldRef: 'spec.validations[0].expression', warning: 'odd' }] } },
  invalid: [
    [
      'an expression that does not compile',
      { spec: { validations: [{ expression: 'objekt.x' }] } },
      [
        'spec.validations[0].expression: Invalid value: "objekt.x": compilation failed: ERROR: <input>:1:1: undeclared reference to ',
        "'objekt' (in container '')\n | objekt.x\n | ^",
      ].join(''),
    ],
    [
      'an expression that is no bool',
      { spec: { validations: [{ expression: '1' }] } },
      'spec.validations[0].expression: Invalid value: "1": must evaluate to bool but got int',
    ],
    [
      'a message that is no text',
      { spec: { validations: [{ expression: 'true', messageExpression: '1' }] } },
      'spec.validations[0].messageExpression: Invalid value: "1": must evaluate to string but got int',
    ],
    [
      'an audit annotation that is no text',
      { spec: { auditAnnotations: [{ key: 'a', valueExpression: '1' }] } },
      'spec.auditAnnotations[0].valueExpression: Invalid value: "1": must evaluate to one of [string null_type] but got int',
    ],
    ['no rules', { spec: { matchConstraints: { resourceRules: [] } } }, 'spec.matchConstraints.resourceRules: Required value'],
    [
      'a variable that is none',
      { spec: { variables: [{ name: 'a-b', expression: '1' }] } },
      'spec.variables[0].name: Invalid value: "a-b": must be a valid CEL identifier',
    ],
    [
      'nothing to validate',
      { spec: { validations: [] } },
      'spec.validations: Required value: validations or auditAnnotations must contain at least one item',
      'spec.auditAnnotations: Required value: validations or auditAnnotations must contain at least one item',
    ],
  ],
};
