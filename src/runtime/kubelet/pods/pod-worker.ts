/**
 * One pod's state machine: desired (the API object) against observed (the engine), one step at a time.
 *
 * Guarantees: one loop per pod, never two steps at once; every change of the pod, the engine or a volume's source wakes it; a failing engine makes it
 * retry with back-off and lose nothing; what a step did is visible in the status at once. Restart-safe: all state is read back from the engine.
 * Source: pkg/kubelet/pod_workers.go.
 */

import { deepEqual } from '../../../api/deep-equal.ts';
import { errorText } from '../../../api/error-text.ts';
import type { Pod, PodStatus } from '../../../api/generated/core/v1.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { refOf } from '../../../api/object.ts';
import { isConflict, isNotFound } from '../../../api/status-error.ts';
import { type Container, type PodRuntimeEvent, RuntimeError, type Sandbox } from '../../container/container-runtime.ts';
import type { KubeletDeps } from '../deps.ts';
import { VolumeSync } from '../volumes/volume-sync.ts';
import { podPhase } from './pod-phase.ts';
import { decideResize } from './pod-resize.ts';
import { SandboxSync } from './pod-sandbox.ts';
import { PodState } from './pod-state.ts';
import { podStatus } from './pod-status.ts';
import { syncPod } from './pod-sync.ts';
import { graceSeconds, refreshContainer, removePod, stopContainersOfPod, stopSandboxes } from './pod-termination.ts';
import type { StatusInput, Waiting } from './status-input.ts';
import { kubeletConditions } from './status-manager.ts';

const firstRetryMs = 500;
const maxRetryMs = 10_000;
/** Source: eviction_manager.go (immediateEvictionGracePeriodSeconds). */
const evictionGraceSeconds = 1;

const isTerminal = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed';

/** What of a status only the kubelet writes. Source: status_manager.go (isPodStatusByKubeletEqual). */
const ownShare = ({ phase, podIP, conditions, ...status }: PodStatus): readonly unknown[] => [
  phase,
  podIP,
  [status.containerStatuses, status.initContainerStatuses, status.ephemeralContainerStatuses],
  (conditions ?? [])
    .filter(({ type }) => kubeletConditions.has(type))
    .map(({ type, ...condition }) => [type, condition.status, condition.reason, condition.message])
    .sort(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1)),
];

export class PodWorker {
  readonly state: PodState;
  readonly #volumes = new VolumeSync();
  readonly #sandbox = new SandboxSync();
  /** Ids of what must be read again from the engine. */
  readonly #stale = new Set<string>();
  readonly #onGone: (worker: PodWorker) => void;
  #resyncNeeded = false;
  #deletedFromApi = false;
  #awake = false;
  #running: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #failures = 0;
  #published: PodStatus | undefined;
  #closed = false;

  /** `onGone` is called once, when nothing of the pod is left. */
  constructor(pod: Pod, deps: KubeletDeps, onGone: (worker: PodWorker) => void) {
    this.state = new PodState(pod, deps);
    this.#onGone = onGone;
  }

  /** As this worker last told it, before that as the API has it. */
  get status(): PodStatus {
    return this.#published ?? this.state.pod.status;
  }

  /** Takes over what the engine has of the pod and this worker does not know. */
  adopt(sandboxes: readonly Sandbox[], containers: readonly Container[]): void {
    const { observed } = this.state;
    const stale = this.#running !== undefined || this.#published !== undefined;
    for (const sandbox of sandboxes) {
      if (observed.sandboxes.has(sandbox.id)) continue;
      observed.sandboxes.set(sandbox.id, sandbox);
      if (stale) this.#stale.add(sandbox.id);
    }
    for (const container of containers) {
      if (observed.containers.has(container.id)) continue;
      observed.containers.set(container.id, container);
      if (stale || container.state === 'exited') this.#stale.add(container.id);
      this.#adoptContainer(container);
    }
    if (this.#stale.size > 0) this.wake();
  }

  #adoptContainer(container: Container): void {
    const { state } = this;
    const spec = state.spec(container.name);
    const status = state.statusOf(container.name);
    const same = status?.containerID === `docker://${container.id}`;
    if (same && status.imageID !== '') state.imageRefs.set(container.imageId, status.imageID);
    if (container.state !== 'running' || spec === undefined) return;
    state.deps.probes.start({
      pod: state.pod,
      container: spec,
      containerId: container.id,
      podIp: state.facts.podIp,
      startedAtMs: container.startedAtMs,
      ...(same ? { before: { ready: status.ready, started: status.started === true } } : {}),
    });
  }

  /** The node cannot run it: it fails at once. Source: pkg/kubelet/kubelet.go (rejectPod). */
  refuse({ reason, message }: Waiting): void {
    this.state.failure = { reason, message: `Pod was rejected: ${message}` };
    this.state.event('Warning', reason, message);
    this.#end();
  }

  /** It uses more of the node than it may. Source: pkg/kubelet/eviction/eviction_manager.go (evictPod). */
  evict(message: string): void {
    const { state } = this;
    if (state.terminating) return;
    state.failure = { reason: 'Evicted', message };
    state.graceOverrideSeconds = evictionGraceSeconds;
    state.event('Warning', 'Evicted', message);
    this.#end();
    this.wake();
  }

  /** The API object changed. A shorter grace period takes effect on containers that are being stopped. */
  update(pod: Pod): void {
    const previous = this.state.pod;
    const before = graceSeconds(this.state);
    this.state.pod = pod;
    const { labels, annotations, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) this.#end();
    const now = graceSeconds(this.state);
    if (this.state.terminating && now < before) this.#hurry(now);
    const resized = pod.metadata.generation !== previous.metadata.generation;
    if (resized || !deepEqual([labels, annotations], [previous.metadata.labels, previous.metadata.annotations])) this.#volumes.expire();
    if (this.#published === undefined || !this.#isOwnStatusUpdate(previous, pod)) this.wake();
  }

  /** The API object is gone: stop and remove everything, soon. */
  deleted(last: Pod): void {
    const before = graceSeconds(this.state);
    this.state.pod = last;
    this.state.goneFromApi = true;
    this.#deletedFromApi = true;
    this.#end();
    const now = graceSeconds(this.state);
    if (now < before) this.#hurry(now);
    this.wake();
  }

  /** A config map or secret that the pod refers to changed. */
  sourceChanged(): void {
    this.#volumes.expire();
    this.wake();
  }

  runtimeEvent(event: PodRuntimeEvent): void {
    const { containers, sandboxes } = this.state.observed;
    if (event.type === 'sandboxStarted') return;
    const sandbox = sandboxes.get(event.id);
    const known = containers.get(event.id) ?? sandbox;
    if (known === undefined) return;
    const ended = known.state === 'exited' || known.state === 'notReady';
    // What this worker stopped itself it has read already, and what it starts it knows; only what had ended was started by another.
    if (event.type === 'containerStarted' ? !ended : ended && (event.type === 'containerExited' || event.type === 'sandboxStopped')) return;
    // A sandbox that was stopped is done with, also when it runs again by now: its containers hold on to a network that has gone.
    if (sandbox !== undefined && event.type === 'sandboxStopped') sandboxes.set(event.id, { ...sandbox, state: 'notReady', ip: '' });
    else this.#stale.add(event.id);
    this.wake();
  }

  /** The event stream had a gap: read everything again. */
  resync(): void {
    this.#resyncNeeded = true;
    this.wake();
  }

  /** Runs the loop if it is not running; otherwise makes it run once more. */
  wake(): void {
    if (this.#closed) return;
    this.#awake = true;
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#running ??= this.#run();
  }

  stopProbes(): void {
    for (const id of this.state.observed.containers.keys()) this.state.deps.probes.stop(id);
  }

  /** Stops working on the pod without touching its containers. Resolves when the current step has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    this.state.abort();
    await this.#running;
  }

  /** Whether an update only brings back what this worker wrote: nothing to do then. */
  #isOwnStatusUpdate(previous: Pod, pod: Pod): boolean {
    const [a, b] = [previous.metadata, pod.metadata];
    if (a.generation !== b.generation || a.deletionTimestamp !== b.deletionTimestamp) return false;
    if (a.deletionGracePeriodSeconds !== b.deletionGracePeriodSeconds) return false;
    if (!deepEqual([a.labels, a.annotations], [b.labels, b.annotations])) return false;
    const foreign = ({ status }: Pod) =>
      (status.conditions ?? []).filter((c) => !kubeletConditions.has(c.type) && c.type !== 'PodScheduled');
    if (!deepEqual(foreign(previous), foreign(pod))) return false;
    const published = this.#published;
    if (published === undefined || this.state.deps.statuses.isWriting(b.uid)) return true;
    const intact = deepEqual(ownShare(pod.status), ownShare(published));
    // Someone else wrote the status: the kubelet's own is written again. Source: status_manager.go (needsReconcile).
    if (!intact) this.#published = undefined;
    return intact;
  }

  #end(): void {
    if (this.state.terminating) return;
    this.state.terminating = true;
    this.state.abort();
  }

  #hurry(seconds: number): void {
    for (const listener of this.state.onHurry) listener(seconds);
  }

  async #run(): Promise<void> {
    try {
      while (this.#awake && !this.#closed) {
        this.#awake = false;
        try {
          this.#wakeAfter(await this.#step());
          this.#failures = 0;
        } catch (error) {
          if (!this.#closed) this.#wakeAfter(this.#failed(error));
        }
      }
    } finally {
      this.#running = undefined;
    }
  }

  #failed(error: unknown): number {
    const { state } = this;
    const delayMs = Math.min(firstRetryMs * 2 ** this.#failures, maxRetryMs);
    this.#failures += 1;
    if (error instanceof RuntimeError && error.code === 'Unavailable') {
      state.deps.engineAway();
      return delayMs;
    }
    const message = errorText(error);
    const expected = error instanceof RuntimeError || (error instanceof Error && 'syscall' in error);
    if (expected) state.event('Warning', 'FailedSync', `Error syncing pod, skipping: ${message}`);
    state.deps.log[expected ? 'warn' : 'error']('pod could not be synced', {
      pod: state.podText,
      error: error instanceof Error && !expected ? (error.stack ?? message) : message,
    });
    return delayMs;
  }

  #wakeAfter(delayMs: number | undefined): void {
    this.#cancelTimer?.();
    this.#cancelTimer = delayMs === undefined || this.#closed ? undefined : this.state.deps.clock.setTimer(delayMs, () => this.wake());
  }

  async #step(): Promise<number | undefined> {
    await this.#observe();
    const { state } = this;
    if (!state.terminating && (this.#deadlineExceeded() || this.#finished())) this.#end();
    if (!state.terminating) decideResize(state);
    state.observedGeneration = state.pod.metadata.generation;
    if (state.terminating) return this.#terminate();
    this.#publish();
    const result = await syncPod(state, { volumes: this.#volumes, sandbox: this.#sandbox, publish: () => this.#publish() });
    if (this.#finished()) this.#awake = true;
    this.#publish();
    return this.#untilDeadline(result.retryAfterMs);
  }

  /** Brings the observed half up to date with the events that came. */
  async #observe(): Promise<void> {
    const { observed, deps } = this.state;
    if (this.#resyncNeeded) {
      this.#resyncNeeded = false;
      for (const id of [...observed.containers.keys(), ...observed.sandboxes.keys()]) this.#stale.add(id);
    }
    const stale = [...this.#stale];
    this.#stale.clear();
    try {
      for (const id of stale) {
        if (observed.containers.has(id)) await refreshContainer(this.state, id);
        else if (observed.sandboxes.has(id)) {
          const sandbox = await deps.runtime.sandboxes.inspect(id);
          if (sandbox === undefined) observed.sandboxes.delete(id);
          else observed.sandboxes.set(id, sandbox);
        }
      }
    } catch (error) {
      for (const id of stale) this.#stale.add(id);
      throw error;
    }
  }

  #finished(): boolean {
    return this.state.ending || isTerminal(this.state.pod.status.phase) || isTerminal(podPhase(this.#statusInput()));
  }

  /** Source: pkg/kubelet/active_deadline.go. */
  #deadlineExceeded(): boolean {
    const remaining = this.#deadlineMs();
    if (remaining === undefined || remaining > 0 || isTerminal(this.state.pod.status.phase)) return false;
    const message = 'Pod was active on the node longer than the specified deadline';
    this.state.failure = { reason: 'DeadlineExceeded', message };
    this.state.event('Normal', 'DeadlineExceeded', message);
    return true;
  }

  #deadlineMs(): number | undefined {
    const seconds = this.state.pod.spec.activeDeadlineSeconds;
    return seconds === undefined ? undefined : this.state.startTimeMs + seconds * 1000 - this.state.deps.clock.now();
  }

  #untilDeadline(retryAfterMs: number | undefined): number | undefined {
    const deadline = this.#deadlineMs();
    return deadline === undefined ? retryAfterMs : Math.min(retryAfterMs ?? deadline, Math.max(0, deadline));
  }

  /** Stops the containers; a pod that is deleted is then removed whole, one that only ended keeps its containers' logs. */
  async #terminate(): Promise<undefined> {
    const { state } = this;
    if (!state.terminated || state.observed.running().length > 0) {
      this.#publish();
      await stopContainersOfPod(state);
      if (!this.#isDeleted()) await stopSandboxes(state);
      state.terminated = true;
    }
    if (!this.#isDeleted()) {
      await this.#publishAndWait();
      return undefined;
    }
    await Promise.all([this.#publishAndWait(), removePod(state)]);
    if (!this.#deletedFromApi) await this.#deleteFromApi();
    this.#closed = true;
    this.#onGone(this);
    return undefined;
  }

  #isDeleted(): boolean {
    return this.#deletedFromApi || this.state.pod.metadata.deletionTimestamp !== undefined;
  }

  async #deleteFromApi(): Promise<void> {
    const { pod, deps } = this.state;
    try {
      await deps.client.resource(podKind).delete(refOf(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  #statusInput(): StatusInput {
    const { state } = this;
    const { probes, clock, node } = state.deps;
    return {
      pod: state.pod,
      observed: state.observed,
      waiting: state.waiting,
      hostIp: node.ip,
      startTimeMs: state.startTimeMs,
      nowMs: clock.now(),
      terminationMessages: state.terminationMessages,
      imageRefs: state.imageRefs,
      granted: state.granted,
      inForce: state.inForce,
      resize: state.resize,
      generation: state.observedGeneration,
      before: this.#published,
      isReady: (id) => probes.isReady(id),
      isStarted: (id) => probes.isStarted(id),
      ending: state.terminating || state.ending,
      ended: state.terminated,
      failure: state.failure,
    };
  }

  #publish(): void {
    this.#publishAndWait().catch((error: unknown) => {
      this.state.deps.log.error('pod status could not be queued', { pod: this.state.podText, error: String(error) });
    });
  }

  async #publishAndWait(): Promise<void> {
    if (this.#deletedFromApi) return;
    const status = podStatus(this.#statusInput());
    if (this.#published !== undefined && deepEqual(status, this.#published)) return;
    this.#published = status;
    await this.state.deps.statuses.set(this.state.pod, status);
  }
}
