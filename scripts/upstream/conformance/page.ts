/** Writes docs/conformance.md and docs/conformance-wider.md: the results of upstream's suite on minik. */
import { leftOut } from './explanations.ts';
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
    '`scripts/conformance FOCUS…` runs those whose names have one of the words. What upstream does not call conformance is on',
    '[a page of its own](conformance-wider.md).',
    '',
    notPassing(open.length),
    '',
    ...tables(open),
  ]);
}

export interface WiderFacts {
  /** Of the suite. */
  readonly upstreamVersion: string;
  /** All specs that there are, those that upstream calls conformance among them. */
  readonly names: readonly string[];
  /** The machine on which they ran. See `machineFacts`. */
  readonly machine: string;
  /** The last result of each spec that ever ran. Those of specs that are not in `names` do not count. */
  readonly specs: readonly SpecResult[];
}

/** The page of what upstream does not call conformance, from the results of runs of parts of it. */
export function widerPage({ upstreamVersion, names, machine, specs }: WiderFacts): string {
  const counted = names.filter((name) => !name.includes('[Conformance]')).toSorted();
  const known = new Set(counted);
  const results = specs.filter(({ name }) => known.has(name) && !isLeftOut(name));
  const ran = new Set(results.map(({ name }) => name));
  const out = counted.filter((name) => isLeftOut(name));
  const open = counted.filter((name) => !ran.has(name) && !isLeftOut(name));
  const of = (outcome: SpecResult['outcome']): readonly SpecResult[] => results.filter((spec) => spec.outcome === outcome);
  const [failed, skipped] = [of('failed'), of('skipped')];
  const columns = [counted, of('passed').map(nameOf), failed.map(nameOf), skipped.map(nameOf), out, open];
  return page([
    "# Upstream's other specs",
    '',
    `Kubernetes ${upstreamVersion}: specs that upstream does not call conformance, and that need no feature which is off by default, no cloud and no`,
    'Windows. Many of them skip themselves where they do not find the machines or the kinds of volumes for which they were written.',
    '',
    '`scripts/conformance --wider FOCUS…` runs those whose names match, and keeps each result; `scripts/conformance --wider --write` writes this page from',
    `the last result of each, here from a machine whose ${machine}.`,
    '',
    '| group | specs | passed | failed | skip themselves | left out | not run yet | last run |',
    '|---|---|---|---|---|---|---|---|',
    ...[...new Set(counted.map(signature))].map((group) => {
      const numbers = columns.map((column) => column.filter((name) => signature(name) === group).length);
      return `| ${[group, ...numbers, period(results.filter(({ name }) => signature(name) === group))].join(' | ')} |`;
    }),
    '',
    failed.length === 0 ? 'None fails.' : failed.length === 1 ? 'This one fails:' : `These ${failed.length} fail:`,
    '',
    ...tables(failed),
    ...byReason(
      'Specs that skip themselves',
      skipped.map((spec) => [signature(spec.name), spec.reason]),
    ),
    ...byReason(
      'Specs that are left out',
      out.map((name) => [signature(name), whyLeftOut(name)]),
    ),
    ...byReason(
      'Specs that were not run yet',
      open.map((name) => [signature(name), partOf(name)]),
    ),
  ]);
}

const nameOf = ({ name }: SpecResult): string => name;

const isLeftOut = (name: string): boolean => leftOut.some(({ specs }) => specs.test(name));
const whyLeftOut = (name: string): string => leftOut.find(({ specs }) => specs.test(name))?.why ?? '';

/** The first and the last day on which one of the specs ran. */
function period(specs: readonly SpecResult[]): string {
  const days = specs.map(({ date }) => date).toSorted();
  const [first = '', last = ''] = [days.at(0), days.at(-1)];
  return first === last ? first : `${first} to ${last}`;
}

/** What a spec is a part of: the first two words of its name and the driver, if it is about one. */
const partOf = (name: string): string =>
  [...plainName(name).split(' ').slice(0, 2), /\[Driver: [^\]]*\]/.exec(name)?.[0] ?? ''].join(' ').trim();

/** A table of how many specs of a group have a reason in common. Nothing when there are none. */
function byReason(title: string, rows: readonly (readonly [group: string, reason: string])[]): readonly string[] {
  if (rows.length === 0) return [];
  const lines = Map.groupBy(rows, ([group, reason]) => `${group} | ${cell(reason)}`);
  return [
    ...[`## ${title}`, '', '| group | what | specs |', '|---|---|---|'],
    ...[...lines].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([line, { length }]) => `| ${line} | ${length} |`),
    '',
  ];
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
