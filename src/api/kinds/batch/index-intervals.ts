/**
 * Lists of indexes as Jobs write them: `1,3-5`. Source: pkg/apis/batch/validation/validation.go
 * (validateIndexesFormat, parseIndexInterval).
 */

/** A range of indexes, both ends included. */
export interface Interval {
  readonly from: number;
  readonly to: number;
}

/** Indexes in rising order, or what is wrong with their text. */
export type ParsedIndexes = { readonly intervals: readonly Interval[] } | { readonly problem: string };

function indexOf(text: string, completions: number): { readonly index: number } | { readonly problem: string } {
  if (!/^[+-]?\d+$/.test(text)) return { problem: `cannot convert string to integer for index: ${JSON.stringify(text)}` };
  const index = Number(text);
  return index >= completions ? { problem: `too large index: ${JSON.stringify(text)}` } : { index };
}

function intervalOf(text: string, completions: number): Interval | { readonly problem: string } {
  const parts = text.split('-');
  if (parts.length > 2) {
    const rule = "violates the requirement that an index interval can have at most two parts separated by '-'";
    return { problem: `the fragment ${JSON.stringify(text)} ${rule}` };
  }
  const from = indexOf(parts[0] ?? '', completions);
  if ('problem' in from) return from;
  if (parts[1] === undefined) return { from: from.index, to: from.index };
  const to = indexOf(parts[1], completions);
  if ('problem' in to) return to;
  return from.index >= to.index
    ? { problem: `non-increasing order, previous: ${from.index}, current: ${to.index}` }
    : { from: from.index, to: to.index };
}

/** Reads indexes of a Job with so many completions. */
export function parseIndexes(text: string, completions: number): ParsedIndexes {
  const intervals: Interval[] = [];
  for (const part of text === '' ? [] : text.split(',')) {
    const interval = intervalOf(part, completions);
    if ('problem' in interval) return interval;
    const last = intervals.at(-1);
    if (last !== undefined && last.to >= interval.from) {
      return { problem: `non-increasing order, previous: ${last.to}, current: ${interval.from}` };
    }
    intervals.push(interval);
  }
  return { intervals };
}

/** How many indexes there are. */
export const countIndexes = (intervals: readonly Interval[]): number => intervals.reduce((sum, { from, to }) => sum + to - from + 1, 0);

/** The first index that two lists share, of what can be read in them. */
export function overlapOf(one: string, other: string, completions: number): number | undefined {
  const readable = (text: string): readonly Interval[] =>
    (text === '' ? [] : text.split(',')).flatMap((part) => {
      const interval = intervalOf(part, completions);
      return 'problem' in interval ? [] : [interval];
    });
  const [left, right] = [readable(one), readable(other)];
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    const [a, b] = [left[i], right[j]];
    if (a === undefined || b === undefined) break;
    if (a.from <= b.to && b.from <= a.to) return Math.max(a.from, b.from);
    if (a.from <= b.from) i++;
    else j++;
  }
  return undefined;
}
