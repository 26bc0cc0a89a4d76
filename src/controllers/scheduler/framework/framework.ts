/**
 * Runs plugins at their extension points, in the registry's order. Guarantees: if a plugin's PreFilter or PreScore
 * returns Skip, its Filter or Score is not run in that cycle; an error that a plugin throws becomes a `PluginError`
 * with upstream's text. Source: pkg/scheduler/framework/runtime/framework.go.
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import { podPriority } from '../../pods.ts';
import { defaultArgs } from '../configuration/plugin-args.ts';
import {
  type ExtensionPoint,
  extensionPoints,
  type PluginPlaces,
  pluginsAt,
  SchedulerConfigurationError,
  type SchedulerProfile,
  weightOf,
} from '../configuration/profile.ts';
import type { NodeInfo, PodInfo } from '../node-info.ts';
import type { NominatedPods } from '../nominator.ts';
import type { CycleState } from './cycle-state.ts';
import { type Counted, FrameworkMetrics, outcomeOf } from './framework-metrics.ts';
import type {
  FrameworkHandle,
  NodeStatuses,
  Nomination,
  Plugin,
  PluginEntry,
  PluginsRunner,
  QueuedPodInfo,
  Refusal,
  Snapshot,
} from './plugin.ts';
import { QueueingHints } from './queueing-hints.ts';
import { type Code, isRejection, PluginError, type Status, unresolvable, unschedulable } from './status.ts';

type Having<K extends keyof Plugin> = Plugin & Required<Pick<Plugin, K>>;

/** The plugins that implement an extension point. */
const having = <P extends Plugin, K extends keyof Plugin>(plugins: readonly P[], point: K): readonly (P & Having<K>)[] =>
  plugins.filter((plugin): plugin is P & Having<K> => plugin[point] !== undefined);

export interface PreFiltered {
  /** Why no node has to be filtered: a PreFilter plugin refused the Pod. */
  readonly rejection: Status | undefined;
  /** The nodes to filter; undefined: all nodes. */
  readonly nodeNames: ReadonlySet<string> | undefined;
  /** The plugins that restricted the set of nodes. */
  readonly pluginsWithNodes: readonly string[];
}

export interface PostFiltered {
  readonly nomination: Nomination | undefined;
  readonly reasons: readonly string[];
  /** Undefined: room has been, or will be, made. */
  readonly code: Code | undefined;
}

/** A plugin's method at each extension point; Reserve has a second one. */
const methods = { ...Object.fromEntries(extensionPoints.map((point) => [point, point])), queueSort: 'less' } as Readonly<
  Record<ExtensionPoint, keyof Plugin>
>;

/** The plugins of a profile by extension point, in their order, and all that run somewhere. */
function placed(plugins: readonly Plugin[], places: PluginPlaces | undefined) {
  const byName = new Map(plugins.map((plugin) => [plugin.name, plugin]));
  const all = new Set(byName.keys());
  const pluginsOf = (point: ExtensionPoint): readonly Plugin[] => {
    // Reserve consists of two methods; a plugin may have only one of them.
    const implementing = plugins.filter((plugin) => plugin[methods[point]] ?? (point === 'reserve' ? plugin.unreserve : undefined));
    if (places === undefined) return implementing;
    const names = pluginsAt(point, places, { implementing: new Set(implementing.map(({ name }) => name)), all });
    return names.flatMap((name) => byName.get(name) ?? []);
  };
  const byPoint = new Map(extensionPoints.map((point) => [point, pluginsOf(point)]));
  const used = new Set([...byPoint.values()].flat());
  return {
    at: <K extends keyof Plugin>(point: ExtensionPoint, method: K) => having(byPoint.get(point) ?? [], method),
    used: plugins.filter((plugin) => places === undefined || used.has(plugin)),
  };
}

const noWaits: ReadonlyMap<string, number> = new Map();

export class Framework implements PluginsRunner {
  readonly hints: QueueingHints;
  readonly #metrics: FrameworkMetrics;
  readonly #nominated: NominatedPods;
  readonly #plugins: readonly Plugin[];
  readonly #weights = new Map<string, number>();
  readonly #preEnqueue: readonly Having<'preEnqueue'>[];
  readonly #queueSort: Having<'less'>;
  readonly #preFilter: readonly Counted<Having<'preFilter'>>[];
  readonly #extensions: readonly Having<'preFilterExtensions'>[];
  readonly #filter: readonly Counted<Having<'filter'>>[];
  readonly #postFilter: readonly Having<'postFilter'>[];
  readonly #preScore: readonly Counted<Having<'preScore'>>[];
  readonly #score: readonly Counted<Having<'score'>>[];
  readonly #reserve: readonly Having<'reserve'>[];
  readonly #unreserve: readonly Having<'unreserve'>[];
  readonly #permit: readonly Having<'permit'>[];
  readonly #preBind: readonly Having<'preBind'>[];
  readonly #bind: readonly Having<'bind'>[];
  readonly #postBind: readonly Having<'postBind'>[];

  /**
   * Makes the plugins. With a profile only those run that it names, where it names them; else all, everywhere. Throws
   * SchedulerConfigurationError unless exactly one sorts the queue and at least one binds.
   */
  constructor(entries: readonly PluginEntry[], handle: FrameworkHandle, profile?: SchedulerProfile) {
    const places = profile?.plugins;
    const made = entries.map(({ create, weight }) => {
      const plugin = create({ ...handle, runner: this }, profile?.args ?? defaultArgs);
      this.#weights.set(plugin.name, places === undefined ? (weight ?? 1) : weightOf(plugin.name, places));
      return plugin;
    });
    const { at, used } = placed(made, places);
    this.#nominated = handle.nominated;
    this.#plugins = used;
    this.hints = new QueueingHints(used);
    this.#metrics = new FrameworkMetrics(handle, profile?.schedulerName ?? '');
    const name = JSON.stringify(profile?.schedulerName ?? '');
    const sorting = at('queueSort', 'less');
    const [queueSort] = sorting;
    if (queueSort === undefined || sorting.length > 1) {
      throw new SchedulerConfigurationError(
        `only one queue sort plugin required for profile with scheduler name ${name}, but got ${sorting.length}`,
      );
    }
    this.#queueSort = queueSort;
    this.#preEnqueue = at('preEnqueue', 'preEnqueue');
    const preFilter = at('preFilter', 'preFilter');
    this.#preFilter = this.#metrics.counted('PreFilter', preFilter);
    this.#extensions = having(preFilter, 'preFilterExtensions');
    this.#filter = this.#metrics.counted('Filter', at('filter', 'filter'));
    this.#postFilter = at('postFilter', 'postFilter');
    this.#preScore = this.#metrics.counted('PreScore', at('preScore', 'preScore'));
    this.#score = this.#metrics.counted('Score', at('score', 'score'));
    this.#reserve = at('reserve', 'reserve');
    this.#unreserve = at('reserve', 'unreserve').toReversed();
    this.#permit = at('permit', 'permit');
    this.#preBind = at('preBind', 'preBind');
    this.#bind = at('bind', 'bind');
    if (this.#bind.length === 0) {
      throw new SchedulerConfigurationError(`at least one bind plugin is needed for profile with scheduler name ${name}`);
    }
    this.#postBind = at('postBind', 'postBind');
  }

  /** Resolves when the plugins can work. */
  async synced(): Promise<void> {
    await Promise.all(this.#plugins.map((plugin) => plugin.synced?.()));
  }

  less(a: QueuedPodInfo, b: QueuedPodInfo): boolean {
    return this.#queueSort.less(a, b);
  }

  /** The first refusal by a PreEnqueue plugin; undefined when the Pod may enter the queue. */
  preEnqueue(pod: Pod): Status | undefined {
    return this.#metrics.timed('PreEnqueue', () => this.#runPreEnqueue(pod), outcomeOf);
  }

  #runPreEnqueue(pod: Pod): Status | undefined {
    for (const plugin of this.#preEnqueue) {
      const status = plugin.preEnqueue(pod);
      if (status !== undefined) return { ...status, plugin: plugin.name };
    }
    return undefined;
  }

  preFilter(state: CycleState, pod: PodInfo, snapshot: Snapshot): PreFiltered {
    return this.#metrics.timed(
      'PreFilter',
      () => this.#runPreFilter(state, pod, snapshot),
      ({ rejection }) => outcomeOf(rejection),
    );
  }

  #runPreFilter(state: CycleState, pod: PodInfo, snapshot: Snapshot): PreFiltered {
    let nodeNames: ReadonlySet<string> | undefined;
    let rejection: Status | undefined;
    const pluginsWithNodes: string[] = [];
    for (const { plugin, runs } of this.#preFilter) {
      const outcome = attempt(`running PreFilter plugin "${plugin.name}"`, () => plugin.preFilter(state, pod, snapshot));
      const skips = outcome !== undefined && 'code' in outcome && outcome.code === 'Skip';
      if (!skips) runs.count++;
      if (outcome === undefined) continue;
      if ('nodeNames' in outcome) {
        pluginsWithNodes.push(plugin.name);
        nodeNames = nodeNames === undefined ? outcome.nodeNames : nodeNames.intersection(outcome.nodeNames);
        if (nodeNames.size === 0) return { rejection: unresolvable(noneLeft(pluginsWithNodes)), nodeNames, pluginsWithNodes };
      } else if (skips) {
        state.skipFilter.add(plugin.name);
      } else {
        rejection = { ...outcome, plugin: plugin.name };
        // After `Unschedulable` preemption may help, and it needs the PreFilter state of all plugins, so the others
        // still run.
        if (outcome.code !== 'Unschedulable') break;
      }
    }
    return { rejection, nodeNames, pluginsWithNodes };
  }

  /** The Filter plugins that run in this cycle. */
  filters(state: CycleState): readonly Counted<Having<'filter'>>[] {
    return this.#filter.filter(({ plugin }) => !state.skipFilter.has(plugin.name));
  }

  /** Times the filtering of all nodes for one Pod. */
  filtering<T>(run: () => T): T {
    return this.#metrics.timed('Filter', run);
  }

  /**
   * Pods of at least the same priority that are nominated to the node count as if they ran there. The Pod must fit
   * without them, too: they may end up elsewhere, and it may depend on them.
   */
  refusal(state: CycleState, pod: PodInfo, node: NodeInfo, filters = this.filters(state)): Refusal | undefined {
    const nominated = this.#nominated.on(node.name);
    if (nominated.length === 0) return this.#refusal(state, pod, node, filters);
    const priority = podPriority(pod.pod);
    const others = nominated.filter((other) => podPriority(other.pod) >= priority && other.pod.metadata.uid !== pod.pod.metadata.uid);
    if (others.length === 0) return this.#refusal(state, pod, node, filters);
    const [trialState, trial] = [state.clone(), node.clone()];
    for (const other of others) this.addPod(trialState, pod, other, trial);
    return this.#refusal(trialState, pod, trial, filters) ?? this.#refusal(state, pod, node, filters);
  }

  #refusal(state: CycleState, pod: PodInfo, node: NodeInfo, filters: readonly Counted<Having<'filter'>>[]): Refusal | undefined {
    for (const { plugin, runs } of filters) {
      let status: Status | undefined;
      runs.count++;
      try {
        status = plugin.filter(state, pod, node);
      } catch (error) {
        throw new PluginError(`running "${plugin.name}" filter plugin`, error);
      }
      if (status !== undefined) return { plugin: plugin.name, status };
    }
    return undefined;
  }

  addPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void {
    node.add(added);
    for (const { name, preFilterExtensions } of this.#extensions) {
      if (!state.skipFilter.has(name)) preFilterExtensions.addPod(state, pod, added, node);
    }
  }

  removePod(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void {
    node.remove(removed.pod.metadata.uid);
    for (const { name, preFilterExtensions } of this.#extensions) {
      if (!state.skipFilter.has(name)) preFilterExtensions.removePod(state, pod, removed, node);
    }
  }

  postFilter(state: CycleState, pod: PodInfo, statuses: NodeStatuses, snapshot: Snapshot): Promise<PostFiltered> {
    return this.#metrics.timedAsync(
      'PostFilter',
      () => this.#runPostFilter(state, pod, statuses, snapshot),
      ({ code }) => code ?? 'Success',
    );
  }

  async #runPostFilter(state: CycleState, pod: PodInfo, statuses: NodeStatuses, snapshot: Snapshot): Promise<PostFiltered> {
    let nomination: Nomination | undefined;
    const reasons: string[] = [];
    for (const plugin of this.#postFilter) {
      const result = await attemptAsync(`running PostFilter plugin "${plugin.name}"`, async () =>
        plugin.postFilter(state, pod, statuses, snapshot),
      );
      nomination = result.nomination ?? nomination;
      // A plugin that succeeded ends PostFilter, and so does one that says that nothing can help.
      if (result.status === undefined) return { nomination, reasons: [], code: undefined };
      if (result.status.code === 'UnschedulableAndUnresolvable')
        return { nomination, reasons: result.status.reasons, code: result.status.code };
      reasons.push(...result.status.reasons);
    }
    return { nomination, reasons, code: 'Unschedulable' };
  }

  /** The weighted sum of all plugins' scores, for each node. */
  score(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): Float64Array {
    this.#metrics.timed('PreScore', () => this.#runPreScore(state, pod, nodes, snapshot));
    return this.#metrics.timed('Score', () => this.#runScore(state, pod, nodes));
  }

  #runPreScore(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[], snapshot: Snapshot): void {
    for (const { plugin, runs } of this.#preScore) {
      const status = attempt(`running PreScore plugin "${plugin.name}"`, () => plugin.preScore(state, pod, nodes, snapshot));
      if (status?.code !== 'Skip') runs.count++;
      if (status === undefined) continue;
      if (status.code !== 'Skip') throw new PluginError(`running PreScore plugin "${plugin.name}"`, status.reasons.join(', '));
      state.skipScore.add(plugin.name);
    }
  }

  #runScore(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): Float64Array {
    const totals = new Float64Array(nodes.length);
    for (const { plugin, runs } of this.#score) {
      if (state.skipScore.has(plugin.name)) continue;
      runs.count += nodes.length;
      const what = `running Score plugins: plugin "${plugin.name}" failed with`;
      const scores = attempt(what, () => scoresBy(plugin, state, pod, nodes));
      attempt(`running Normalize on Score plugins: plugin "${plugin.name}" failed with`, () => plugin.normalizeScore?.(state, pod, scores));
      const weight = this.#weights.get(plugin.name) ?? 1;
      for (let i = 0; i < totals.length; i++) totals[i] = (totals[i] ?? 0) + (scores[i] ?? 0) * weight;
    }
    return totals;
  }

  reserve(state: CycleState, pod: PodInfo, nodeName: string): Status | undefined {
    return this.#metrics.timed('Reserve', () => this.#runReserve(state, pod, nodeName), outcomeOf);
  }

  #runReserve(state: CycleState, pod: PodInfo, nodeName: string): Status | undefined {
    for (const plugin of this.#reserve) {
      const status = attempt(`running Reserve plugin "${plugin.name}"`, () => plugin.reserve(state, pod, nodeName));
      if (status !== undefined && isRejection(status)) return { ...status, plugin: plugin.name };
    }
    return undefined;
  }

  unreserve(state: CycleState, pod: PodInfo, nodeName: string): void {
    this.#metrics.timed('Unreserve', () => {
      for (const plugin of this.#unreserve) plugin.unreserve(state, pod, nodeName);
    });
  }

  /** A refusal, or how long the Pod waits for each plugin that returned Wait. */
  permit(state: CycleState, pod: PodInfo, nodeName: string): Status | ReadonlyMap<string, number> {
    return this.#metrics.timed(
      'Permit',
      () => this.#runPermit(state, pod, nodeName),
      (permit) => ('code' in permit ? permit.code : permit.size === 0 ? 'Success' : 'Wait'),
    );
  }

  #runPermit(state: CycleState, pod: PodInfo, nodeName: string): Status | ReadonlyMap<string, number> {
    let waits: Map<string, number> | undefined;
    for (const plugin of this.#permit) {
      const outcome = attempt(`running Permit plugin "${plugin.name}"`, () => plugin.permit(state, pod, nodeName));
      if (outcome === undefined) continue;
      if ('waitMs' in outcome) {
        waits ??= new Map();
        waits.set(plugin.name, outcome.waitMs);
      } else if (isRejection(outcome)) return { ...outcome, plugin: plugin.name };
    }
    return waits ?? noWaits;
  }

  /** Whether some plugin has something to do before the Pod is bound. */
  willPreBind(state: CycleState): boolean {
    return this.#metrics.timed(
      'PreBindPreFlight',
      () => this.#preBind.some((plugin) => plugin.willPreBind?.(state) ?? true),
      (will) => (will ? 'Success' : 'Skip'),
    );
  }

  preBind(state: CycleState, pod: PodInfo, nodeName: string): Promise<Status | undefined> {
    return this.#metrics.timedAsync('PreBind', () => this.#runPreBind(state, pod, nodeName), outcomeOf);
  }

  async #runPreBind(state: CycleState, pod: PodInfo, nodeName: string): Promise<Status | undefined> {
    for (const plugin of this.#preBind) {
      const status = await attemptAsync(`running PreBind plugin "${plugin.name}"`, () => plugin.preBind(state, pod, nodeName));
      if (status !== undefined && isRejection(status)) return { ...status, plugin: plugin.name };
    }
    return undefined;
  }

  bind(state: CycleState, pod: PodInfo, nodeName: string): Promise<Status | undefined> {
    return this.#metrics.timedAsync('Bind', () => this.#runBind(state, pod, nodeName), outcomeOf);
  }

  async #runBind(state: CycleState, pod: PodInfo, nodeName: string): Promise<Status | undefined> {
    for (const plugin of this.#bind) {
      const status = await attemptAsync(`running Bind plugin "${plugin.name}"`, () => plugin.bind(state, pod, nodeName));
      if (status?.code === 'Skip') continue;
      return status === undefined ? undefined : { ...status, plugin: plugin.name };
    }
    return unschedulable('no plugin binds the Pod');
  }

  postBind(state: CycleState, pod: PodInfo, nodeName: string): void {
    this.#metrics.timed('PostBind', () => {
      for (const plugin of this.#postBind) plugin.postBind(state, pod, nodeName);
    });
  }
}

function scoresBy(plugin: Having<'score'>, state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): number[] {
  const scores: number[] = [];
  for (const node of nodes) scores.push(plugin.score(state, pod, node));
  return scores;
}

function noneLeft(plugins: readonly string[]): string {
  const [only, ...others] = plugins.toSorted();
  return others.length === 0
    ? `node(s) didn't satisfy plugin ${only}`
    : `node(s) didn't satisfy plugin(s) [${plugins.toSorted().join(' ')}] simultaneously`;
}

function attempt<T>(what: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    throw new PluginError(what, error);
  }
}

async function attemptAsync<T>(what: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw new PluginError(what, error);
  }
}
