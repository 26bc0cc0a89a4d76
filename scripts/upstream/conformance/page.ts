/** Writes docs/conformance.md and docs/conformance-wider.md: the results of upstream's suite on minik. */
import type { SpecResult } from './report.ts';

export interface PageFacts {
  /** Of the suite. */
  readonly upstreamVersion: string;
  /** `2026-11-28`. */
  readonly date: string;
  readonly specs: readonly SpecResult[];
}

const signature = (name: string): string => /^\[(sig-[a-z-]+)\]/.exec(name)?.[1] ?? 'others';

/** Escapes text for a table cell: pipes would end the cell, angle brackets would be taken for HTML. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;');

const plainName = (name: string): string =>
  name
    .replace(/^\[sig-[a-z-]+\] /, '')
    .replaceAll(/ ?\[(Conformance|NodeConformance)\]/g, '')
    .trim();

const notPassing = (count: number): string =>
  count === 0 ? 'Every one of them passes.' : count === 1 ? 'This one does not pass:' : `These ${count} do not pass:`;

const bySignature = (specs: readonly SpecResult[]): ReadonlyMap<string, readonly SpecResult[]> =>
  Map.groupBy(
    specs.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    ({ name }) => signature(name),
  );

/** A table of specs that did not pass for each of upstream's groups. */
const tables = (open: readonly SpecResult[]): readonly string[] =>
  [...bySignature(open)].map(([name, members]) =>
    [
      `## ${name}`,
      '',
      '| spec | reason |',
      '|---|---|',
      ...members.map(
        (spec) => `| ${cell(plainName(spec.name))} | ${cell(spec.outcome === 'skipped' ? `skipped: ${spec.reason}` : spec.reason)} |`,
      ),
      '',
    ].join('\n'),
  );

const page = (lines: readonly string[]): string => lines.join('\n').trimEnd().concat('\n');

/** The page of the whole suite. It counts only specs that upstream labels as conformance. */
export function conformancePage({ upstreamVersion, date, specs }: PageFacts): string {
  const counted = specs.filter(({ conformance }) => conformance);
  const open = counted.filter(({ outcome }) => outcome !== 'passed');
  return page([
    "# Upstream's conformance suite",
    '',
    `Kubernetes ${upstreamVersion}, run on ${date}: **${counted.length - open.length} of ${counted.length}** specs that upstream calls conformance pass.`,
    '',
    'This page is written by `scripts/conformance --write`, which builds the suite from its Go modules (Go 1.26 or newer; 10 minutes the first time),',
    'makes the images that it names, starts a cluster of two nodes on the local Docker daemon, and runs every spec: 30 to 40 minutes on two cores.',
    '`scripts/conformance FOCUS…` runs those whose names have one of the words.',
    '',
    notPassing(open.length),
    '',
    ...tables(open),
  ]);
}

/** The page of what upstream does not call conformance; `focus` says which part of it was run. */
export function widerPage({ upstreamVersion, date, specs, focus }: PageFacts & { readonly focus: readonly string[] }): string {
  const counted = specs.filter(({ conformance }) => !conformance);
  const open = counted.filter(({ outcome }) => outcome !== 'passed');
  const count = (of: readonly SpecResult[], wanted: SpecResult['outcome']): number => of.filter(({ outcome }) => outcome === wanted).length;
  return page([
    "# Upstream's other specs",
    '',
    `Kubernetes ${upstreamVersion}, run on ${date}: specs that upstream does not call conformance, and that need no feature which is off by default,`,
    'no cloud and no Windows. Many of them skip themselves where they do not find the machines for which they were written.',
    '',
    `This page is written by \`scripts/conformance --wider --write ${focus.map((word) => `'${word}'`).join(' ')}\`.`,
    '',
    '| group | passed | skipped | failed |',
    '|---|---|---|---|',
    ...[...bySignature(counted)].map(
      ([name, of]) => `| ${name} | ${count(of, 'passed')} | ${count(of, 'skipped')} | ${count(of, 'failed')} |`,
    ),
    '',
    notPassing(open.length),
    '',
    ...tables(open),
  ]);
}

/** The summary on the terminal at the end. */
export function summary(specs: readonly SpecResult[]): string {
  const count = (outcome: SpecResult['outcome']): number => specs.filter((spec) => spec.outcome === outcome).length;
  const bad = specs.filter(({ outcome }) => outcome !== 'passed');
  return [
    ...bad.map(({ name, outcome, reason }) => `${outcome === 'failed' ? '✖' : '-'} ${name}\n    ${reason}`),
    `${count('passed')} of ${specs.length} passed, ${count('failed')} failed, ${count('skipped')} skipped`,
  ].join('\n');
}
