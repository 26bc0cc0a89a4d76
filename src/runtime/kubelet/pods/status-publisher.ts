/**
 * Writes a pod's status, as its worker computes it, to the API. Recognizes watch events that only bring back its own
 * write. Source: pkg/kubelet/status/status_manager.go.
 */
import { deepEqual } from '../../../api/deep-equal.ts';
import type { Pod, PodStatus } from '../../../api/generated/core/v1.ts';
import type { PodState } from './pod-state.ts';
import { podStatus } from './pod-status.ts';
import type { StatusInput } from './status-input.ts';
import { kubeletConditions } from './status-manager.ts';

/** The part of a status that only the kubelet writes. Source: status_manager.go (isPodStatusByKubeletEqual). */
const ownShare = ({ phase, podIP, conditions, ...status }: PodStatus): readonly unknown[] => [
  phase,
  podIP,
  [status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses],
  (conditions ?? [])
    .filter(({ type }) => kubeletConditions.has(type))
    .map(({ type, ...condition }) => [type, condition.status, condition.reason, condition.message])
    .sort(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1)),
];

export class StatusPublisher {
  readonly #state: PodState;
  #published: PodStatus | undefined;

  constructor(state: PodState) {
    this.#state = state;
  }

  /** The status that was written last; undefined when none was written, or when another client has overwritten it. */
  get published(): PodStatus | undefined {
    return this.#published;
  }

  /** The next status is written even if it is the one that was written last. */
  forget(): void {
    this.#published = undefined;
  }

  /** Whether an update only brings back what this worker wrote, so that there is nothing to do. */
  isOwnUpdate(previous: Pod, pod: Pod): boolean {
    const [a, b] = [previous.metadata, pod.metadata];
    if (a.generation !== b.generation || a.deletionTimestamp !== b.deletionTimestamp) return false;
    if (a.deletionGracePeriodSeconds !== b.deletionGracePeriodSeconds) return false;
    if (!deepEqual([a.labels, a.annotations], [b.labels, b.annotations])) return false;
    const foreign = ({ status }: Pod) => (status.conditions ?? []).filter((c) => !kubeletConditions.has(c.type));
    if (!deepEqual(foreign(previous), foreign(pod))) return false;
    const published = this.#published;
    if (published === undefined || this.#state.deps.statuses.isWriting(b.uid)) return true;
    const intact = deepEqual(ownShare(pod.status), ownShare(published));
    // Another client changed the status, so the kubelet writes its own again. Source: status_manager.go
    // (needsReconcile).
    if (!intact) this.#published = undefined;
    return intact;
  }

  /** The current input of the status computation. */
  input(): StatusInput {
    const state = this.#state;
    const { probes, clock, node } = state.deps;
    return {
      pod: state.pod,
      observed: state.observed,
      waiting: state.waiting,
      hostIp: node.ip,
      recursiveReadOnly: node.recursiveReadOnly,
      startTimeMs: state.startTimeMs,
      nowMs: clock.now(),
      terminationMessages: state.terminationMessages,
      imageRefs: state.imageRefs,
      users: state.users,
      granted: state.granted,
      inForce: state.inForce,
      podLevel: state.podLevel,
      restartingAll: state.restartingAll,
      restartedInPlace: state.restartedInPlace,
      resize: state.resize,
      generation: state.observedGeneration,
      before: this.#published,
      isReady: (id) => probes.isReady(id),
      isStarted: (id) => probes.isStarted(id),
      life: state.life,
    };
  }

  /** Starts to write the status if it has changed; does not wait for the write. */
  publish(): void {
    this.publishAndWait().catch((error: unknown) => {
      this.#state.deps.log.error('pod status could not be queued', { pod: this.#state.podText, error: String(error) });
    });
  }

  /** Writes the status if it has changed. Resolves when the API has it. */
  async publishAndWait(): Promise<void> {
    if (this.#state.goneFromApi) return;
    const status = podStatus(this.input());
    if (this.#published !== undefined && deepEqual(status, this.#published)) return;
    this.#state.deps.terminations.add(this.#published ?? this.#state.pod.status, status);
    this.#published = status;
    await this.#state.deps.statuses.set(this.#state.pod, status);
  }
}
