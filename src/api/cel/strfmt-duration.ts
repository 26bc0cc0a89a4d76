/**
 * Durations as the format of schemas has them. Source: kube-openapi pkg/validation/strfmt/duration.go
 * (ParseDuration).
 */
import { parseDuration } from './time-text.ts';

const unitNanos: { readonly [unit: string]: bigint } = {
  ns: 1n,
  us: 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
};

const unitNames: { readonly [name: string]: readonly string[] } = {
  ns: ['ns', 'nano'],
  us: ['us', 'µs', 'micro'],
  ms: ['ms', 'milli'],
  s: ['s', 'sec'],
  m: ['m', 'min'],
  h: ['h', 'hr', 'hour'],
  d: ['d', 'day'],
  w: ['w', 'wk', 'week'],
};

/** Nanoseconds of Go's form, or of numbers each with a unit's name: `2 days`; undefined for anything else. */
export function strfmtDuration(text: string): bigint | undefined {
  const go = parseDuration(text);
  if (go !== undefined) return go.nanos;
  let nanos = 0n;
  let found = false;
  for (const [, count = '0', name = ''] of text.matchAll(/(\d+)\s*([A-Za-zµ]+)/g)) {
    found = true;
    const unit = Object.entries(unitNames).find(([, names]) => names.some((known) => name.toLowerCase().startsWith(known)));
    if (unit !== undefined) nanos += BigInt(count) * (unitNanos[unit[0]] ?? 0n);
  }
  return found ? nanos : undefined;
}
