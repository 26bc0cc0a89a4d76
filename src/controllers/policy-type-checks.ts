/**
 * Checks the types in the expressions of ValidatingAdmissionPolicies and notes what does not fit in their status.
 * Source: pkg/controller/validatingadmissionpolicystatus.
 */
import { type TypeSource, typeWarnings } from '../api/cel/type-check.ts';
import type { ValidatingAdmissionPolicy } from '../api/generated/admissionregistration/v1.ts';
import { validatingAdmissionPolicy } from '../api/kinds/admissionregistration/validating-admission-policy.ts';
import { controllerAccount } from '../client/identity.ts';
import { type Controller, defineController, settled } from './controller.ts';

const name = 'validatingadmissionpolicy-status-controller';

/** Makes the controller; `types` knows the schemas of what policies are about. */
export const policyTypeChecksController = (types: TypeSource): Controller<ValidatingAdmissionPolicy> =>
  defineController<ValidatingAdmissionPolicy>({
    name: 'validatingadmissionpolicy-status',
    identity: controllerAccount(name),
    reconciles: validatingAdmissionPolicy,
    watches: [],
    reconcile: async (ref, { cache, api }) => {
      const policy = cache(validatingAdmissionPolicy).get(ref);
      const generation = policy?.metadata.generation ?? 0;
      if (policy === undefined || generation <= (policy.status?.observedGeneration ?? 0)) return settled;
      const expressionWarnings = typeWarnings(policy, types);
      const typeChecking =
        expressionWarnings.length === 0 ? {} : { expressionWarnings: expressionWarnings.map((warning) => ({ ...warning })) };
      const { apiVersion, kind } = policy;
      const body = { apiVersion, kind, metadata: { name: ref.name }, status: { observedGeneration: generation, typeChecking } };
      const apply = { type: 'apply', body, force: true, subresource: 'status' } as const;
      await api(validatingAdmissionPolicy).patch(ref, apply, { fieldManager: name });
      return settled;
    },
  });
