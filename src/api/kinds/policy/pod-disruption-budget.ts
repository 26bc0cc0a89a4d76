/**
 * How many Pods of an application may be evicted at a time.
 * https://kubernetes.io/docs/tasks/run-application/configure-pdb/
 */

import type { PodDisruptionBudget } from '../../generated/policy/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldDisruptionBudgets } from '../../legacy/disruption-budgets.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { budgetErrors, budgetStatusErrors } from './validation/pod-disruption-budget.ts';

const orNone = (value: number | string | undefined): string => (value === undefined ? 'N/A' : String(value));

/** Source: pkg/registry/policy/poddisruptionbudget/strategy.go. */
export const podDisruptionBudget = defineKind<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  scope: 'Namespaced',
  names: { shortNames: ['pdb'] },
  codec: { schema: 'io.k8s.api.policy.v1.PodDisruptionBudget', alsoServed: oldDisruptionBudgets },
  // Upstream checks the spec only.
  rules: { looseMetadata: 'all', validate: budgetErrors },
  create: {
    prepare: (object) => ({ ...object, status: { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 } }),
  },
  update: { metadata: 'unchecked', unconditional: false },
  subresources: { status: statusSubresource<PodDisruptionBudget>({ validate: budgetStatusErrors }) },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Min Available',
        type: 'string',
        description: 'The minimum number of pods that must be available.',
        value: ({ spec }) => orNone(spec.minAvailable),
      },
      {
        name: 'Max Unavailable',
        type: 'string',
        description: 'The maximum number of pods that may be unavailable.',
        value: ({ spec }) => orNone(spec.maxUnavailable),
      },
      {
        name: 'Allowed Disruptions',
        type: 'integer',
        description: 'Calculated number of pods that may be disrupted at this time.',
        value: ({ status }) => status.disruptionsAllowed,
      },
      ageColumn,
    ],
  },
});
