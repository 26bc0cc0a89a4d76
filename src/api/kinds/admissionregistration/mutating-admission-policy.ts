/** Changes in CEL that are made to objects before they are stored. https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/ */
import type { MutatingAdmissionPolicy } from '../../generated/admissionregistration/v1.ts';
import { defineKind } from '../../kind.ts';
import { completedPolicySpec } from './defaults/policies.ts';
import { policyColumns } from './policy-columns.ts';
import { mutatingPolicyErrors, mutatingPolicyUpdateErrors } from './validation/mutating-policies.ts';
import { staticNameWarnings } from './validation/webhooks.ts';

export const mutatingAdmissionPolicy = defineKind<MutatingAdmissionPolicy>({
  group: 'admissionregistration.k8s.io',
  version: 'v1',
  kind: 'MutatingAdmissionPolicy',
  plural: 'mutatingadmissionpolicies',
  scope: 'Cluster',
  names: { categories: ['api-extensions'] },
  codec: {
    schema: 'io.k8s.api.admissionregistration.v1.MutatingAdmissionPolicy',
    defaults: (object) => ({ ...object, spec: completedPolicySpec(object.spec) }),
  },
  rules: { looseMetadata: 'finalizers', generation: true, warnings: staticNameWarnings },
  create: { validate: mutatingPolicyErrors },
  update: { unconditional: false, validate: mutatingPolicyUpdateErrors },
  table: {
    columns: policyColumns(
      'Mutations',
      'Mutation indicates the number of mutations rules defined in this configuration',
      ({ spec }) => spec.mutations?.length ?? 0,
    ),
  },
});
