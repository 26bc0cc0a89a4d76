import type { KindSamples } from '../../testing/samples.ts';
import { validatingAdmissionPolicyBinding } from '../validating-admission-policy-binding.ts';

export const samples: KindSamples = {
  kind: validatingAdmissionPolicyBinding,
  valid: { spec: { policyName: 'policy', validationActions: ['Deny'], matchResources: {} } },
  change: { spec: { validationActions: ['Audit'] } },
  invalid: [
    ['no policy', { spec: { policyName: '' } }, 'spec.policyName: Required value'],
    [
      'actions that exclude each other',
      { spec: { validationActions: ['Deny', 'Warn'] } },
      'spec.validationActions: Invalid value: ["Deny","Warn"]: must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    ],
    [
      'parameters by nothing',
      { spec: { paramRef: {} } },
      'spec.paramRef: Required value: one of name or selector must be specified',
      'spec.paramRef.parameterNotFoundAction: Required value',
    ],
  ],
};
