/** CronJobs. Source: pkg/apis/batch/validation/validation.go (ValidateCronJobCreate, ValidateCronJobUpdate). */
import { parseSchedule } from '../../../cron/cron-schedule.ts';
import { zoneProblem } from '../../../cron/time-zone.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { CronJob, CronJobSpec, JobTemplateSpec } from '../../../generated/batch/v1.ts';
import { byteLength, type Errors, nonNegative, oneOf } from '../../../validation/common.ts';
import { jobSpecErrors } from './job-spec.ts';

/** A Job's name is that of its CronJob, a hyphen and ten digits, and at most 63 characters long. */
const maxNameBytes = 52;

function scheduleErrors({ schedule, timeZone }: CronJobSpec, previous: CronJobSpec | undefined, at: FieldPath): Errors {
  if (schedule === '') return [fieldErrors.required(at)];
  const parsed = parseSchedule(schedule);
  const errors: FieldError[] = 'problem' in parsed ? [fieldErrors.invalid(at, schedule, parsed.problem)] : [];
  const allowed = previous?.schedule.includes('TZ') === true;
  if (!schedule.includes('TZ')) return errors;
  if (!allowed) errors.push(fieldErrors.invalid(at, schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'));
  else if (timeZone !== undefined) {
    errors.push(fieldErrors.invalid(at, schedule, 'cannot use both timeZone field and TZ or CRON_TZ in schedule'));
  }
  return errors;
}

function timeZoneErrors(zone: string | undefined, at: FieldPath): Errors {
  if (zone === undefined) return [];
  if (zone === '') return [fieldErrors.invalid(at, zone, 'timeZone must be nil or non-empty string')];
  const bad = (part: string): boolean => part === '.' || part === '..' || part.startsWith('-') || !/^[A-Za-z._0-9+-]{1,14}$/.test(part);
  if (zone.split('/').some(bad)) return [fieldErrors.invalid(at, zone, `unknown time zone ${zone}`)];
  if (zone.toLowerCase() === 'local') {
    const detail = 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    const problem = zone === 'Local' ? [] : [fieldErrors.invalid(at, zone, `unknown time zone ${zone}`)];
    return [fieldErrors.invalid(at, zone, detail), ...problem];
  }
  const problem = zoneProblem(zone);
  return problem === undefined ? [] : [fieldErrors.invalid(at, zone, problem)];
}

function templateErrors({ spec }: JobTemplateSpec, at: FieldPath): Errors {
  return [
    ...jobSpecErrors(spec, at),
    ...(spec.selector === undefined ? [] : [fieldErrors.invalid(at.field('selector'), spec.selector, '`selector` will be auto-generated')]),
    ...(spec.manualSelector === true ? [fieldErrors.notSupported(at.field('manualSelector'), true, ['nil', 'false'])] : []),
  ];
}

function specErrors(spec: CronJobSpec, previous: CronJobSpec | undefined, at: FieldPath): Errors {
  return [
    ...scheduleErrors(spec, previous, at.field('schedule')),
    ...nonNegative(spec.startingDeadlineSeconds, at.field('startingDeadlineSeconds')),
    ...(previous !== undefined && previous.timeZone === spec.timeZone ? [] : timeZoneErrors(spec.timeZone, at.field('timeZone'))),
    ...oneOf(spec.concurrencyPolicy, ['Allow', 'Forbid', 'Replace'], at.field('concurrencyPolicy')),
    ...templateErrors(spec.jobTemplate, at.field('jobTemplate', 'spec')),
    ...nonNegative(spec.successfulJobsHistoryLimit, at.field('successfulJobsHistoryLimit')),
    ...nonNegative(spec.failedJobsHistoryLimit, at.field('failedJobsHistoryLimit')),
  ];
}

export function cronJobCreateErrors({ metadata: { name = '' }, spec }: CronJob, at: FieldPath): Errors {
  return [
    ...specErrors(spec, undefined, at.field('spec')),
    ...(byteLength(name) > maxNameBytes
      ? [fieldErrors.invalid(at.field('metadata', 'name'), name, `must be no more than ${maxNameBytes} characters`)]
      : []),
  ];
}

export const cronJobUpdateErrors = (next: CronJob, previous: CronJob, at: FieldPath): Errors =>
  specErrors(next.spec, previous.spec, at.field('spec'));
