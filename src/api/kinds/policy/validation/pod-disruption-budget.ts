/** PodDisruptionBudgets. Source: pkg/apis/policy/validation/validation.go. */
import { type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { PodDisruptionBudget } from '../../../generated/policy/v1.ts';
import {
  type Errors,
  labelSelectorErrors,
  nonNegative,
  notMoreThanHundredPercent,
  oneOf,
  positiveIntOrPercent,
} from '../../../validation/common.ts';
import { conditionsErrors } from '../../../validation/conditions.ts';

const amountErrors = (amount: number | string | undefined, at: FieldPath): Errors =>
  amount === undefined ? [] : [...positiveIntOrPercent(amount, at), ...notMoreThanHundredPercent(amount, at)];

export function budgetErrors({ spec }: PodDisruptionBudget, at: FieldPath): Errors {
  const here = at.field('spec');
  const { minAvailable, maxUnavailable, selector, unhealthyPodEvictionPolicy: policy } = spec;
  // Upstream prints its internal type.
  const shown = {
    MinAvailable: minAvailable,
    Selector: selector ?? null,
    MaxUnavailable: maxUnavailable,
    UnhealthyPodEvictionPolicy: policy ?? null,
  };
  return [
    ...(minAvailable !== undefined && maxUnavailable !== undefined
      ? [fieldErrors.invalid(here, shown, 'minAvailable and maxUnavailable cannot be both set')]
      : []),
    ...amountErrors(minAvailable, here.field('minAvailable')),
    ...amountErrors(maxUnavailable, here.field('maxUnavailable')),
    ...labelSelectorErrors(selector, here.field('selector')),
    ...(policy === undefined ? [] : oneOf(policy, ['AlwaysAllow', 'IfHealthyBudget'], here.field('unhealthyPodEvictionPolicy'))),
  ];
}

/** In v1beta1 the counts are not checked. */
export function budgetStatusErrors({ status }: PodDisruptionBudget, _previous: unknown, at: FieldPath, version?: string): Errors {
  const here = at.field('status');
  const counts = version === 'v1beta1' ? [] : (['disruptionsAllowed', 'currentHealthy', 'desiredHealthy', 'expectedPods'] as const);
  return [
    ...conditionsErrors(status.conditions, here.field('conditions')),
    ...counts.flatMap((field) => nonNegative(status[field], here.field(field))),
  ];
}
