import type { KindSamples } from '../../testing/samples.ts';
import { mutatingAdmissionPolicyBinding } from '../mutating-admission-policy-binding.ts';

export const samples: KindSamples = {
  kind: mutatingAdmissionPolicyBinding,
  valid: { spec: { policyName: 'policy', matchResources: {} } },
  change: { spec: { policyName: 'another' } },
  invalid: [['no policy', { spec: { policyName: '' } }, 'spec.policyName: Required value']],
};
