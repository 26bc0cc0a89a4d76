/**
 * The status of Jobs, which controllers of others may write too (managedBy). Most rules hold only for what changes, so
 * that a status that was wrong before can still be written. Source: pkg/apis/batch/validation/validation.go
 * (validateJobStatus, ValidateJobStatusUpdate), pkg/registry/batch/job/strategy.go (getStatusValidationOptions).
 */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { Job, JobStatus } from '../../../generated/batch/v1.ts';
import { parseTime } from '../../../time.ts';
import { type Errors, nonNegative } from '../../../validation/common.ts';
import { overlapOf, parseIndexes } from '../index-intervals.ts';
import { conditionHolds, isFinished } from '../job-conditions.ts';

function uncountedErrors({ uncountedTerminatedPods: pods }: JobStatus, at: FieldPath): Errors {
  const seen = new Set<string>();
  return (['succeeded', 'failed'] as const).flatMap((list) =>
    (pods?.[list] ?? []).flatMap((uid, i) => {
      const here = at.field(list).index(i);
      if (uid === '') return [fieldErrors.invalid(here, uid, 'must not be empty')];
      if (seen.has(uid)) return [fieldErrors.duplicate(here, uid)];
      seen.add(uid);
      return [];
    }),
  );
}

/** What has changed from one status to the next. */
function changesOf(next: Job, previous: Job) {
  const field = (name: keyof JobStatus): boolean => !deepEqual(next.status[name], previous.status[name]);
  const condition = (type: string): boolean => conditionHolds(next.status, type) !== conditionHolds(previous.status, type);
  const resumed =
    conditionHolds(previous.status, 'Suspended') &&
    (next.status.conditions ?? []).some(({ type, status }) => type === 'Suspended' && status === 'False');
  return { field, condition, finished: isFinished(next.status) !== isFinished(previous.status), resumed };
}

type Changes = ReturnType<typeof changesOf>;

/** A rule that is broken: the message is shown. */
type Broken = readonly [broken: boolean, error: () => FieldError];
const told = (rules: readonly Broken[]): Errors => rules.filter(([broken]) => broken).map(([, error]) => error());

function timeErrors({ status }: Job, { field, condition }: Changes, at: FieldPath): Errors {
  const { startTime, completionTime } = status;
  const here = at.field('completionTime');
  const complete = conditionHolds(status, 'Complete');
  const changed = condition('Complete') || field('completionTime');
  const early = (parseTime(completionTime ?? '') ?? 0) < (parseTime(startTime ?? '') ?? 0);
  return told([
    [
      changed && completionTime !== undefined && !complete,
      () => fieldErrors.invalid(here, completionTime, 'cannot set completionTime when there is no Complete=True condition'),
    ],
    [changed && completionTime === undefined && complete, () => fieldErrors.required(here, 'completionTime is required for Complete jobs')],
    [
      (field('startTime') || field('completionTime')) && startTime !== undefined && completionTime !== undefined && early,
      () => fieldErrors.invalid(here, completionTime, 'must be equal to or after `startTime`'),
    ],
  ]);
}

/** Conditions that exclude each other. */
function exclusionErrors({ status }: Job, { condition }: Changes, at: FieldPath): Errors {
  const holds = (type: string): boolean => conditionHolds(status, type);
  const say = (detail: string) => () => fieldErrors.invalidOmitted(at, detail);
  return told([
    [
      (condition('Complete') || condition('Failed')) && holds('Complete') && holds('Failed'),
      say('cannot set Complete=True and Failed=true conditions'),
    ],
    [
      (condition('Complete') || condition('FailureTarget')) && holds('Complete') && holds('FailureTarget'),
      say('cannot set Complete=True and FailureTarget=true conditions'),
    ],
  ]);
}

/** Conditions that need others. */
function orderErrors({ status }: Job, { condition, field }: Changes, at: FieldPath): Errors {
  const holds = (type: string): boolean => conditionHolds(status, type);
  const say = (detail: string) => () => fieldErrors.invalidOmitted(at, detail);
  return told([
    [
      (condition('Failed') || field('failedIndexes')) && holds('Failed') && !holds('FailureTarget'),
      say('cannot set Failed=True condition without the FailureTarget=true condition'),
    ],
    [
      (condition('Complete') || condition('SuccessCriteriaMet')) && holds('Complete') && !holds('SuccessCriteriaMet'),
      say('cannot set Complete=True condition without the SuccessCriteriaMet=true condition'),
    ],
  ]);
}

function finishedErrors({ spec, status }: Job, { field, finished }: Changes, at: FieldPath): Errors {
  const { active = 0, uncountedTerminatedPods: uncounted } = status;
  const ended = isFinished(status);
  const neverStarted = spec.suspend === true && spec.completions === 0;
  const left = (uncounted?.failed ?? []).length + (uncounted?.succeeded ?? []).length;
  return told([
    [
      (finished || field('active')) && ended && active > 0,
      () => fieldErrors.invalid(at.field('active'), active, 'active>0 is invalid for finished job'),
    ],
    [
      (finished || field('startTime')) && !neverStarted && ended && status.startTime === undefined,
      () => fieldErrors.required(at.field('startTime'), 'startTime is required for finished job'),
    ],
    [
      (finished || field('uncountedTerminatedPods')) && ended && left > 0,
      // Upstream prints its internal type.
      () => {
        const shown = { Succeeded: uncounted?.succeeded ?? null, Failed: uncounted?.failed ?? null };
        return fieldErrors.invalid(at.field('uncountedTerminatedPods'), shown, 'must be empty for finished job');
      },
    ],
  ]);
}

function indexErrors({ spec, status }: Job, { field }: Changes, at: FieldPath): Errors {
  const { completedIndexes = '', failedIndexes } = status;
  const { completions, backoffLimitPerIndex } = spec;
  const [completed, failed] = [at.field('completedIndexes'), at.field('failedIndexes')];
  const errors: FieldError[] = [];
  const parse = (text: string, name: string, here: FieldPath): void => {
    const parsed = completions === undefined ? { intervals: [] } : parseIndexes(text, completions);
    if ('problem' in parsed) errors.push(fieldErrors.invalid(here, text, `error parsing ${name}: ${parsed.problem}`));
  };
  if (field('completedIndexes')) parse(completedIndexes, 'completedIndexes', completed);
  if (field('failedIndexes') && backoffLimitPerIndex !== undefined) parse(failedIndexes ?? '', 'failedIndexes', failed);
  if (field('completedIndexes') && completedIndexes !== '' && spec.completionMode !== 'Indexed') {
    const detail = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(fieldErrors.invalid(completed, completedIndexes, detail));
  }
  if (field('failedIndexes') && backoffLimitPerIndex === undefined && failedIndexes !== undefined) {
    errors.push(fieldErrors.invalid(failed, failedIndexes, 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'));
  }
  if ((field('failedIndexes') || field('completedIndexes')) && completions !== undefined && failedIndexes !== undefined) {
    const shared = overlapOf(completedIndexes, failedIndexes, completions);
    if (shared !== undefined) {
      errors.push(fieldErrors.invalid(failed, failedIndexes, `failedIndexes and completedIndexes overlap at index: ${shared}`));
    }
  }
  return errors;
}

function lateErrors({ spec, status }: Job, { field, finished }: Changes, at: FieldPath): Errors {
  const { terminating = 0, ready, active = 0 } = status;
  const holds = (type: string): boolean => conditionHolds(status, type);
  const say = (detail: string) => () => fieldErrors.invalidOmitted(at.field('conditions'), detail);
  const met = holds('SuccessCriteriaMet');
  return told([
    [
      (finished || field('terminating')) && terminating > 0 && isFinished(status),
      () => fieldErrors.invalid(at.field('terminating'), terminating, 'terminating>0 is invalid for finished job'),
    ],
    [
      (field('ready') || field('active')) && ready !== undefined && ready > active,
      () => fieldErrors.invalid(at.field('ready'), ready, 'cannot set more ready pods than active'),
    ],
    [met && holds('Failed'), say('cannot set SuccessCriteriaMet=True and Failed=true conditions')],
    [met && holds('FailureTarget'), say('cannot set SuccessCriteriaMet=True and FailureTarget=true conditions')],
    [
      spec.successPolicy !== undefined && !met && holds('Complete'),
      say('cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True'),
    ],
  ]);
}

/** What no status may take back. */
function regressionErrors(next: Job, previous: Job, { field, resumed }: Changes, at: FieldPath): Errors {
  const { spec, status } = next;
  const before = previous.status;
  const [held, holds] = [(type: string) => conditionHolds(before, type), (type: string) => conditionHolds(status, type)];
  const say = (detail: string) => () => fieldErrors.invalidOmitted(at.field('conditions'), detail);
  const less = (name: 'failed' | 'succeeded'): Broken => [
    (status[name] ?? 0) < (before[name] ?? 0),
    () => fieldErrors.invalid(at.field(name), status[name] ?? 0, `cannot decrease the ${name} counter`),
  ];
  const elastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism;
  const { completionTime, startTime } = status;
  return told([
    ...['Failed', 'Complete', 'FailureTarget'].map(
      (type): Broken => [held(type) && !holds(type), say(`cannot disable the terminal ${type}=True condition`)],
    ),
    less('failed'),
    ...(elastic ? [] : [less('succeeded')]),
    [
      completionTime !== undefined && before.completionTime !== undefined && field('completionTime'),
      () => fieldErrors.invalid(at.field('completionTime'), completionTime, 'field is immutable'),
    ],
    [
      field('startTime') && !resumed && before.startTime !== undefined && spec.suspend !== true,
      () => fieldErrors.invalid(at.field('startTime'), startTime ?? null, 'field is immutable for unsuspended job once set'),
    ],
    [held('SuccessCriteriaMet') && !holds('SuccessCriteriaMet'), say('cannot disable the SuccessCriteriaMet=True condition')],
    [
      held('Complete') && !held('SuccessCriteriaMet') && holds('SuccessCriteriaMet'),
      say('cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions'),
    ],
  ]);
}

/** All that is wrong with a change of a Job's status. */
export function jobStatusErrors(next: Job, previous: Job, at: FieldPath): Errors {
  const here = at.field('status');
  const changes = changesOf(next, previous);
  return [
    ...(['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((field) =>
      nonNegative(next.status[field], here.field(field)),
    ),
    ...uncountedErrors(next.status, here.field('uncountedTerminatedPods')),
    ...exclusionErrors(next, changes, here.field('conditions')),
    ...timeErrors(next, changes, here),
    ...orderErrors(next, changes, here.field('conditions')),
    ...finishedErrors(next, changes, here),
    ...indexErrors(next, changes, here),
    ...lateErrors(next, changes, here),
    ...regressionErrors(next, previous, changes, here),
  ];
}
