/** Times and durations as text, to the nanosecond. Source: Go's time package (ParseDuration, RFC3339Nano). */
import { durationOf, maxTimestamp, minTimestamp } from './arithmetic.ts';
import { CelDuration, CelError, CelTimestamp } from './value.ts';

const units: { readonly [unit: string]: bigint } = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
};

/** A duration as Go's ParseDuration reads it: `1h2.5m`; undefined for anything else. */
export function parseDuration(text: string): CelDuration | undefined {
  const match = /^([+-]?)(.+)$/.exec(text);
  const rest = match?.[2] ?? '';
  if (rest === '0') return new CelDuration(0n);
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(rest)) return undefined;
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of rest.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const scale = units[unit] ?? 0n;
    nanos += BigInt(whole === '' ? 0 : whole) * scale;
    if (fraction !== '') nanos += (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
  }
  const duration = durationOf(match?.[1] === '-' ? -nanos : nanos);
  return duration instanceof CelError ? undefined : duration;
}

/** A number without an exponent, in as few digits as tell it from its neighbours. */
export function plainDecimal(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (match === null) return text;
  const [, sign = '', first = '', fraction = '', exponentText = '0'] = match;
  const digits = first + fraction;
  const exponent = Number(exponentText);
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return sign + digits.padEnd(exponent + 1, '0');
}

/** Seconds as a double, in the way Go computes them. */
export const secondsOf = ({ nanos }: CelDuration): number => Number(nanos / 1_000_000_000n) + Number(nanos % 1_000_000_000n) / 1e9;

export const durationText = (duration: CelDuration): string => `${plainDecimal(secondsOf(duration))}s`;

const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:[.,](\d+))?(Z|[+-]\d\d:\d\d)$/;

/** A time as RFC 3339 has it; undefined for anything else. A time beyond the years 1 to 9999 is an error. */
export function parseTimestamp(text: string): CelTimestamp | CelError | undefined {
  const match = rfc3339.exec(text);
  if (match === null) return undefined;
  const [, year = '', month = '', day = '', hour = '', minute = '', secondText = '', fraction = '', zone = 'Z'] = match;
  const at = new Date(0);
  at.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isDay = at.getUTCMonth() === Number(month) - 1 && at.getUTCDate() === Number(day);
  if (!isDay || Number(hour) > 23 || Number(minute) > 59 || Number(secondText) > 59) return undefined;
  at.setUTCHours(Number(hour), Number(minute), Number(secondText));
  const [zoneHours, zoneMinutes] = [Number(zone.slice(1, 3)), Number(zone.slice(4, 6))];
  if (zone !== 'Z' && (zoneHours > 24 || zoneMinutes > 60)) return undefined;
  const offset = zone === 'Z' ? 0 : (zone.startsWith('-') ? -1 : 1) * (zoneHours * 60 + zoneMinutes);
  const seconds = BigInt(at.getTime() / 1000 - offset * 60);
  if (seconds < minTimestamp || seconds > maxTimestamp) return new CelError('timestamp overflow');
  return new CelTimestamp(seconds, Number(fraction.slice(0, 9).padEnd(9, '0')), offset);
}

const two = (value: number): string => String(value).padStart(2, '0');

export function timestampText({ seconds, nanos, offsetMinutes }: CelTimestamp): string {
  const shown = new Date((Number(seconds) + offsetMinutes * 60) * 1000).toISOString().replace(/\.000Z$/, '');
  const fraction = nanos === 0 ? '' : `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`;
  const size = Math.abs(offsetMinutes);
  const zone = offsetMinutes === 0 ? 'Z' : `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`;
  return shown + fraction + zone;
}

const fields = { year: 0, month: 0, day: 0, hour: 0, minute: 0, second: 0 };

/** The minutes east of UTC at a time in a named zone. */
function zoneOffsetMinutes(zone: string, at: Date): number | CelError {
  if (zone === '' || zone === 'UTC') return 0;
  try {
    const format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    const parts = { ...fields, ...Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)])) };
    const local = Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second);
    return Math.round((local - at.getTime()) / 60_000);
  } catch {
    return new CelError(`unknown time zone ${zone}`);
  }
}

const atoi = (text: string): number | CelError =>
  /^[+-]?\d+$/.test(text) ? Number(text) : new CelError(`strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);

/** The time on the clocks of a zone, as if it were UTC. The zone is a name, or hours and minutes: `-08:00`. */
export function inZone({ seconds }: CelTimestamp, zone: string): Date | CelError {
  const at = new Date(Number(seconds) * 1000);
  const colon = zone.indexOf(':');
  let offset: number | CelError;
  if (colon < 0) offset = zoneOffsetMinutes(zone, at);
  else {
    const [hours, minutes] = [atoi(zone.slice(0, colon)), atoi(zone.slice(colon + 1))];
    if (hours instanceof CelError) return hours;
    if (minutes instanceof CelError) return minutes;
    offset = zone.startsWith('-') ? hours * 60 - minutes : hours * 60 + minutes;
  }
  return offset instanceof CelError ? offset : new Date(at.getTime() + offset * 60_000);
}
