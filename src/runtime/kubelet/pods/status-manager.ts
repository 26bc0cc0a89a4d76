/**
 * Writes pods' statuses to the API without delay: at most one write in flight per pod, and the newest status wins.
 * Source: pkg/kubelet/status/status_manager.go.
 */
import { setImmediate as turn } from 'node:timers/promises';
import type { Pod, PodCondition, PodStatus } from '../../../api/generated/core/v1.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { refOf } from '../../../api/object.ts';
import { isConflict, isNotFound } from '../../../api/status-error.ts';
import type { Client } from '../../../client/client.ts';
import { type Clock, sleep } from '../../../client/clock.ts';
import type { Logger } from '../../../client/logger.ts';
import { shows } from '../static-pods/config-annotations.ts';

export interface StatusManagerOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The newest known object of a pod, or undefined when it is gone. */
  cached(pod: Pod): Pod | undefined;
}

interface Pending {
  status: PodStatus | undefined;
  writing: Promise<void> | undefined;
}

/** Types of the conditions that the kubelet sets. */
export const kubeletConditions: ReadonlySet<string> = new Set([
  'PodScheduled',
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'AllContainersRestarting',
  'PodResizePending',
  'PodResizeInProgress',
]);
/** A condition that others set too; this is how the kubelet sets it. */
const isDisruption = ({ type, reason }: PodCondition): boolean => type === 'DisruptionTarget' && reason === 'TerminationByKubelet';
const retryMs = 1000;

/**
 * Conditions of other writers (scheduler, readiness gates) as they are now, the kubelet's own conditions as computed.
 */
function mergeConditions(status: PodStatus, current: Pod): PodStatus {
  const disrupted = (status.conditions ?? []).find(isDisruption);
  const own = (status.conditions ?? []).filter((c) => kubeletConditions.has(c.type) || c === disrupted);
  const others = (current.status.conditions ?? []).filter(
    (c) => !own.some(({ type }) => type === c.type) && !kubeletConditions.has(c.type),
  );
  return { ...status, conditions: [...own, ...others] };
}

export class StatusManager {
  readonly #options: StatusManagerOptions;
  readonly #pending = new Map<string, Pending>();

  constructor(options: StatusManagerOptions) {
    this.#options = options;
  }

  /** Queues a status. Resolves when this status or a newer one of the same pod was written, or when the pod is gone. */
  async set(pod: Pod, status: PodStatus): Promise<void> {
    const { uid } = pod.metadata;
    const pending = this.#pending.get(uid) ?? { status: undefined, writing: undefined };
    this.#pending.set(uid, pending);
    pending.status = status;
    pending.writing ??= this.#drain(pod, pending);
    await pending.writing;
  }

  /** Whether a status of this pod is queued or being written. */
  isWriting(uid: string): boolean {
    return this.#pending.has(uid);
  }

  async #drain(pod: Pod, pending: Pending): Promise<void> {
    try {
      while (pending.status !== undefined && !this.#options.signal.aborted) {
        // Wait for one turn of the event loop, so that several changes within one turn become one write of the last
        // state.
        await turn();
        const status = pending.status;
        pending.status = undefined;
        if (!(await this.#write(pod, status))) pending.status ??= status;
      }
    } finally {
      pending.writing = undefined;
      this.#pending.delete(pod.metadata.uid);
    }
  }

  /** Returns false when the write must be tried again. */
  async #write(pod: Pod, status: PodStatus): Promise<boolean> {
    const { client, clock, log, signal } = this.#options;
    const api = client.resource(podKind);
    let current = this.#options.cached(pod);
    for (let attempt = 0; attempt < 5; attempt++) {
      if (current === undefined || !shows(current, pod)) return true;
      try {
        await api.updateStatus({ ...current, status: mergeConditions(status, current) });
        return true;
      } catch (error) {
        if (isNotFound(error)) return true;
        if (!isConflict(error)) {
          log.warn('pod status could not be written', { pod: pod.metadata.name, namespace: pod.metadata.namespace, error: String(error) });
          await sleep(clock, retryMs, signal);
        }
        current = await api.get(refOf(pod)).catch((cause: unknown) => {
          if (isNotFound(cause)) return undefined;
          return current;
        });
      }
    }
    await sleep(clock, retryMs, signal);
    return false;
  }
}
