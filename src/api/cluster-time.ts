/** `/minik/clock`: what is read of a cluster's clock, and what can be asked of it. */
import { goDuration } from './go-duration.ts';
import { isObject, type JsonValue } from './json.ts';
import { parseTime } from './time.ts';

export const clockPath = '/minik/clock';

/** What the clock shows. */
export interface ClockReading {
  /** RFC 3339 with microseconds. */
  readonly now: string;
  readonly frozen: boolean;
  /** How far it is ahead of the host's clock, in milliseconds. */
  readonly aheadMs: number;
  /** False: it is the host's, and cannot be moved. */
  readonly adjustable: boolean;
  /** After an advance: how many timers were called, and how long it took in milliseconds of the host's time. */
  readonly timers?: number;
  readonly tookMs?: number;
}

/** What can be asked of the clock. Times are milliseconds. */
export type ClockOrder =
  | { readonly action: 'freeze' | 'resume' }
  | { readonly action: 'advance'; readonly byMs: number }
  /** Since the epoch. */
  | { readonly action: 'set'; readonly toMs: number };

const dayMs = 24 * 3_600_000;
const longUnits: Readonly<Record<string, number>> = { d: dayMs, w: 7 * dayMs };
/** Timestamps have four digits for the year. */
const lastMs = Date.UTC(9999, 11, 31);

/** Milliseconds of a length of time in Go's form, which weeks and days may precede: `90s`, `24h`, `30d`, `1w2d12h`. */
export function longDuration(text: string): { readonly ms: number } | { readonly problem: string } {
  const [, long = '', rest = ''] = /^((?:\d+[wd])*)(.*)$/s.exec(text) ?? [];
  const parts = [...long.matchAll(/(\d+)([wd])/g)];
  const longMs = parts.reduce((sum, [, count = '0', unit = 'd']) => sum + Number(count) * (longUnits[unit] ?? 0), 0);
  if (rest === '' && parts.length > 0) return { ms: longMs };
  const short = goDuration(rest);
  return 'ms' in short ? { ms: longMs + short.ms } : { problem: short.problem.replace(JSON.stringify(rest), JSON.stringify(text)) };
}

/** Reads what is asked of the clock, or says what is wrong with it. */
export function clockOrder(json: JsonValue | undefined): ClockOrder | { readonly problem: string } {
  const fields = isObject(json) ? json : {};
  const { action } = fields;
  switch (action) {
    case 'freeze':
    case 'resume':
      return { action };
    case 'advance':
      return advanceOrder(fields.by);
    case 'set':
      return setOrder(fields.to);
    default:
      return { problem: 'action must be "freeze", "resume", "advance" or "set"' };
  }
}

function advanceOrder(by: JsonValue | undefined): ClockOrder | { readonly problem: string } {
  if (typeof by !== 'string') return { problem: 'by must be a length of time such as "90s", "24h" or "30d"' };
  const length = longDuration(by);
  if ('problem' in length) return { problem: `by: ${length.problem}; a length of time is such as "90s", "24h" or "30d"` };
  return length.ms < 0 ? { problem: 'by: the clock only goes forward' } : { action: 'advance', byMs: length.ms };
}

function setOrder(to: JsonValue | undefined): ClockOrder | { readonly problem: string } {
  const toMs = typeof to === 'string' ? parseTime(to) : undefined;
  return toMs === undefined ? { problem: 'to must be a time such as "2027-02-28T23:59:00Z"' } : { action: 'set', toMs };
}

/** Why the clock cannot be moved to that time; undefined when it can. Milliseconds since the epoch. */
export function clockRefusal(toMs: number, nowMs: number): string | undefined {
  if (toMs < nowMs) return 'the clock only goes forward: the objects of the cluster bear its times';
  return toMs > lastMs ? 'the clock ends with the year 9999' : undefined;
}
