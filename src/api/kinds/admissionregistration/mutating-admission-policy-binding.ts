/** What a mutating policy is in force for, and with which parameters. https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/ */
import type { MutatingAdmissionPolicyBinding } from '../../generated/admissionregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { completedBindingSpec } from './defaults/policies.ts';
import { bindingColumns } from './policy-columns.ts';
import { mutatingBindingErrors } from './validation/mutating-policies.ts';
import { staticNameWarnings } from './validation/webhooks.ts';

export const mutatingAdmissionPolicyBinding = defineKind<MutatingAdmissionPolicyBinding>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicyBinding',
  plural: 'mutatingadmissionpolicybindings',
  scope: 'Cluster',
  names: { categories: ['api-extensions'] },
  codec: {
    schema: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicyBinding',
    defaults: (object) => ({ ...object, spec: completedBindingSpec(object.spec) }),
  },
  rules: { looseMetadata: 'finalizers', generation: true, warnings: staticNameWarnings, validate: mutatingBindingErrors },
  update: { unconditional: false },
  table: { columns: bindingColumns },
});
