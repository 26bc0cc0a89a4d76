/** One reconcile of a DaemonSet. Source: pkg/controller/daemon/daemon_controller.go (syncDaemonSet, manage). */
import type { ControllerRevision, DaemonSet, DaemonSetStatus } from '../../api/generated/apps/v1.ts';
import type { Node, Pod } from '../../api/generated/core/v1.ts';
import { daemonSet } from '../../api/kinds/apps/daemon-set.ts';
import { node as nodeKind } from '../../api/kinds/core/node.ts';
import { pod as podKind } from '../../api/kinds/core/pod.ts';
import { refOf } from '../../api/object.ts';
import { sameJson } from '../../api/same-json.ts';
import { type ControllerContext, type Outcome, settled } from '../controller.ts';
import { createPod, deletePod } from '../pod-control.ts';
import { isPodAvailable, isPodReady, timeOf } from '../pods.ts';
import {
  type CurrentRevision,
  deleteRevision,
  ensureRevision,
  revisionLabel,
  revisionsEqualTo,
  revisionsOf,
  truncateRevisions,
} from '../revisions.ts';
import { inSlowStart } from '../slow-start.ts';
import { isUpdated, nodeOf, placementOn, podFor } from './placement.ts';
import { type Changes, rollingChanges } from './rolling-update.ts';

const burst = 250;
const phaseOrder = ['Running', 'Pending'];

/** How often Pods of a node failed lately, and when the last was removed. */
export interface NodeFailures {
  readonly delayMs: number;
  readonly lastMs: number;
}

const firstDelayMs = 1000;
const maxDelayMs = 15 * 60_000;

const isLeaving = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined;

/** The oldest first; of equal age, those that are on a node and run. Source: podByCreationTimestampAndPhase. */
function byAge(a: Pod, b: Pod): number {
  const placed = (pod: Pod): number => ((pod.spec.nodeName ?? '') === '' ? 1 : 0);
  const phase = (pod: Pod): number => (phaseOrder.indexOf(pod.status.phase ?? '') + phaseOrder.length + 1) % (phaseOrder.length + 1);
  return (
    placed(a) - placed(b) ||
    timeOf(a.metadata.creationTimestamp) - timeOf(b.metadata.creationTimestamp) ||
    phase(a) - phase(b) ||
    (a.metadata.name < b.metadata.name ? -1 : 1)
  );
}

export class DaemonSetSync {
  readonly #set: DaemonSet;
  readonly #nodes: readonly Node[];
  readonly #byNode: ReadonlyMap<string, readonly Pod[]>;
  readonly #failures: Map<string, NodeFailures>;
  readonly #context: ControllerContext;
  #hash = '';
  #requeueMs: number | undefined;

  constructor(set: DaemonSet, pods: readonly Pod[], failures: Map<string, NodeFailures>, context: ControllerContext) {
    this.#set = set;
    this.#nodes = context.cache(nodeKind).list();
    this.#byNode = Map.groupBy(pods, nodeOf);
    this.#failures = failures;
    this.#context = context;
  }

  async run(): Promise<Outcome> {
    const revisions = await revisionsOf(this.#set, daemonSet, this.#context);
    // What was changed brings the set here again, with caches that show it.
    if (await this.#unite(revisionsEqualTo(this.#set, revisions))) return settled;
    const current = await ensureRevision({
      owner: this.#set,
      kind: daemonSet,
      label: revisionLabel,
      revisions,
      collisionCount: this.#set.status.collisionCount,
      context: this.#context,
    });
    this.#hash = current.revision.metadata.labels?.[revisionLabel] ?? '';
    let failure: { readonly error: unknown } | undefined;
    try {
      const changes = this.#wanted();
      await this.#carryOut(changes);
      // A rolling update goes on once each node has what it should.
      const quiet = changes.add.length + changes.remove.length === 0;
      if (quiet && this.#set.spec.updateStrategy.type === 'RollingUpdate') await this.#carryOut(this.#rolling());
    } catch (error) {
      failure = { error };
    }
    await this.#writeStatus(current);
    const wait = this.#requeueMs === undefined ? settled : { requeueAfterMs: Math.max(1, this.#requeueMs) };
    if (failure !== undefined) return { ...wait, failure };
    const hashes = new Set([...this.#byNode.values()].flat().map(({ metadata }) => metadata.labels?.[revisionLabel]));
    const live = revisions.filter(({ metadata }) => hashes.has(metadata.labels?.[revisionLabel])).map(({ metadata }) => metadata.name);
    await truncateRevisions(this.#set, revisions, new Set([...live, current.revision.metadata.name]), this.#context);
    return wait;
  }

  /**
   * Keeps the newest of several revisions of the template, and labels the Pods with it. False: there are not several.
   * Source: pkg/controller/daemon/update.go (dedupCurHistories).
   */
  async #unite(equal: readonly ControllerRevision[]): Promise<boolean> {
    const kept = equal.at(-1);
    if (kept === undefined || equal.length === 1) return false;
    const hash = kept.metadata.labels?.[revisionLabel] ?? '';
    const { api } = this.#context;
    for (const one of [...this.#byNode.values()].flat()) {
      if (one.metadata.labels?.[revisionLabel] === hash) continue;
      await api(podKind).patch(refOf(one), { type: 'merge', body: { metadata: { labels: { [revisionLabel]: hash } } } });
    }
    for (const one of equal) if (one !== kept) await deleteRevision(one, this.#context);
    return true;
  }

  get #nowMs(): number {
    return this.#context.clock.now();
  }

  #requeueAfter(delayMs: number): void {
    this.#requeueMs = Math.min(this.#requeueMs ?? delayMs, delayMs);
  }

  #rolling(): Changes {
    const input = { set: this.#set, hash: this.#hash, nodes: this.#nodes, podsByNode: this.#byNode, nowMs: this.#nowMs };
    return rollingChanges(input);
  }

  /** What each node lacks or has too much. */
  #wanted(): Changes {
    const [remove, add]: [Pod[], string[]] = [[], []];
    const known = new Set(this.#nodes.map(({ metadata }) => metadata.name));
    for (const node of this.#nodes) {
      const { name } = node.metadata;
      const { runs, stays } = placementOn(this.#set, node);
      const pods = this.#byNode.get(name) ?? [];
      if (runs && pods.length === 0) add.push(name);
      else if (stays) {
        const running = this.#running(name, pods, remove);
        if (this.#surges && running.length === 0 && runs) add.push(name);
        else remove.push(...this.#superfluous(running));
      } else remove.push(...pods.filter((pod) => !isLeaving(pod)));
    }
    // Pods for nodes that are gone are never scheduled, and nobody else would delete them.
    for (const [name, pods] of this.#byNode) {
      if (!known.has(name)) remove.push(...pods.filter((pod) => (pod.spec.nodeName ?? '') === '' && !isLeaving(pod)));
    }
    return { remove, add };
  }

  get #surges(): boolean {
    const { type, rollingUpdate } = this.#set.spec.updateStrategy;
    const surge = rollingUpdate?.maxSurge ?? 0;
    return type === 'RollingUpdate' && surge !== 0 && surge !== '0%';
  }

  /** The Pods of a node that run; those that have ended are removed, failed ones after a wait that doubles. */
  #running(node: string, pods: readonly Pod[], remove: Pod[]): readonly Pod[] {
    return pods.filter((pod) => {
      if (isLeaving(pod)) return false;
      const { phase } = pod.status;
      if (phase !== 'Failed' && phase !== 'Succeeded') return true;
      if (phase === 'Failed' && !this.#mayReplaceFailed(node)) return false;
      const name = `${pod.metadata.namespace}/${pod.metadata.name}`;
      const [type, reason, what] =
        phase === 'Failed' ? (['Warning', 'FailedDaemonPod', 'kill'] as const) : (['Normal', 'SucceededDaemonPod', 'delete'] as const);
      this.#context.events.event(
        this.#set,
        type,
        reason,
        `Found ${phase.toLowerCase()} daemon pod ${name} on node ${node}, will try to ${what} it`,
      );
      remove.push(pod);
      return false;
    });
  }

  /** Whether the wait after the last failure on a node is over. Starts the next, longer one. */
  #mayReplaceFailed(node: string): boolean {
    const key = `${this.#set.metadata.uid}/${this.#set.status.observedGeneration ?? 0}/${node}`;
    const last = this.#failures.get(key);
    const leftMs = last === undefined ? 0 : last.lastMs + last.delayMs - this.#nowMs;
    if (leftMs > 0) {
      this.#requeueAfter(leftMs);
      return false;
    }
    // After a long time without a failure the wait begins anew.
    const recent = last !== undefined && this.#nowMs - last.lastMs <= 2 * maxDelayMs;
    this.#failures.set(key, { delayMs: recent ? Math.min(last.delayMs * 2, maxDelayMs) : firstDelayMs, lastMs: this.#nowMs });
    return true;
  }

  /** All but the oldest Pod; while surging, all but the oldest new and the oldest old one. */
  #superfluous(running: readonly Pod[]): readonly Pod[] {
    if (running.length <= 1) return [];
    const sorted = running.toSorted(byAge);
    if (!this.#surges) return sorted.slice(1);
    const fresh = sorted.find(({ metadata }) => metadata.labels?.[revisionLabel] === this.#hash);
    const old = sorted.find(({ metadata }) => metadata.labels?.[revisionLabel] !== this.#hash);
    const others = sorted.filter((pod) => pod !== fresh && pod !== old);
    const replaced = fresh !== undefined && old !== undefined && (!isPodReady(old) || this.#isAvailable(fresh));
    return replaced ? [...others, old] : others;
  }

  #isAvailable = (pod: Pod): boolean => isPodAvailable(pod, this.#set.spec.minReadySeconds ?? 0, this.#nowMs);

  async #carryOut({ remove, add }: Changes): Promise<void> {
    const nodes = add.slice(0, burst).values();
    const { error } = await inSlowStart(Math.min(add.length, burst), async () => {
      const { value } = nodes.next();
      if (value !== undefined) await createPod(this.#set, podFor(this.#set, value, this.#hash), this.#context);
    });
    const results = await Promise.allSettled(remove.slice(0, burst).map((pod) => deletePod(this.#set, pod, this.#context)));
    const failed = results.find((result) => result.status === 'rejected');
    if (error !== undefined) throw error;
    if (failed !== undefined) throw failed.reason;
  }

  async #writeStatus({ collisionCount }: CurrentRevision): Promise<void> {
    const counts = { desired: 0, current: 0, misscheduled: 0, ready: 0, updated: 0, available: 0 };
    for (const node of this.#nodes) {
      const [oldest] = (this.#byNode.get(node.metadata.name) ?? []).toSorted(byAge);
      if (!placementOn(this.#set, node).runs) {
        if (oldest !== undefined) counts.misscheduled++;
        continue;
      }
      counts.desired++;
      if (oldest === undefined) continue;
      counts.current++;
      if (isPodReady(oldest)) counts.ready++;
      if (this.#isAvailable(oldest)) counts.available++;
      if (isUpdated(oldest, this.#set, this.#hash)) counts.updated++;
    }
    const { minReadySeconds = 0 } = this.#set.spec;
    if (minReadySeconds > 0 && counts.ready !== counts.available) this.#requeueAfter(minReadySeconds * 1000);
    const status = this.#statusOf(counts, collisionCount);
    if (sameJson(status, this.#set.status)) return;
    await this.#context.api(daemonSet).updateStatus({ ...this.#set, status });
  }

  #statusOf(
    counts: Readonly<Record<'desired' | 'current' | 'misscheduled' | 'ready' | 'updated' | 'available', number>>,
    collisionCount: number | undefined,
  ): DaemonSetStatus {
    const positive = (name: string, value: number): Readonly<Record<string, number>> => (value === 0 ? {} : { [name]: value });
    const { conditions } = this.#set.status;
    return {
      currentNumberScheduled: counts.current,
      numberMisscheduled: counts.misscheduled,
      desiredNumberScheduled: counts.desired,
      numberReady: counts.ready,
      observedGeneration: this.#set.metadata.generation ?? 0,
      ...positive('updatedNumberScheduled', counts.updated),
      ...positive('numberAvailable', counts.available),
      ...positive('numberUnavailable', counts.desired - counts.available),
      ...(collisionCount === undefined ? {} : { collisionCount }),
      ...(conditions === undefined ? {} : { conditions }),
    };
  }
}
