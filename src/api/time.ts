/**
 * Times and ages as Kubernetes writes them. Source: apimachinery pkg/apis/meta/v1/{time,micro_time}.go,
 * pkg/util/duration.
 */

/**
 * RFC 3339 with whole seconds, in UTC: the form of `metav1.Time`. `epochMs` is milliseconds since the epoch; fractions
 * are cut off.
 */
export function rfc3339(epochMs: number): string {
  const second = Math.floor(epochMs / 1000);
  if (second !== latest.second) Object.assign(latest, { second, text: `${new Date(epochMs).toISOString().slice(0, 19)}Z` });
  return latest.text;
}

/** Caches the last second that was formatted, because most times that a cluster writes are the current time. */
const latest = { second: Number.NaN, text: '' };

/** RFC 3339 with microseconds, in UTC: the form of `metav1.MicroTime`. */
export const rfc3339Micro = (epochMs: number): string => {
  const micros = Math.floor((epochMs - Math.floor(epochMs)) * 1000);
  return `${new Date(Math.floor(epochMs)).toISOString().slice(0, 23)}${String(micros).padStart(3, '0')}Z`;
};

const rfc3339Pattern = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since the epoch of an RFC 3339 time with any zone and fraction; undefined when it is none. */
export function parseTime(text: string): number | undefined {
  if (!rfc3339Pattern.test(text)) return undefined;
  const epochMs = Date.parse(text.replace(',', '.'));
  return Number.isNaN(epochMs) ? undefined : epochMs;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

const two = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large}${largeUnit}` : `${large}${largeUnit}${small}${smallUnit}`;

/**
 * A length of time as `kubectl get` prints ages, with two or three significant figures: `5s`, `3m12s`, `47h`, `2y41d`.
 */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / second);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.trunc(durationMs / minute);
  if (minutes < 10) return two(minutes, 'm', seconds % 60, 's');
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.trunc(durationMs / hour);
  if (hours < 8) return two(hours, 'h', minutes % 60, 'm');
  if (hours < 48) return `${hours}h`;
  const days = Math.trunc(hours / 24);
  if (hours < 192) return two(days, 'd', hours % 24, 'h');
  const years = Math.trunc(days / 365);
  if (hours < 24 * 365 * 2) return `${days}d`;
  if (hours < 24 * 365 * 8) return two(years, 'y', days % 365, 'd');
  return `${years}y`;
}

/** A length of time in one unit, as `kubectl describe` prints some: `5s`, `3m`, `2h`, `7d`. */
export function shortHumanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / second);
  if (seconds < -1) return '<invalid>';
  if (seconds < 0) return '0s';
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.trunc(durationMs / minute);
  if (minutes < 60) return `${minutes}m`;
  const hours = Math.trunc(durationMs / hour);
  if (hours < 24) return `${hours}h`;
  return hours < 24 * 365 ? `${Math.trunc(hours / 24)}d` : `${Math.trunc(hours / 24 / 365)}y`;
}

/** The age of a timestamp at `nowMs`, `<unknown>` when there is none. */
export function ageOf(timestamp: string | null | undefined, nowMs: number): string {
  const since = timestamp === undefined || timestamp === null ? undefined : parseTime(timestamp);
  return since === undefined ? '<unknown>' : humanDuration(nowMs - since);
}
