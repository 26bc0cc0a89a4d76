/** Reads ginkgo's results of upstream's specs. Source: ginkgo v2 types/types.go (Report, SpecReport, SpecState). */

export type Outcome = 'passed' | 'failed' | 'skipped';

export interface SpecResult {
  /** As upstream names it: `[sig-node] Pods should be updated [NodeConformance] [Conformance]`. */
  readonly name: string;
  readonly outcome: Outcome;
  /** Why it did not pass, in one line. */
  readonly reason: string;
  readonly seconds: number;
  readonly conformance: boolean;
  /** The day on which it ran: `2026-11-28`. Empty when it has no result. */
  readonly date: string;
}

interface SpecReport {
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly ContainerHierarchyLabels: readonly (readonly string[] | null)[] | null;
  readonly LeafNodeType: string;
  readonly LeafNodeText: string;
  readonly LeafNodeLabels: readonly string[] | null;
  readonly State: string;
  /** RFC 3339, in the local time zone. */
  readonly StartTime: string;
  /** Nanoseconds. */
  readonly RunTime: number;
  readonly NumAttempts: number;
  readonly Failure?: { readonly Message: string };
}

export interface SuiteResult {
  /** The specs that were selected, including those that skipped themselves. */
  readonly specs: readonly SpecResult[];
  /** Failures outside of specs: set-up and tear-down. */
  readonly problems: readonly string[];
}

/** Reads the results that the suite has written, one per line. Of several results of a spec, the last one counts. */
export function parseResults(text: string): SuiteResult {
  // Written by the suite that is built from scripts/upstream/go.
  const reports = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as SpecReport);
  const specs = new Map(
    reports.filter((spec) => spec.LeafNodeType === 'It' && wasTried(spec)).map((spec) => [nameOf(spec), resultOf(spec)]),
  );
  const outside = reports.filter(({ LeafNodeType, State }) => LeafNodeType !== 'It' && failed(State));
  return { specs: [...specs.values()], problems: outside.map((node) => `${node.LeafNodeType}: ${reasonOf(node)}`) };
}

/** The names of the specs that a dry run would have run. */
export function parseChoice(report: string): readonly string[] {
  // Written by the ginkgo that is built from the same go.mod.
  const suites = JSON.parse(report) as readonly { readonly SpecReports: readonly SpecReport[] | null }[];
  return suites
    .flatMap(({ SpecReports }) => SpecReports ?? [])
    .filter(({ LeafNodeType, State }) => LeafNodeType === 'It' && State === 'passed')
    .map(nameOf);
}

/** The result of a spec that never reported one. */
export const withoutResult = (name: string): SpecResult => ({
  ...{ name, outcome: 'failed', reason: "ends the suite's process before it is done", seconds: 0 },
  conformance: name.includes('[Conformance]'),
  date: '',
});

const nameOf = ({ ContainerHierarchyTexts, LeafNodeText }: SpecReport): string =>
  [...(ContainerHierarchyTexts ?? []), LeafNodeText].join(' ');

const failed = (state: string): boolean => ['failed', 'panicked', 'timedout', 'interrupted', 'aborted'].includes(state);

/** False for specs that the filters left out and for those of a dry run. */
const wasTried = ({ NumAttempts }: SpecReport): boolean => NumAttempts > 0;

function resultOf(spec: SpecReport): SpecResult {
  const labels = [...(spec.ContainerHierarchyLabels ?? []), spec.LeafNodeLabels].flatMap((list) => list ?? []);
  const outcome = spec.State === 'passed' ? 'passed' : spec.State === 'skipped' ? 'skipped' : 'failed';
  return {
    name: nameOf(spec),
    outcome,
    reason: outcome === 'passed' ? '' : reasonOf(spec),
    seconds: Math.round(spec.RunTime / 1e9),
    conformance: labels.includes('Conformance'),
    date: spec.StartTime.slice(0, 10),
  };
}

const longest = 240;

/** Lines that show a position or Gomega's own text, rather than the reason. */
const noise = /^(expected|unexpected error:?|to be|not to have occurred|occurred|error:|<[^>]*>:?|\{|\}|\[|\]|s: |in \[.*\]|\.go:\d+)/i;

/** The most informative line of a failure: Gomega prints the compared values before the message. */
function reasonOf({ Failure, State }: SpecReport): string {
  const lines = (Failure?.Message ?? State)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const [telling = lines[0] ?? State, next = ''] = lines.filter((line) => !noise.test(line));
  const unfinished = / Unexpected error:$/;
  const plain = withoutChance(unfinished.test(telling) ? telling.replace(unfinished, ` ${next}`).trim() : telling);
  return plain.length <= longest ? plain : `${plain.slice(0, longest)} …`;
}

/** Replaces names and ids that are random in each run, so that the page changes only with the results. */
const withoutChance = (text: string): string =>
  text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '…')
    .replaceAll(/\b([a-z][a-z0-9-]*-)\d{3,}\b/g, '$1…')
    .replaceAll(/\b\d+\.\d{3,}s\b/g, '…s');
