/**
 * When a schedule is due. Times that a zone's clocks skip are left out, and those that they show twice are due twice.
 * Source: github.com/robfig/cron/v3 spec.go (SpecSchedule.Next), constantdelay.go.
 */
import { type Clock, clockOf, midnight, type WallClock } from './time-zone.ts';

/** The values of one field. `any`: it was written as `*`. */
export interface ClockField {
  readonly values: ReadonlySet<number>;
  readonly any: boolean;
}

interface Fields {
  readonly minute: ClockField;
  readonly hour: ClockField;
  readonly day: ClockField;
  readonly month: ClockField;
  readonly weekday: ClockField;
  /** A zone that the schedule itself names; it goes before the one of the CronJob. */
  readonly zone?: string;
}

export interface Schedule {
  /**
   * The first time after the given one, in milliseconds since the epoch; undefined when there is none within five
   * years. `zone` is the one whose clocks count.
   */
  next(afterMs: number, zone: string): number | undefined;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const years = 5;

/** When both days of the month and days of the week are restricted, either will do. */
function dayMatches({ day, weekday }: Fields, wall: WallClock): boolean {
  const [inMonth, inWeek] = [day.values.has(wall.day), weekday.values.has(wall.weekday)];
  return day.any || weekday.any ? inMonth && inWeek : inMonth || inWeek;
}

/** The first midnight after the day, brought back to the start of the day where the clocks were changed at night. */
function nextDay(clock: Clock, { year, month, day }: WallClock): number {
  const at = midnight(clock, year, month, day + 1);
  const { hour } = clock(at);
  if (hour === 0) return at;
  return hour > 12 ? at + (24 - hour) * hourMs : at - hour * hourMs;
}

function nextOf(fields: Fields, clock: Clock, afterMs: number): number | undefined {
  let at = Math.floor(afterMs / minuteMs) * minuteMs + minuteMs;
  const last = clock(at).year + years;
  for (;;) {
    const wall = clock(at);
    if (wall.year > last) return undefined;
    let later: number;
    if (!fields.month.values.has(wall.month)) later = midnight(clock, wall.year, wall.month + 1, 1);
    else if (!dayMatches(fields, wall)) later = nextDay(clock, wall);
    else if (!fields.hour.values.has(wall.hour)) later = at + hourMs - wall.minute * minuteMs;
    else if (!fields.minute.values.has(wall.minute)) later = at + minuteMs;
    else return at;
    // Clocks that were changed must not lead back.
    at = Math.max(later, at + minuteMs);
  }
}

/** Makes a schedule of its fields, or of a fixed distance in milliseconds. */
export function scheduleOf(from: Fields | { readonly everyMs: number }): Schedule {
  if ('everyMs' in from) return { next: (afterMs) => Math.floor(afterMs / 1000) * 1000 + from.everyMs };
  return { next: (afterMs, zone) => nextOf(from, clockOf(from.zone ?? zone), afterMs) };
}
