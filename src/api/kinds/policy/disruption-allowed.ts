/**
 * The condition of a budget. Source: component-helpers apps/poddisruptionbudget/helpers.go
 * (UpdateDisruptionAllowedCondition).
 */
import type { PodDisruptionBudgetStatus } from '../../generated/policy/v1.ts';
import { withCondition } from '../../status-conditions.ts';

export const disruptionAllowed = 'DisruptionAllowed';

/** The status with its condition brought in line with the number of disruptions that are allowed. */
export function withDisruptionAllowed(status: PodDisruptionBudgetStatus, now: string): PodDisruptionBudgetStatus {
  const { disruptionsAllowed, observedGeneration } = status;
  const allowed = disruptionsAllowed > 0;
  const condition = {
    type: disruptionAllowed,
    status: allowed ? 'True' : 'False',
    ...(observedGeneration === undefined ? {} : { observedGeneration }),
    reason: allowed ? 'SufficientPods' : 'InsufficientPods',
    message: '',
  };
  return { ...status, conditions: withCondition(status.conditions, condition, now) };
}
