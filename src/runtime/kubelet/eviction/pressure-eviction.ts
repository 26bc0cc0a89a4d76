/**
 * Keeps a node from running out of memory, disk and processes: looks every ten seconds what is left, raises the node's
 * conditions, frees what no pod needs, and evicts one pod at a time. Guarantees: pods are measured only while a
 * threshold is met; critical pods are never evicted. Source: pkg/kubelet/eviction/eviction_manager.go (synchronize).
 */
import type { Node, Pod, Toleration } from '../../../api/generated/core/v1.ts';
import { qosClass } from '../../../api/pod/resources.ts';
import type { Upkeep } from '../../../client/clock.ts';
import type { KubeletConfig } from '../config/kubelet-config.ts';
import { type PressureCondition, type StarvedResource, signals, type Threshold } from '../config/thresholds.ts';
import type { KubeletDeps } from '../deps.ts';
import { mustEnd } from '../pods/pod-life.ts';
import type { PodWorker } from '../pods/pod-worker.ts';
import type { Waiting } from '../pods/status-input.ts';
import { isCriticalPod } from './critical-pod.ts';
import { podUse } from './pod-use.ts';
import { evictionMessage, type PodUse, ranked } from './ranking.ts';
import { type NodeReserves, type Observations, observationsOf, thresholdsMet } from './reserves.ts';

/** Source: pkg/kubelet/kubelet.go (evictionMonitoringPeriod). */
const periodMs = 10_000;
/** How long to wait for an evicted pod to end before the next one. Source: eviction_manager.go (podCleanupTimeout). */
const cleanupMs = 30_000;
/** Source: eviction_manager.go (immediateEvictionGracePeriodSeconds). */
const immediateGraceSeconds = 1;

export interface PressureEvictionOptions {
  readonly deps: KubeletDeps;
  readonly config: KubeletConfig;
  workers(): readonly PodWorker[];
  reserves(): Promise<NodeReserves>;
  /** The node, for events about it; undefined before it is registered. */
  node(): Node | undefined;
  /** Frees disk that no pod needs. */
  reclaimDisk(): Promise<void>;
  /** Called when the set of conditions has changed. */
  onChange(): void;
}

const toleratesMemoryPressure = ({ key = '', operator = 'Equal', value = '', effect = 'NoSchedule' }: Toleration): boolean =>
  effect === 'NoSchedule' &&
  (key === '' ? operator === 'Exists' : key === 'node.kubernetes.io/memory-pressure' && (operator === 'Exists' || value === ''));

export class PressureEviction {
  readonly #options: PressureEvictionOptions;
  /** When each condition was last seen. */
  readonly #seenAtMs = new Map<PressureCondition, number>();
  /** Since when each threshold has been met. */
  #metSinceMs = new Map<Threshold, number>();
  #conditions: readonly PressureCondition[] = [];
  #evicted: { readonly worker: PodWorker; readonly atMs: number } | undefined;
  #cancel: (() => void) | undefined;

  constructor(options: PressureEvictionOptions) {
    this.#options = options;
  }

  /** The conditions that are true now, in the order in which they came. */
  get conditions(): readonly PressureCondition[] {
    return this.#conditions;
  }

  /** Begins to look; ends when the kubelet does. Resolves after the first look. */
  async start(): Promise<void> {
    const { closing } = this.#options.deps;
    closing.addEventListener('abort', () => this.#cancel?.(), { once: true });
    if (this.#options.config.evictionThresholds.length > 0) await this.#look();
  }

  /** Why the node takes no such pod now; undefined when it does. Source: eviction_manager.go (Admit). */
  refusal(pod: Pod): Waiting | undefined {
    const [one] = this.#conditions;
    if (one === undefined || isCriticalPod(pod)) return undefined;
    if (one === 'MemoryPressure' && this.#conditions.length === 1) {
      if (qosClass(pod) !== 'BestEffort' || (pod.spec.tolerations ?? []).some(toleratesMemoryPressure)) return undefined;
    }
    return { reason: 'Evicted', message: `The node had condition: [${this.#conditions.join(' ')}]. ` };
  }

  async #look(): Promise<void> {
    const { clock, closing, log } = this.#options.deps;
    try {
      await this.#round();
    } catch (error) {
      log.warn('the resources of the node could not be measured', { error: String(error) });
    }
    if (!closing.aborted) this.#cancel = clock.setTimer(periodMs, () => void this.#look(), this.#upkeep);
  }

  /** While nothing is short, the next look finds what this one has found, unless something happens. */
  get #upkeep(): Upkeep | undefined {
    return this.#metSinceMs.size === 0 && this.#seenAtMs.size === 0 ? { quietMs: periodMs } : undefined;
  }

  async #round(): Promise<void> {
    const { config, deps } = this.#options;
    const observations = observationsOf(await this.#options.reserves());
    const now = deps.clock.now();
    const unresolved = thresholdsMet([...this.#metSinceMs.keys()], observations, true);
    const met = new Set([...thresholdsMet(config.evictionThresholds, observations, false), ...unresolved]);
    this.#metSinceMs = new Map([...met].map((threshold) => [threshold, this.#metSinceMs.get(threshold) ?? now]));
    this.#note(met, now);
    const due = [...met].filter((threshold) => now - (this.#metSinceMs.get(threshold) ?? now) >= threshold.graceMs);
    if (due.length === 0 || this.#waitsForEvicted(now)) return;
    await this.#reclaim(due, observations);
  }

  /** Keeps the conditions for the transition period after their thresholds were last met. */
  #note(met: ReadonlySet<Threshold>, now: number): void {
    for (const { signal } of met) this.#seenAtMs.set(signals[signal].condition, now);
    const { evictionPressureTransitionPeriodMs: period } = this.#options.config;
    for (const [condition, atMs] of this.#seenAtMs) if (now - atMs >= period) this.#seenAtMs.delete(condition);
    const conditions = [...this.#seenAtMs.keys()];
    if (conditions.join() === this.#conditions.join()) return;
    this.#conditions = conditions;
    this.#options.onChange();
  }

  #waitsForEvicted(now: number): boolean {
    if (this.#evicted === undefined) return false;
    const { worker, atMs } = this.#evicted;
    return worker.state.life.stage !== 'terminated' && now - atMs < cleanupMs;
  }

  async #reclaim(due: readonly Threshold[], observations: Observations): Promise<void> {
    const { config, deps } = this.#options;
    // Memory comes before all others. Source: helpers.go (byEvictionPriority).
    const [threshold] = due.toSorted((a, b) => Number(b.signal === 'memory.available') - Number(a.signal === 'memory.available'));
    if (threshold === undefined) return;
    const { resource } = signals[threshold.signal];
    const node = this.#options.node();
    if (node !== undefined) deps.events.event(node, 'Warning', 'EvictionThresholdMet', `Attempting to reclaim ${resource}`);
    if (signals[threshold.signal].condition === 'DiskPressure') {
      await this.#options.reclaimDisk();
      const after = observationsOf(await this.#options.reserves());
      if (thresholdsMet(config.evictionThresholds, after, true).length === 0) return;
    }
    await this.#evictOne(threshold, { resource, met: due, observations });
  }

  async #evictOne(threshold: Threshold, shortage: { resource: StarvedResource; met: readonly Threshold[]; observations: Observations }) {
    const { config, deps, workers } = this.#options;
    const byPod = new Map<Pod, PodWorker>();
    const uses = new Map<Pod, PodUse>();
    for (const worker of workers()) {
      const { pod, life, goneFromApi } = worker.state;
      if (mustEnd(life) || goneFromApi || ['Succeeded', 'Failed'].includes(pod.status.phase ?? '')) continue;
      byPod.set(pod, worker);
      uses.set(pod, await podUse(deps, worker));
    }
    const pod = ranked([...byPod.keys()], shortage.resource, (one) => uses.get(one)).find((one) => !isCriticalPod(one));
    const worker = pod === undefined ? undefined : byPod.get(pod);
    if (pod === undefined || worker === undefined) return;
    const graceSeconds =
      threshold.graceMs === 0 ? immediateGraceSeconds : Math.min(config.evictionMaxPodGracePeriod, pod.spec.terminationGracePeriodSeconds);
    deps.log.info('pod evicted', { pod: worker.state.podText, resource: shortage.resource });
    this.#evicted = { worker, atMs: deps.clock.now() };
    worker.evict(evictionMessage(pod, uses.get(pod), shortage), { graceSeconds, isDisruption: true });
  }
}
