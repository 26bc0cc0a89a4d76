/** The conditions that the Job controller sets. Source: pkg/controller/job/job_controller.go (newCondition). */
import type { JobCondition } from '../../api/generated/batch/v1.ts';
import { rfc3339 } from '../../api/time.ts';

export interface Ending {
  /** `FailureTarget` and `SuccessCriteriaMet` come before `Failed` and `Complete`, while Pods are still there. */
  readonly type: 'FailureTarget' | 'SuccessCriteriaMet' | 'Failed' | 'Complete';
  readonly reason: string;
  readonly message: string;
}

export const conditionOf = (type: string, status: 'True' | 'False', reason: string, message: string, nowMs: number): JobCondition => ({
  type,
  status,
  lastProbeTime: rfc3339(nowMs),
  lastTransitionTime: rfc3339(nowMs),
  ...(reason === '' ? {} : { reason }),
  ...(message === '' ? {} : { message }),
});

/** The conditions with one set; undefined when they say so already, or when a missing one would be false. */
export function withJobCondition(conditions: readonly JobCondition[], next: JobCondition): readonly JobCondition[] | undefined {
  const before = conditions.find(({ type }) => type === next.type);
  if (before === undefined) return next.status === 'False' ? undefined : [...conditions, next];
  const same = before.status === next.status && before.reason === next.reason && before.message === next.message;
  return same ? undefined : conditions.map((one) => (one === before ? next : one));
}

export const failureOf = (reason: string, message: string): Ending => ({ type: 'FailureTarget', reason, message });
