/**
 * Indexes of a Job's Pods, as ordered intervals. Source: pkg/controller/job/indexed_job_utils.go.
 */
import type { Pod } from '../../api/generated/core/v1.ts';
import type { Interval } from '../../api/kinds/batch/index-intervals.ts';

export const indexAnnotation = 'batch.kubernetes.io/job-completion-index';

/** The index of a Pod; undefined when it has none that is a number. */
export function indexOf({ metadata }: Pod): number | undefined {
  const text = metadata.annotations?.[indexAnnotation];
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** The intervals of both lists, joined where they touch. */
export function mergeIntervals(one: readonly Interval[], other: readonly Interval[]): readonly Interval[] {
  const merged: { from: number; to: number }[] = [];
  for (const { from, to } of [...one, ...other].toSorted((a, b) => a.from - b.from)) {
    const last = merged.at(-1);
    if (last === undefined || from > last.to + 1) merged.push({ from, to });
    else last.to = Math.max(last.to, to);
  }
  return merged;
}

export const withIndexes = (intervals: readonly Interval[], indexes: Iterable<number>): readonly Interval[] =>
  mergeIntervals(
    intervals,
    [...indexes].map((index) => ({ from: index, to: index })),
  );

export const hasIndex = (intervals: readonly Interval[], index: number): boolean =>
  intervals.some(({ from, to }) => from <= index && index <= to);

/** `1,3,4,6-9`: two neighbours are written one by one. */
export const indexesText = (intervals: readonly Interval[]): string =>
  intervals.map(({ from, to }) => (to === from ? `${from}` : to === from + 1 ? `${from},${to}` : `${from}-${to}`)).join(',');

/** The intervals of a status; what cannot be read and what lies beyond the completions is left out. */
export function readIndexes(text: string | undefined, completions: number): readonly Interval[] {
  const found: Interval[] = [];
  for (const part of (text ?? '') === '' ? [] : (text ?? '').split(',')) {
    const [first = '', last = first] = part.split('-');
    const [from, to] = [Number(first), Number(last)];
    if (first === '' || !Number.isInteger(from) || !Number.isInteger(to)) continue;
    if (from >= completions) break;
    found.push({ from, to: Math.min(to, completions - 1) });
  }
  return mergeIntervals(found, []);
}

/** The first indexes below `completions` that lie in none of the intervals, at most `count`. */
export function firstFree(taken: readonly Interval[], count: number, completions: number): readonly number[] {
  const free: number[] = [];
  let candidate = 0;
  for (const { from, to } of [...taken, { from: completions, to: completions }]) {
    for (; candidate < Math.min(from, completions) && free.length < count; candidate++) free.push(candidate);
    candidate = Math.max(candidate, to + 1);
  }
  return free;
}

/** How many indexes two lists share. */
export const countShared = (one: readonly Interval[], other: readonly Interval[]): number =>
  one.reduce((sum, a) => sum + other.reduce((inner, b) => inner + Math.max(0, Math.min(a.to, b.to) - Math.max(a.from, b.from) + 1), 0), 0);
