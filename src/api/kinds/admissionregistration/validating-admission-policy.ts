/** Rules in CEL that requests must obey. https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/ */
import type { ValidatingAdmissionPolicy } from '../../generated/admissionregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldAdmissionPolicies } from '../../legacy/same-shape.ts';
import { statusSubresource } from '../../subresource.ts';
import { completedPolicySpec } from './defaults/policies.ts';
import { policyColumns } from './policy-columns.ts';
import { validatingPolicyErrors, validatingPolicyStatusErrors, validatingPolicyUpdateErrors } from './validation/validating-policies.ts';
import { staticNameWarnings } from './validation/webhooks.ts';

export const validatingAdmissionPolicy = defineKind<ValidatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  scope: 'Cluster',
  names: { categories: ['api-extensions'] },
  codec: {
    schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicy',
    alsoServed: oldAdmissionPolicies('ValidatingAdmissionPolicy'),
    defaults: (object) => ({ ...object, spec: completedPolicySpec(object.spec) }),
  },
  rules: { looseMetadata: 'finalizers', warnings: staticNameWarnings },
  create: { prepare: (policy) => ({ ...policy, status: {} }), validate: validatingPolicyErrors },
  update: { unconditional: false, validate: validatingPolicyUpdateErrors },
  subresources: {
    status: statusSubresource({ resets: [['metadata']], validate: (next, _previous, at) => validatingPolicyStatusErrors(next, at) }),
  },
  table: {
    columns: policyColumns(
      'Validations',
      'Validations indicates the number of validation rules defined in this configuration',
      ({ spec }) => spec.validations?.length ?? 0,
    ),
  },
});
