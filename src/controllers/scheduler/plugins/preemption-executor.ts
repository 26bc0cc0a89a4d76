/**
 * Evicts the victims of preemption while other Pods are scheduled. The Pod that they make room for stays out of the
 * queue until the last eviction is on its way; if one fails, it is tried again. Source:
 * pkg/scheduler/framework/preemption/executor.go, KEP-4832.
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { refOf } from '../../../api/object.ts';
import { isNotFound } from '../../../api/status-error.ts';
import { disruptionTarget } from '../../disruption-target.ts';
import { podPriority } from '../../pods.ts';
import type { PluginHandle } from '../framework/plugin.ts';
import { nominatedNode } from '../nominator.ts';
import type { Candidate } from './preemption-victims.ts';

export const pluginName = 'DefaultPreemption';

export class PreemptionExecutor {
  readonly #handle: PluginHandle;
  /** The Pods that others are being evicted for, by uid; with the last victim once its eviction has begun. */
  readonly #running = new Map<string, Pod | undefined>();

  constructor(handle: PluginHandle) {
    this.#handle = handle;
  }

  /** True until the API knows of all evictions. */
  isRunning(uid: string): boolean {
    if (!this.#running.has(uid)) return false;
    const last = this.#running.get(uid);
    if (last === undefined) return true;
    // The victim's deletion may be known before the call that deletes it returns.
    const victim = this.#handle.informers.informer(podKind).cache.get(refOf(last));
    return victim !== undefined && victim.metadata.deletionTimestamp === undefined;
  }

  /** Starts the evictions and returns at once. */
  start(preemptor: Pod, { nodeName, victims }: Candidate): void {
    const alive = victims.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
    if (alive.length === 0) return;
    this.#running.set(preemptor.metadata.uid, undefined);
    this.#handle.background(this.#run(preemptor, nodeName, alive));
  }

  async #run(preemptor: Pod, nodeName: string, victims: readonly Pod[]): Promise<void> {
    const { uid } = preemptor.metadata;
    const { log } = this.#handle;
    let failed = false;
    const fail = (what: string) => (error: unknown) => {
      failed = true;
      log.warn(what, { pod: `${preemptor.metadata.namespace}/${preemptor.metadata.name}`, node: nodeName, error });
    };
    await this.#clearNominations(preemptor, nodeName).catch(fail('could not end the nomination of a Pod of lower priority'));
    const last = victims.at(-1);
    const others = victims.slice(0, -1).map((victim) => this.#evict(preemptor, nodeName, victim));
    const outcomes = await Promise.allSettled(others);
    const refused = outcomes.find((outcome) => outcome.status === 'rejected');
    if (refused !== undefined) fail('could not evict a Pod')(refused.reason);
    else if (last !== undefined) {
      // A Pod that only waits gives its place back at once, and nothing in the API will tell.
      if (this.#handle.waitingPods.get(last.metadata.uid) === undefined) this.#running.set(uid, last);
      else this.#running.delete(uid);
      await this.#evict(preemptor, nodeName, last).catch(fail('could not evict a Pod'));
    }
    this.#running.delete(uid);
    if (failed) this.#handle.activate(uid);
  }

  /** Pods of lower priority may no longer fit on the node; they look for another one at once. */
  async #clearNominations(preemptor: Pod, nodeName: string): Promise<void> {
    const { client, nominated } = this.#handle;
    const lower = nominated.on(nodeName).filter(({ pod }) => podPriority(pod) < podPriority(preemptor) && nominatedNode(pod) !== '');
    const body = { status: { nominatedNodeName: null } };
    for (const { pod } of lower) {
      await client.resource(podKind).patch(refOf(pod), { type: 'strategic', subresource: 'status', body });
    }
  }

  async #evict(preemptor: Pod, nodeName: string, victim: Pod): Promise<void> {
    const { client, clock, events, waitingPods } = this.#handle;
    const api = client.resource(podKind);
    const waiting = waitingPods.get(victim.metadata.uid);
    // A Pod that only waits to be bound gives its place back and is scheduled again.
    if (waiting !== undefined) waiting.preempt('preempted');
    else {
      const message = `${preemptor.spec.schedulerName}: preempting to accommodate a higher priority pod`;
      try {
        const body = disruptionTarget(victim, { reason: 'PreemptionByScheduler', message }, clock.now());
        await api.patch(refOf(victim), { type: 'strategic', subresource: 'status', body });
        await api.delete(refOf(victim));
      } catch (error) {
        if (isNotFound(error)) return;
        throw error;
      }
    }
    const how = waiting === undefined ? '' : ' (in kube-scheduler memory).';
    const text = `Preempted by pod ${preemptor.metadata.uid} on node ${nodeName}${how}`;
    events.event({ object: victim, related: preemptor }, 'Normal', 'Preempted', text);
  }
}
