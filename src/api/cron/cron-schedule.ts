/**
 * Schedules of CronJobs: their syntax with upstream's errors. Source: github.com/robfig/cron/v3 parser.go
 * (ParseStandard), pkg/util/parsers.
 */
import { goDuration } from '../go-duration.ts';
import { type ClockField, type Schedule, scheduleOf } from './next-time.ts';
import { zoneProblem } from './time-zone.ts';

export type ParsedSchedule = { readonly schedule: Schedule } | { readonly problem: string };

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names: readonly string[];
}

const minutes: Bounds = { min: 0, max: 59, names: [] };
const hours: Bounds = { min: 0, max: 23, names: [] };
const days: Bounds = { min: 1, max: 31, names: [] };
/** A name stands for its place, counted from the minimum. */
const months: Bounds = { min: 1, max: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] };
const weekdays: Bounds = { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] };

class CronError extends Error {}

function integer(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new CronError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  const value = Number(text);
  if (Math.abs(value) >= 2 ** 63) {
    throw new CronError(`failed to parse int from ${text}: strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`);
  }
  if (value < 0) throw new CronError(`negative number (${value}) not allowed: ${text}`);
  return value;
}

function integerOrName(text: string, { min, names }: Bounds): number {
  const place = names.indexOf(text.toLowerCase());
  return place === -1 ? integer(text) : place + min;
}

function rangeOf(text: string, bounds: Bounds): ClockField {
  const [whole = '', stepText, ...more] = text.split('/');
  const [low = '', high, ...hyphens] = whole.split('-');
  const any = low === '*' || low === '?';
  const start = any ? bounds.min : integerOrName(low, bounds);
  if (!any && hyphens.length > 0) throw new CronError(`too many hyphens: ${text}`);
  let end = any ? bounds.max : high === undefined ? start : integerOrName(high, bounds);
  if (more.length > 0) throw new CronError(`too many slashes: ${text}`);
  const step = stepText === undefined ? 1 : integer(stepText);
  // `N/step` means from N on.
  if (stepText !== undefined && high === undefined) end = bounds.max;
  if (start < bounds.min) throw new CronError(`beginning of range (${start}) below minimum (${bounds.min}): ${text}`);
  if (end > bounds.max) throw new CronError(`end of range (${end}) above maximum (${bounds.max}): ${text}`);
  if (start > end) throw new CronError(`beginning of range (${start}) beyond end of range (${end}): ${text}`);
  if (step === 0) throw new CronError(`step of range should be a positive number: ${text}`);
  const values = new Set<number>();
  for (let value = start; value <= end; value += step) values.add(value);
  return { values, any: any && step === 1 };
}

function fieldOf(text: string, bounds: Bounds): ClockField {
  const ranges = text
    .split(',')
    .filter((part) => part !== '')
    .map((part) => rangeOf(part, bounds));
  return { values: new Set(ranges.flatMap(({ values }) => [...values])), any: ranges.some(({ any }) => any) };
}

const descriptors: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
};

function every(text: string): Schedule {
  const duration = goDuration(text.slice('@every '.length));
  if ('problem' in duration) throw new CronError(`failed to parse duration ${text}: ${duration.problem}`);
  return scheduleOf({ everyMs: Math.max(1, Math.floor(duration.ms / 1000)) * 1000 });
}

function parse(text: string): Schedule {
  if (text === '') throw new CronError('empty spec string');
  let [zone, rest] = ['', text];
  const prefix = /^(?:CRON_)?TZ=/.exec(text)?.[0];
  if (prefix !== undefined) {
    const space = text.indexOf(' ');
    if (space === -1) throw new CronError('invalid schedule format: runtime error: slice bounds out of range [:-1]');
    zone = text.slice(prefix.length, space);
    const problem = zone === '' || zone === 'Local' ? undefined : zoneProblem(zone);
    if (problem !== undefined) throw new CronError(`provided bad location ${zone}: ${problem}`);
    rest = text.slice(space).trim();
  }
  if (rest.startsWith('@every ')) return every(rest);
  if (rest.startsWith('@') && descriptors[rest] === undefined) throw new CronError(`unrecognized descriptor: ${rest}`);
  const fields = (descriptors[rest] ?? rest).split(/\s+/).filter((field) => field !== '');
  if (fields.length !== 5) throw new CronError(`expected exactly 5 fields, found ${fields.length}: [${fields.join(' ')}]`);
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = fields;
  return scheduleOf({
    minute: fieldOf(minute, minutes),
    hour: fieldOf(hour, hours),
    day: fieldOf(day, days),
    month: fieldOf(month, months),
    weekday: fieldOf(weekday, weekdays),
    ...(zone === '' || zone === 'Local' ? {} : { zone }),
  });
}

/** Reads the schedule of a CronJob: five fields, or a descriptor such as `@daily` or `@every 1h`. */
export function parseSchedule(text: string): ParsedSchedule {
  try {
    return { schedule: parse(text) };
  } catch (error) {
    if (error instanceof CronError) return { problem: error.message };
    throw error;
  }
}
