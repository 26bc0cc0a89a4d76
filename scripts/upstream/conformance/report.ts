/** What ginkgo says about upstream's specs. Source: ginkgo v2 types/types.go (Report, SpecReport, SpecState). */

export type Outcome = 'passed' | 'failed' | 'skipped';

export interface SpecResult {
  /** As upstream names it: `[sig-node] Pods should be updated [NodeConformance] [Conformance]`. */
  readonly name: string;
  readonly outcome: Outcome;
  /** Why it did not pass, in one line. */
  readonly reason: string;
  readonly seconds: number;
  readonly conformance: boolean;
}

interface SpecReport {
  readonly ContainerHierarchyTexts: readonly string[] | null;
  readonly ContainerHierarchyLabels: readonly (readonly string[] | null)[] | null;
  readonly LeafNodeType: string;
  readonly LeafNodeText: string;
  readonly LeafNodeLabels: readonly string[] | null;
  readonly State: string;
  /** Nanoseconds. */
  readonly RunTime: number;
  readonly NumAttempts: number;
  readonly Failure?: { readonly Message: string };
}

export interface SuiteResult {
  /** Those that were chosen, ones that skipped themselves included. */
  readonly specs: readonly SpecResult[];
  /** What went wrong outside of specs: set-up and tear-down. */
  readonly problems: readonly string[];
}

/** Reads the results that the suite wrote down, one a line. A spec's last result counts. */
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

/** A spec that never gave a result. */
export const withoutResult = (name: string): SpecResult => ({
  ...{ name, outcome: 'failed', reason: "ends the suite's process before it is done", seconds: 0 },
  conformance: name.includes('[Conformance]'),
});

const nameOf = ({ ContainerHierarchyTexts, LeafNodeText }: SpecReport): string =>
  [...(ContainerHierarchyTexts ?? []), LeafNodeText].join(' ');

const failed = (state: string): boolean => ['failed', 'panicked', 'timedout', 'interrupted', 'aborted'].includes(state);

/** Specs that the filters left out, and those of a preview, were never tried. */
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
  };
}

const longest = 240;

/** Lines that say where, or what Gomega does, rather than why. */
const noise = /^(expected|unexpected error:?|to be|not to have occurred|occurred|error:|<[^>]*>:?|\{|\}|\[|\]|s: |in \[.*\]|\.go:\d+)/i;

/** The line of a failure that says most: Gomega prints what it compared before what went wrong. */
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

/** Names and identities that are drawn for each run would make every page a new one. */
const withoutChance = (text: string): string =>
  text
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, '…')
    .replaceAll(/\b([a-z][a-z0-9-]*-)\d{3,}\b/g, '$1…')
    .replaceAll(/\b\d+\.\d{3,}s\b/g, '…s');
