/** Checks the values of flags, so that invalid ones are refused before anything is done. */
import { isIPv4 } from 'node:net';
import { goDuration } from '../../api/go-duration.ts';
import { isLabelValue } from '../../api/names.ts';
import type { RuntimeName } from '../cluster-port.ts';
import { UsageError } from './usage-error.ts';

/** Throws UsageError. */
export function runtimeName(value: string | undefined): RuntimeName | undefined {
  if (value === undefined || value === 'docker' || value === 'simulated') return value;
  throw new UsageError(`unknown runtime ${JSON.stringify(value)}`, ['Use "--runtime docker" or "--runtime simulated".']);
}

/** Throws UsageError. */
export function wholeNumber(value: string | undefined, flag: string, min: number, max: number): number | undefined {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < min || number > max)
    throw new UsageError(`${flag} must be a whole number from ${min} to ${max}, not ${JSON.stringify(value)}`);
  return number;
}

/** `true` or `false`; undefined when the flag is not given. Throws UsageError. */
export function yesOrNo(value: string | undefined, flag: string): boolean | undefined {
  if (value === undefined) return undefined;
  if (value !== 'true' && value !== 'false') throw new UsageError(`${flag} must be true or false, not ${JSON.stringify(value)}`);
  return value === 'true';
}

/** A duration such as 90s, 5m or 1h30m, in milliseconds; longer than 0. Throws UsageError. */
export function duration(value: string | undefined, flag: string): number | undefined {
  if (value === undefined) return undefined;
  const parsed = goDuration(value);
  // Node's timers allow no more.
  if ('problem' in parsed || parsed.ms <= 0 || parsed.ms >= 2 ** 31)
    throw new UsageError(`${flag} takes a duration such as 90s or 5m, not ${JSON.stringify(value)}`);
  return parsed.ms;
}

/** Names of zones, separated by commas: values of labels. Throws UsageError. */
export function zoneNames(value: string | undefined, flag: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const all = value.split(',').map((zone) => zone.trim());
  for (const zone of all) {
    if (zone === '' || isLabelValue(zone).length > 0)
      throw new UsageError(`${flag} takes names of zones, such as a,b,c, not ${JSON.stringify(value)}`, [
        'A name has at most 63 letters, digits, "-", "_" and ".", and begins and ends with a letter or digit.',
      ]);
  }
  return all;
}

interface Range {
  readonly base: number;
  readonly prefix: number;
}

function parse(text: string): Range | undefined {
  const [address = '', prefix = '', ...more] = text.split('/');
  if (!isIPv4(address) || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32 || more.length > 0) return undefined;
  return { base: address.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0), prefix: Number(prefix) };
}

/** IPv4 ranges, separated by commas; an empty text means none. Throws UsageError. */
export function ranges(value: string | undefined, flag: string): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const all = value
    .split(',')
    .map((range) => range.trim())
    .filter((range) => range !== '');
  for (const range of all) {
    if (parse(range) === undefined) throw new UsageError(`${flag} takes IPv4 ranges such as 192.168.0.0/16, not ${JSON.stringify(range)}`);
  }
  return all;
}

export interface RangeSizes {
  /** The smallest number of addresses. */
  readonly least: number;
  /** The widest useful prefix. */
  readonly widestPrefix: number;
}

/** One IPv4 range of addresses for a cluster. Throws UsageError. */
export function clusterRange(value: string | undefined, flag: string, { least, widestPrefix }: RangeSizes): string | undefined {
  if (value === undefined) return undefined;
  const range = parse(value);
  if (range === undefined) throw new UsageError(`${flag} takes an IPv4 range such as 10.96.0.0/20, not ${JSON.stringify(value)}`);
  const size = 2 ** (32 - range.prefix);
  if (range.base % size !== 0) throw new UsageError(`${flag} ${value} is no range: it must begin at a multiple of its ${size} addresses`);
  const narrowest = 32 - Math.ceil(Math.log2(least));
  if (size < least) throw new UsageError(`${flag} ${value} is too small: ${least} addresses are needed (/${narrowest} or wider)`);
  if (range.prefix < widestPrefix) throw new UsageError(`${flag} ${value} is too large: /${widestPrefix} is the widest`);
  return value;
}

/** Throws UsageError when both are given and share addresses. */
export function refuseOverlap(a: string | undefined, b: string | undefined, flags: string): void {
  const [first, second] = [parse(a ?? ''), parse(b ?? '')];
  if (first === undefined || second === undefined) return;
  const size = 2 ** (32 - Math.min(first.prefix, second.prefix));
  if (Math.floor(first.base / size) === Math.floor(second.base / size))
    throw new UsageError(`${flags} have addresses in common: ${a} and ${b}`);
}
