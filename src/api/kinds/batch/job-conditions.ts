/**
 * What the conditions of a Job say. Source: pkg/apis/batch/validation/validation.go (IsConditionTrue, IsJobFinished).
 */
import type { JobStatus } from '../../generated/batch/v1.ts';

export const conditionHolds = ({ conditions = [] }: Pick<JobStatus, 'conditions'>, type: string): boolean =>
  conditions.some((condition) => condition.type === type && condition.status === 'True');

/** Whether a Job has ended, for good or ill. */
export const isFinished = (status: Pick<JobStatus, 'conditions'>): boolean =>
  conditionHolds(status, 'Complete') || conditionHolds(status, 'Failed');
