/** What a policy is in force for, and with which parameters. https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/ */
import type { ValidatingAdmissionPolicyBinding } from '../../generated/admissionregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldAdmissionPolicies } from '../../legacy/same-shape.ts';
import { completedBindingSpec } from './defaults/policies.ts';
import { bindingColumns } from './policy-columns.ts';
import { validatingBindingErrors } from './validation/validating-policies.ts';
import { staticNameWarnings } from './validation/webhooks.ts';

export const validatingAdmissionPolicyBinding = defineKind<ValidatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'ValidatingAdmissionPolicyBinding',
  plural: 'validatingadmissionpolicybindings',
  scope: 'Cluster',
  names: { categories: ['api-extensions'] },
  codec: {
    schema: 'io.k8s.api.admissionregistration.v1.ValidatingAdmissionPolicyBinding',
    alsoServed: oldAdmissionPolicies('ValidatingAdmissionPolicyBinding'),
    defaults: (object) => ({ ...object, spec: completedBindingSpec(object.spec) }),
  },
  rules: { looseMetadata: 'finalizers', generation: true, warnings: staticNameWarnings, validate: validatingBindingErrors },
  update: { unconditional: false },
  table: { columns: bindingColumns },
});
