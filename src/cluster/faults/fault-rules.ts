/**
 * The rules by which a cluster's faults happen: kept in memory, so that a cluster that is started again is whole.
 *
 * Guarantees: whether a rule strikes the n-th of what it selects depends on its seed, its name and n alone. Rules are
 * asked in the order in which they were added, and one that comes after a fault which ends a request is not asked.
 * While no rule is about requests, these cost one look at `requests`.
 */
import { containerText, type SelectableContainer, selectsContainer } from '../../api/faults/container-selection.ts';
import { drawn } from '../../api/faults/draws.ts';
import { type FaultKind, type FaultName, kindOf, type Struck, struckBy } from '../../api/faults/fault-kinds.ts';
import type { FaultReport, FaultReports, FaultRule, Injection, RuleState } from '../../api/faults/fault-order.ts';
import { requestText, type SelectableRequest, selectsRequest } from '../../api/faults/request-selection.ts';
import type { Labels, MetricSource, MetricText } from '../../api/metric-text.ts';
import { matchesAny } from '../../api/simulated/glob.ts';
import { StatusError } from '../../api/status-error.ts';
import { rfc3339Micro } from '../../api/time.ts';
import type { Clock } from '../../client/clock.ts';
import { canonicalImageName, parseImageReference } from '../../runtime/container/image-reference.ts';
import type { ContainerEnd, ContainerFaults, ContainerStrike } from '../../runtime/container/simulated/container-faults.ts';
import type { FaultSource, RequestFaults, Strike } from '../../server/http/faults/fault-source.ts';
import type { Store } from '../../server/store/store.ts';
import { CommitHistory } from './commit-history.ts';

/** How many of the last strikes are told. */
const keptInjections = 1000;

interface Kept {
  readonly rule: FaultRule;
  readonly name: string;
  readonly over: AbortController;
  /** Forgets what follows the rule. */
  close(): void;
  /** For reads of an older state. */
  readonly history: CommitHistory | undefined;
  /** The nodes that have been looked at, and whether they are struck. */
  readonly nodes: Map<string, boolean>;
  selected: number;
  struck: number;
}

export interface FaultRulesOptions {
  readonly store: Pick<Store, 'compactedRevision' | 'onCommit' | 'revision'>;
  /** The cluster's, by which rules end. */
  readonly clock: Clock;
}

const stateOf = ({ rule, struck, over }: Kept): RuleState => (over.signal.aborted ? 'over' : struck >= rule.times ? 'spent' : 'active');

/** A whole number of milliseconds of a range. */
const valueIn = ([from, to]: readonly [number, number], chance: number): number => from + Math.round(chance * (to - from));

const reportOf = (kept: Kept): FaultReport => ({
  // The order was read as one.
  ...(kept.rule.order as unknown as FaultReport),
  ...{ name: kept.name, seed: kept.rule.seed, state: stateOf(kept), selected: kept.selected, struck: kept.struck },
});

/** What a container runtime says of a registry that cannot be reached. Source: containerd's resolver. */
function noRegistry(image: string): string {
  const reference = parseImageReference(image);
  const { domain, path, tag, digest } = reference;
  const name = canonicalImageName(reference);
  const host = domain === 'docker.io' ? 'registry-1.docker.io' : domain;
  const url = `https://${host}/v2/${path}/manifests/${digest ?? tag ?? ''}`;
  const request = `failed to do request: Head ${JSON.stringify(url)}: dial tcp: lookup ${host}: i/o timeout`;
  return `failed to pull and unpack image ${JSON.stringify(name)}: failed to resolve reference ${JSON.stringify(name)}: ${request}`;
}

const endOf = ({ rule: { fault, afterMs = 0, exitCode }, over }: Kept): ContainerEnd => ({
  ...{ afterMs, exitCode, oomKilled: fault === 'oom-kill', over: over.signal },
});

export class FaultRules implements FaultSource, ContainerFaults, MetricSource {
  readonly #options: FaultRulesOptions;
  #rules: readonly Kept[] = [];
  readonly #followers: ((endOf: (container: SelectableContainer) => ContainerEnd | undefined) => void)[] = [];
  #injections: Injection[] = [];
  /** How often each fault has happened, by the name of the rule and the fault. */
  readonly #counts = new Map<string, { readonly labels: Labels; count: number }>();
  readonly #requestFaults: RequestFaults = { strikes: (request) => this.#strikes(request) };
  /** A plain field, because every request looks at it. */
  requests: RequestFaults | undefined;

  constructor(options: FaultRulesOptions) {
    this.#options = options;
  }

  /** Adds a rule. Throws 409 when there is one of its name. */
  add(rule: FaultRule): FaultReport {
    const kept = this.#keep(rule, rule.name ?? this.#freeName(rule));
    if (this.#rules.some(({ name }) => name === kept.name)) {
      kept.close();
      throw new StatusError({
        ...{ code: 409, reason: 'AlreadyExists' },
        message: `there is a fault ${JSON.stringify(kept.name)} already: remove it before, or give this one another name`,
      });
    }
    this.#replace([...this.#rules, kept]);
    if (kindOf(rule.fault).actsOn === 'end') {
      for (const follower of this.#followers) follower((container) => (this.#strikesContainer(kept, container) ? endOf(kept) : undefined));
    }
    return reportOf(kept);
  }

  /** See `ContainerFaults`. */
  onRule(follower: (endOf: (container: SelectableContainer) => ContainerEnd | undefined) => void): void {
    this.#followers.push(follower);
  }

  /** What happens to a run of a container that is about to begin. */
  run(container: () => SelectableContainer): ContainerStrike {
    let startDelayMs = 0;
    let end: ContainerEnd | undefined;
    for (const kept of this.#active('containers', 'slow-start', 'crash', 'oom-kill')) {
      const { rule, name } = kept;
      const isEnd = rule.fault !== 'slow-start';
      if ((isEnd && end !== undefined) || !this.#strikesContainer(kept, container())) continue;
      if (isEnd) end = endOf(kept);
      else startDelayMs += valueIn(rule.delayMs, drawn(rule.seed, name, kept.selected, 'value'));
    }
    return { startDelayMs, end };
  }

  /** Why an image that is about to be pulled cannot be; undefined: it can. */
  pullFailure(container: () => SelectableContainer): string | undefined {
    for (const kept of this.#active('containers', 'pull-error'))
      if (this.#strikesContainer(kept, container())) return kept.rule.message ?? noRegistry(container().images[0] ?? '');
    return undefined;
  }

  /** A signal that aborts when a node of which nothing may be heard may be heard again; undefined: it is heard. */
  silenceOf(node: string): AbortSignal | undefined {
    for (const kept of this.#active('nodes', 'node-silence')) {
      const { rule, name, nodes, over } = kept;
      if (rule.nodes.length > 0 && !matchesAny(rule.nodes, node)) continue;
      if (!nodes.has(node)) {
        const isStruck = drawn(rule.seed, name, node) < rule.share;
        nodes.set(node, isStruck);
        kept.selected++;
        if (isStruck) this.#count(kept, `node ${node}`);
      }
      if (nodes.get(node) === true) return over.signal;
    }
    return undefined;
  }

  /** Removes a rule and shows it as it was. Throws 404. */
  remove(name: string): FaultReport {
    const found = this.#rules.find((kept) => kept.name === name);
    if (found === undefined) {
      const names = this.#rules.map((kept) => kept.name).join(', ');
      const there = names === '' ? 'there are none' : `there are: ${names}`;
      throw new StatusError({ code: 404, reason: 'NotFound', message: `there is no fault ${JSON.stringify(name)}; ${there}` });
    }
    const report = reportOf(found);
    this.#replace(this.#rules.filter((kept) => kept !== found));
    return report;
  }

  /** Removes all rules and shows them as they were. */
  removeAll(): readonly FaultReport[] {
    const reports = this.#rules.map(reportOf);
    this.#replace([]);
    return reports;
  }

  show(): FaultReports {
    return { rules: this.#rules.map(reportOf), injections: [...this.#injections] };
  }

  /** Keeps the rules; returns the function that brings them back as they were, as often as it is called. */
  keep(): () => void {
    const kept = this.#rules.map(({ rule, name, selected, struck }) => ({ rule, name, selected, struck }));
    return () => this.#replace(kept.map(({ rule, name, ...counts }) => Object.assign(this.#keep(rule, name), counts)));
  }

  /** Forgets all rules, when the cluster ends. */
  close(): void {
    this.#replace([]);
  }

  write(text: MetricText): void {
    text.counter(
      'minik_faults_injected_total',
      'Number of faults that have happened because a rule says so, by rule and fault.',
      [...this.#counts.values()].map(({ labels, count }) => [labels, count]),
    );
  }

  #keep(rule: FaultRule, name: string): Kept {
    const { clock, store } = this.#options;
    const over = new AbortController();
    const isPast = rule.fault === 'stale-read' && rule.revisions === undefined;
    const history = isPast ? new CommitHistory(store, () => clock.now(), rule.ageMs) : undefined;
    const ends = (): void => {
      over.abort();
      this.#notice();
    };
    const cancel = rule.forMs === undefined ? undefined : clock.setTimer(rule.forMs, ends);
    const close = (): void => {
      cancel?.();
      history?.close();
    };
    return { rule, name, over, history, close, nodes: new Map(), selected: 0, struck: 0 };
  }

  #freeName({ fault }: FaultRule): string {
    for (let number = 1; ; number++) {
      const name = `${fault}-${number}`;
      if (!this.#rules.some((kept) => kept.name === name)) return name;
    }
  }

  #replace(rules: readonly Kept[]): void {
    const gone = this.#rules.filter((kept) => !rules.includes(kept));
    this.#rules = rules;
    this.#notice();
    for (const { close, over } of gone) {
      close();
      over.abort();
    }
  }

  /** Lets requests pass without a look at the rules while none can strike. */
  #notice(): void {
    this.requests = this.#active('requests').length > 0 ? this.#requestFaults : undefined;
  }

  /** The rules that may strike, of these faults or of all. */
  #active(struck: Struck, ...faults: readonly FaultName[]): readonly Kept[] {
    return this.#rules.filter(
      (kept) =>
        struckBy(kept.rule.fault) === struck && (faults.length === 0 || faults.includes(kept.rule.fault)) && stateOf(kept) === 'active',
    );
  }

  #strikesContainer(kept: Kept, container: SelectableContainer): boolean {
    return stateOf(kept) === 'active' && selectsContainer(kept.rule, container) && this.#isStruck(kept, containerText(container));
  }

  #strikes(request: SelectableRequest): readonly Strike[] {
    const strikes: Strike[] = [];
    const taken = new Set<FaultKind['actsOn']>();
    for (const kept of this.#active('requests')) {
      const { rule, name, over } = kept;
      const { actsOn } = kindOf(rule.fault);
      if (taken.has(actsOn) || !selectsRequest(rule, request)) continue;
      if (!this.#isStruck(kept, requestText(request))) continue;
      strikes.push({
        rule,
        name,
        chance: drawn(rule.seed, name, kept.selected, 'value'),
        revision: this.#revisionFor(kept),
        over: over.signal,
      });
      if (actsOn !== 'time') taken.add(actsOn);
      if (actsOn === 'answer' && !rule.late) break;
    }
    return strikes;
  }

  /** Counts something that a rule selects, and says whether it is struck. */
  #isStruck(kept: Kept, what: string): boolean {
    const { rule, name } = kept;
    kept.selected++;
    if (kept.selected <= rule.skip || drawn(rule.seed, name, kept.selected) >= rule.share) return false;
    this.#count(kept, what);
    return true;
  }

  #count(kept: Kept, what: string): void {
    const { rule, name } = kept;
    kept.struck++;
    if (kept.struck >= rule.times) this.#notice();
    this.#injections.push({ at: rfc3339Micro(this.#options.clock.now()), rule: name, fault: rule.fault, what });
    if (this.#injections.length > keptInjections) this.#injections.shift();
    const key = `${name} ${rule.fault}`;
    const counted = this.#counts.get(key) ?? { labels: { rule: name, fault: rule.fault }, count: 0 };
    this.#counts.set(key, counted);
    counted.count++;
  }

  #revisionFor({ rule, history }: Kept): number {
    const { revision, compactedRevision } = this.#options.store;
    if (rule.fault !== 'stale-read') return revision;
    return Math.max(compactedRevision, history?.revisionBefore(rule.ageMs) ?? revision - (rule.revisions ?? 0));
  }
}
