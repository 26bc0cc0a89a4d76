/**
 * Samples of what nodes and containers use, taken only when somebody asks. All who ask within ten seconds share one
 * sample. A rate needs two: the sample before serves as the other one unless it is too old, in which case two are taken
 * one after another. Source: metrics-server pkg/storage/{pod,node}.go.
 *
 * Differs: metrics-server scrapes all nodes every 15 s (`--metric-resolution`) whether or not somebody asks, and has no
 * figures of pods in their first seconds.
 */
import { type Clock, sleep } from '../../client/clock.ts';
import type { NodeUsage, Span, UsagePoint } from './usage.ts';

/** How long a sample is given to others that ask; the kubelet's own interval. */
export const freshMs = 10_000;
/** The age from which on a sample cannot be the earlier one of two: metrics-server's default resolution. */
const longestWindowMs = 60_000;
/** The time between two samples that are taken for one answer. */
export const shortestWindowMs = 1000;
/** The age from which on a new container's start can serve as its earlier sample. */
const startCountsFromMs = 10_000;
/** metrics-server's resolution in its own manifests; containers below this age are measured from their start. */
const resolutionMs = 15_000;

/** The spans that are known at one moment. */
export interface Spans {
  readonly nodes: ReadonlyMap<string, Span>;
  /** By `namespace/name`. Pods with a container whose rate is not known yet are left out. */
  readonly pods: ReadonlyMap<string, ReadonlyMap<string, Span>>;
}

interface Sample {
  readonly takenAtMs: number;
  readonly nodes: ReadonlyMap<string, UsagePoint>;
  readonly pods: ReadonlyMap<string, Readonly<Record<string, UsagePoint>>>;
}

export interface UsageSamplesOptions {
  /** Measures all nodes that can be reached. */
  readonly read: () => Promise<readonly NodeUsage[]>;
  readonly clock: Clock;
}

/** What was measured incompletely is no measurement. Source: metrics-server pkg/scraper/client/resource/decode.go. */
const isComplete = ({ cpuUsageNs, memoryBytes }: UsagePoint): boolean => cpuUsageNs > 0 && memoryBytes > 0;

function sampleOf(usages: readonly NodeUsage[], takenAtMs: number): Sample {
  const nodes = usages.filter(({ machine }) => isComplete(machine)).map(({ node, machine }) => [node, machine] as const);
  const pods = usages
    .flatMap((usage) => usage.pods)
    .filter(({ containers }) => Object.values(containers).every(isComplete))
    .map(({ namespace, name, containers }) => [`${namespace}/${name}`, containers] as const);
  return { takenAtMs, nodes: new Map(nodes), pods: new Map(pods) };
}

/** The earlier point of a container. Source: metrics-server pkg/storage/pod.go (Store). */
function earlier(last: UsagePoint, before: UsagePoint | undefined, beforeAtMs: number): UsagePoint | undefined {
  const ageMs = last.timestampMs - last.startedAtMs;
  const isNew = ageMs < resolutionMs || last.startedAtMs >= beforeAtMs;
  if (isNew && ageMs >= startCountsFromMs) return { ...last, timestampMs: last.startedAtMs, cpuUsageNs: 0 };
  // A container that has started again since has nothing in common with the one before.
  return before !== undefined && last.startedAtMs < before.timestampMs && last.timestampMs > before.timestampMs ? before : undefined;
}

function spansBetween(before: Sample, last: Sample): Spans {
  const nodes = new Map<string, Span>();
  for (const [name, point] of last.nodes) {
    const other = before.nodes.get(name);
    if (other !== undefined && point.timestampMs > other.timestampMs) nodes.set(name, [point, other]);
  }
  const pods = new Map<string, ReadonlyMap<string, Span>>();
  for (const [key, containers] of last.pods) {
    const spans = new Map<string, Span>();
    const names = Object.keys(containers).toSorted();
    for (const name of names) {
      const point = containers[name];
      const other = point === undefined ? undefined : earlier(point, before.pods.get(key)?.[name], before.takenAtMs);
      if (point !== undefined && other !== undefined) spans.set(name, [point, other]);
    }
    if (spans.size === names.length && names.length > 0) pods.set(key, spans);
  }
  return { nodes, pods };
}

export class UsageSamples {
  readonly #options: UsageSamplesOptions;
  #last: Sample | undefined;
  #known: Spans | undefined;
  #taking: Promise<Spans> | undefined;

  constructor(options: UsageSamplesOptions) {
    this.#options = options;
  }

  /** The spans that end now, or ended less than ten seconds ago. */
  current(): Promise<Spans> {
    if (this.#taking !== undefined) return this.#taking;
    if (this.#known !== undefined && this.#ageMs() < freshMs) return Promise.resolve(this.#known);
    this.#taking = this.#take().finally(() => {
      this.#taking = undefined;
    });
    return this.#taking;
  }

  #ageMs(): number {
    return this.#last === undefined ? Number.POSITIVE_INFINITY : this.#options.clock.now() - this.#last.takenAtMs;
  }

  async #take(): Promise<Spans> {
    const before = this.#last !== undefined && this.#ageMs() <= longestWindowMs ? this.#last : await this.#baseline();
    const last = await this.#sample();
    this.#last = last;
    this.#known = spansBetween(before, last);
    return this.#known;
  }

  async #baseline(): Promise<Sample> {
    const sample = await this.#sample();
    await sleep(this.#options.clock, shortestWindowMs);
    return sample;
  }

  async #sample(): Promise<Sample> {
    const usages = await this.#options.read();
    return sampleOf(usages, this.#options.clock.now());
  }
}
