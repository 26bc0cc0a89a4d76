/** When a CronJob was due last, and when it is next. Source: pkg/controller/cronjob/utils.go. */

import type { Schedule } from '../../api/cron/next-time.ts';
import { clockOf } from '../../api/cron/time-zone.ts';
import type { CronJob } from '../../api/generated/batch/v1.ts';
import { timeOf } from '../pods.ts';

/** Timers and clocks may differ a little; upstream waits this much longer. */
const delayMs = 100;
const many = 100;

export const zoneOf = ({ spec }: CronJob): string => spec.timeZone ?? 'UTC';

interface Due {
  /** The start of the search: the last start, the creation, or the deadline. */
  readonly sinceMs: number;
  /** The last time that is not later than now. */
  readonly lastMs?: number;
  readonly missed: 'none' | 'few' | 'many';
}

/** The time that was due last. Times are in milliseconds since the epoch. Undefined: the schedule makes no sense. */
export function lastDue(cronJob: CronJob, schedule: Schedule, nowMs: number, withDeadline: boolean): Due | undefined {
  const { startingDeadlineSeconds: deadline } = cronJob.spec;
  const zone = zoneOf(cronJob);
  const started = timeOf(cronJob.status.lastScheduleTime ?? cronJob.metadata.creationTimestamp);
  const sinceMs = withDeadline && deadline !== undefined ? Math.max(started, nowMs - deadline * 1000) : started;
  const first = schedule.next(sinceMs, zone);
  const second = first === undefined ? undefined : schedule.next(first, zone);
  if (first === undefined || second === undefined) return undefined;
  if (nowMs < first) return { sinceMs, missed: 'none' };
  if (nowMs < second) return { sinceMs, lastMs: first, missed: 'none' };
  // The distance of the first two tells about how many there were, and where the last may be.
  const missed = Math.floor((nowMs - first) / (second - first)) + 1;
  let last: number | undefined;
  for (
    let at = schedule.next(first + (missed - 2) * (second - first), zone);
    at !== undefined && at <= nowMs;
    at = schedule.next(at, zone)
  ) {
    last = at;
  }
  return { sinceMs, missed: missed > many ? 'many' : 'few', ...(last === undefined ? {} : { lastMs: last }) };
}

/** How long until the next time, in milliseconds; undefined when there is none. */
export function untilNext(cronJob: CronJob, schedule: Schedule, nowMs: number): number | undefined {
  const due = lastDue(cronJob, schedule, nowMs, false);
  const from = due === undefined ? nowMs : (due.lastMs ?? (due.missed === 'none' ? due.sinceMs : nowMs));
  const next = schedule.next(from, zoneOf(cronJob));
  return next === undefined ? undefined : next + delayMs - nowMs;
}

/** A time as RFC 3339, on the clocks of a zone. */
export function zonedTime(epochMs: number, zone: string): string {
  const { year, month, day, hour, minute } = clockOf(zone)(epochMs);
  const seconds = Math.floor(epochMs / 1000) % 60;
  const offset = (Date.UTC(year, month - 1, day, hour, minute, seconds) - Math.floor(epochMs / 1000) * 1000) / 60_000;
  const two = (value: number): string => String(value).padStart(2, '0');
  const [hours, minutes] = [Math.trunc(Math.abs(offset) / 60), Math.abs(offset) % 60];
  const suffix = offset === 0 ? 'Z' : `${offset < 0 ? '-' : '+'}${two(hours)}:${two(minutes)}`;
  return `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(seconds)}${suffix}`;
}
