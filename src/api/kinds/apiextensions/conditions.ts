/** Conditions of definitions. Source: apiextensions-apiserver pkg/apihelpers/helpers.go. */
import type { CustomResourceDefinition, CustomResourceDefinitionCondition } from '../../generated/apiextensions/v1.ts';

export type ConditionType =
  | 'Established'
  | 'NamesAccepted'
  | 'NonStructuralSchema'
  | 'Terminating'
  | 'KubernetesAPIApprovalPolicyConformant';

export interface NewCondition {
  readonly type: ConditionType;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

type Conditions = readonly CustomResourceDefinitionCondition[];

export const conditionOf = ({ status }: CustomResourceDefinition, type: ConditionType): CustomResourceDefinitionCondition | undefined =>
  (status.conditions ?? []).find((condition) => condition.type === type);

export const isTrue = (definition: CustomResourceDefinition, type: ConditionType): boolean =>
  conditionOf(definition, type)?.status === 'True';

/** Whether a condition says the same, whenever it began. */
export const isSame = (condition: CustomResourceDefinitionCondition | undefined, { status, reason, message }: NewCondition): boolean =>
  condition !== undefined && condition.status === status && condition.reason === reason && condition.message === message;

/** The conditions with one set; its time changes with its status only. */
export function withCondition(conditions: Conditions, condition: NewCondition, now: string): Conditions {
  const existing = conditions.find(({ type }) => type === condition.type);
  const lastTransitionTime = existing?.status === condition.status ? (existing.lastTransitionTime ?? now) : now;
  const set = { ...existing, ...condition, lastTransitionTime };
  return existing === undefined ? [...conditions, set] : conditions.map((one) => (one === existing ? set : one));
}
