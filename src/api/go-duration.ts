/** Go's duration syntax, `1h30m`, `1.5s`, `-2ms`. Source: Go time.ParseDuration. */

const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function problemOf(text: string, body: string): string {
  const quoted = JSON.stringify(text);
  const bad = /^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|µs|ms|s|m|h))*(?:\d+(?:\.\d*)?|\.\d+)([^\d.]*)/.exec(body)?.[1];
  if (bad === undefined) return `time: invalid duration ${quoted}`;
  return bad === '' ? `time: missing unit in duration ${quoted}` : `time: unknown unit ${JSON.stringify(bad)} in duration ${quoted}`;
}

/** Milliseconds, or Go's words for what is wrong. */
export function goDuration(text: string): { readonly ms: number } | { readonly problem: string } {
  const body = text.replace(/^[+-]/, '');
  if (body === '0') return { ms: 0 };
  const parts = [...body.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map((p) => p[0]).join('') !== body) return { problem: problemOf(text, body) };
  const sum = parts.reduce((total, [, value = '0', unit = 's']) => total + Number(value) * (units[unit] ?? 0), 0);
  return { ms: text.startsWith('-') ? -sum : sum };
}

/** As Go prints a duration: `0s`, `250ms`, `10s`, `1m20s`, `15m0s`, `1h0m0s`. Source: Go time.Duration.String. */
export function goDurationText(ms: number): string {
  if (ms > -1000 && ms < 1000) return ms === 0 ? '0s' : `${ms}ms`;
  const total = Math.abs(ms) / 1000;
  const [hours, minutes] = [Math.trunc(total / 3600), Math.trunc(total / 60) % 60];
  // At most three digits after the point, so that binary rounding errors do not show.
  const seconds = `${Number((total % 60).toFixed(3))}s`;
  const sign = ms < 0 ? '-' : '';
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}
