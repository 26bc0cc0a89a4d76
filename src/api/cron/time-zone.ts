/** Time zones of the IANA database: whether one exists, and what its clocks show. */

export interface WallClock {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  /** 0 is Sunday. */
  readonly weekday: number;
}

/** What a zone's clocks show at a time, in milliseconds since the epoch. */
export type Clock = (epochMs: number) => WallClock;

/** Go's words for what is wrong with the name of a zone. Source: time.LoadLocation. */
export function zoneProblem(zone: string): string | undefined {
  const unknown = `unknown time zone ${zone}`;
  if (/^[+-]\d/.test(zone)) return unknown;
  try {
    const { timeZone } = new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions();
    // Intl takes a name in any case, the files that Go reads have one. A name that stands for another cannot be told.
    return timeZone !== zone && timeZone.toLowerCase() === zone.toLowerCase() ? unknown : undefined;
  } catch (error) {
    if (error instanceof RangeError) return unknown;
    throw error;
  }
}

function utcClock(epochMs: number): WallClock {
  const date = new Date(epochMs);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    weekday: date.getUTCDay(),
  };
}

/** The clock of a zone. Throws RangeError when there is no such zone. */
export function clockOf(zone: string): Clock {
  if (zone === 'UTC') return utcClock;
  const format = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone: zone, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' },
  });
  return (epochMs) => {
    const parts = Object.fromEntries(format.formatToParts(epochMs).map(({ type, value }) => [type, Number(value)]));
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0 } = parts;
    return { year, month, day, hour, minute, weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay() };
  };
}

const minuteMs = 60_000;

/** The time at which a zone's clocks show midnight of a day; where they skip it, one that is near. */
export function midnight(clock: Clock, year: number, month: number, day: number): number {
  const wanted = Date.UTC(year, month - 1, day);
  let guess = wanted;
  for (let i = 0; i < 2; i++) {
    const seen = clock(guess);
    guess += wanted - Date.UTC(seen.year, seen.month - 1, seen.day, seen.hour, seen.minute);
  }
  return Math.floor(guess / minuteMs) * minuteMs;
}
