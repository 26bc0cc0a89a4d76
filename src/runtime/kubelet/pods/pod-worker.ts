/**
 * One pod's state machine: desired (the API object) against observed (the engine), one step at a time.
 *
 * Guarantees: one loop per pod, never two steps at once; every change of the pod, the engine or a volume's source wakes
 * it; when the engine fails, the step is retried with back-off and nothing is lost; the status shows the result of a
 * step at once. Restart-safe: all state is read back from the engine. Source: pkg/kubelet/pod_workers.go.
 */

import { deepEqual } from '../../../api/deep-equal.ts';
import { errorText } from '../../../api/error-text.ts';
import type { Container as ContainerSpec, Pod, PodStatus } from '../../../api/generated/core/v1.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { refOf } from '../../../api/object.ts';
import { isConflict, isNotFound } from '../../../api/status-error.ts';
import { type Container, type PodRuntimeEvent, RuntimeError, type Sandbox } from '../../container/container-runtime.ts';
import { learnUser } from '../containers/started-as.ts';
import type { KubeletDeps } from '../deps.ts';
import { VolumeSync } from '../volumes/volume-sync.ts';
import { EngineReader } from './engine-reader.ts';
import { mustEnd, type PodFailure, startsNothing } from './pod-life.ts';
import { podPhase } from './pod-phase.ts';
import { decideResize } from './pod-resize.ts';
import { SandboxSync } from './pod-sandbox.ts';
import { PodState } from './pod-state.ts';
import { syncPod } from './pod-sync.ts';
import { graceSeconds, removePod, stopContainersOfPod, stopSandboxes } from './pod-termination.ts';
import { decideRestartAll } from './restart-all.ts';
import type { Waiting } from './status-input.ts';
import { StatusPublisher } from './status-publisher.ts';

const firstRetryMs = 500;
const maxRetryMs = 10_000;
/** Source: eviction_manager.go (immediateEvictionGracePeriodSeconds). */
const evictionGraceSeconds = 1;

const isTerminal = (phase: string | undefined): boolean => phase === 'Succeeded' || phase === 'Failed';

/** What the loop of a worker is doing. */
type Activity =
  /** Waits for the next event, or for its timer. */
  | { readonly type: 'asleep'; readonly cancelTimer: (() => void) | undefined }
  /** A step is running. `again`: something happened that the step may not have seen, so another step must follow. */
  | { readonly type: 'working'; readonly again: boolean }
  /** Ended for good, because nothing of the pod is left or the kubelet is stopping. */
  | { readonly type: 'closed' };

export interface Eviction {
  /** Default 1. */
  readonly graceSeconds?: number;
  /** The pod is told, by its condition DisruptionTarget, that it was ended through no fault of its own. */
  readonly isDisruption?: boolean;
}

export class PodWorker {
  readonly state: PodState;
  readonly #volumes = new VolumeSync();
  readonly #sandbox = new SandboxSync();
  readonly #engine = new EngineReader();
  readonly #status: StatusPublisher;
  readonly #onGone: (worker: PodWorker) => void;
  #activity: Activity = { type: 'asleep', cancelTimer: undefined };
  /** Settles when the loop that was started last has ended. */
  #loop: Promise<void> = Promise.resolve();
  #failures = 0;
  /** Resolves when the pod has ended and the API knows it, or when the worker is closed. */
  readonly #ended = Promise.withResolvers<void>();

  /** `onGone` is called once, when nothing of the pod is left. */
  constructor(pod: Pod, deps: KubeletDeps, onGone: (worker: PodWorker) => void) {
    this.state = new PodState(pod, deps);
    this.state.onLearned = () => this.wake();
    this.#status = new StatusPublisher(this.state);
    this.#onGone = onGone;
  }

  /** The status that this worker wrote last; the API's status if it has not written one. */
  get status(): PodStatus {
    return this.#status.published ?? this.state.pod.status;
  }

  /** Takes over sandboxes and containers of the pod that this worker does not know yet. */
  adopt(sandboxes: readonly Sandbox[], containers: readonly Container[]): void {
    const { observed } = this.state;
    const stale = this.#activity.type === 'working' || this.#status.published !== undefined;
    for (const sandbox of sandboxes) {
      if (observed.sandboxes.has(sandbox.id)) continue;
      observed.sandboxes.set(sandbox.id, sandbox);
      if (stale) this.#engine.expire(sandbox.id);
    }
    for (const container of containers) {
      if (observed.containers.has(container.id)) continue;
      observed.containers.set(container.id, container);
      if (stale || container.state === 'exited') this.#engine.expire(container.id);
      this.#adoptContainer(container);
    }
    if (this.#engine.isBehind) this.wake();
  }

  #adoptContainer(container: Container): void {
    const { state } = this;
    const spec = state.spec(container.name);
    const status = state.statusOf(container.name);
    const same = status?.containerID === `docker://${container.id}`;
    if (same && status.imageID !== '') state.imageRefs.set(container.imageId, status.imageID);
    if (container.state !== 'running' || spec === undefined) return;
    if (!same || status.user === undefined) this.#learnUser(container, spec);
    state.deps.probes.start({
      pod: state.pod,
      container: spec,
      containerId: container.id,
      podIp: state.facts.podIp,
      startedAtMs: container.startedAtMs,
      ...(same ? { before: { ready: status.ready, started: status.started === true } } : {}),
    });
  }

  #learnUser(container: Container, spec: ContainerSpec): void {
    const { log } = this.state.deps;
    learnUser(this.state, container, spec).then(
      () => this.wake(),
      (error: unknown) => log.error('the user of a container could not be learned', { pod: this.state.podText, error: errorText(error) }),
    );
  }

  /** Fails the pod at once, because the node cannot run it. Source: pkg/kubelet/kubelet.go (rejectPod). */
  refuse({ reason, message }: Waiting): void {
    this.state.event('Warning', reason, message);
    this.state.terminate({ reason, message: `Pod was rejected: ${message}`, isRefusal: true });
  }

  /**
   * Evicts the pod, because it uses more of the node's disk than it may, or because the node is short of something
   * (`isDisruption`). Source: pkg/kubelet/eviction/eviction_manager.go (evictPod).
   */
  evict(message: string, { graceSeconds = evictionGraceSeconds, isDisruption = false }: Eviction = {}): void {
    const { state } = this;
    if (mustEnd(state.life)) return;
    state.event('Warning', 'Evicted', message);
    state.terminate({ reason: 'Evicted', message, graceSeconds, isDisruption });
    this.wake();
  }

  /**
   * Ends the pod because its node shuts down, within at most this many seconds. Resolves when its containers have ended
   * and the API knows it. Source: nodeshutdown_manager.go (killPods).
   */
  shutDown(graceSeconds: number): Promise<void> {
    const { state } = this;
    const message = 'Pod was terminated in response to imminent node shutdown.';
    if (mustEnd(state.life)) this.#hurry(Math.max(1, graceSeconds));
    state.terminate({ reason: 'Terminated', message, graceSeconds, isDisruption: true });
    this.wake();
    return this.#ended.promise;
  }

  /** Ends the pod to make way for a critical one. Source: preemption.go (evictPodsToFreeRequests). */
  preempt(): void {
    const { state } = this;
    if (mustEnd(state.life)) return;
    const message = 'Preempted in order to admit critical pod';
    state.event('Warning', 'Preempting', message);
    const disruptionMessage = 'Pod was preempted by Kubelet to accommodate a critical pod.';
    state.terminate({ reason: 'Preempting', message, isDisruption: true, disruptionMessage });
    this.wake();
  }

  /** The API object changed. A shorter grace period takes effect on containers that are being stopped. */
  update(pod: Pod): void {
    const previous = this.state.pod;
    const before = graceSeconds(this.state);
    this.state.pod = pod;
    const { labels, annotations, deletionTimestamp } = pod.metadata;
    if (deletionTimestamp !== undefined) this.state.terminate();
    const now = graceSeconds(this.state);
    if (mustEnd(this.state.life) && now < before) this.#hurry(now);
    const resized = pod.metadata.generation !== previous.metadata.generation;
    if (resized || !deepEqual([labels, annotations], [previous.metadata.labels, previous.metadata.annotations])) this.#volumes.expire();
    if (this.#status.published === undefined || !this.#status.isOwnUpdate(previous, pod)) this.wake();
  }

  /** The API object is gone: stops and removes everything, without waiting for the pod's own grace period. */
  deleted(last: Pod): void {
    const before = graceSeconds(this.state);
    this.state.pod = last;
    this.state.goneFromApi = true;
    this.state.terminate();
    const now = graceSeconds(this.state);
    if (now < before) this.#hurry(now);
    this.wake();
  }

  /** The API has forgotten the pod's status. */
  showAgain(): void {
    this.#status.forget();
    this.wake();
  }

  /** A config map, secret or claim that the pod refers to changed. */
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
    // Exits of containers that this worker stopped are known already, and so are starts that it made. A start is news
    // only for a container that had ended: something other than this worker started it.
    if (event.type === 'containerStarted' ? !ended : ended && (event.type === 'containerExited' || event.type === 'sandboxStopped')) return;
    // A stopped sandbox is never used again, even if it is running again by now, because its containers are attached to
    // a network namespace that no longer exists.
    if (sandbox !== undefined && event.type === 'sandboxStopped') sandboxes.set(event.id, { ...sandbox, state: 'notReady', ip: '' });
    else this.#engine.expire(event.id);
    this.wake();
  }

  /** The event stream had a gap: read everything again. */
  resync(): void {
    this.#engine.expireAll();
    this.wake();
  }

  /**
   * A probe has changed its verdict. While containers are being stopped, no other step says so: their readiness lets
   * Services leave them out. Source: pkg/kubelet/kubelet.go (syncLoopIteration, of readiness updates).
   */
  probed(): void {
    if (mustEnd(this.state.life)) this.#status.publish();
    this.wake();
  }

  /** Runs the loop if it is not running; otherwise makes it run once more. */
  wake(): void {
    const activity = this.#activity;
    if (activity.type === 'closed') return;
    if (activity.type === 'asleep') activity.cancelTimer?.();
    this.#activity = { type: 'working', again: true };
    if (activity.type === 'asleep') this.#loop = this.#run();
  }

  stopProbes(): void {
    for (const id of this.state.observed.containers.keys()) this.state.deps.probes.stop(id);
  }

  /** Stops working on the pod without touching its containers. Resolves when the current step has ended. */
  async close(): Promise<void> {
    this.#close();
    this.state.leave();
    await this.#loop;
  }

  #close(): void {
    if (this.#activity.type === 'asleep') this.#activity.cancelTimer?.();
    this.#activity = { type: 'closed' };
    this.#ended.resolve();
  }

  #hurry(seconds: number): void {
    for (const listener of this.state.onHurry) listener(seconds);
  }

  async #run(): Promise<void> {
    let delayMs: number | undefined;
    while (this.#begins()) {
      try {
        delayMs = await this.#step();
        this.#failures = 0;
      } catch (error) {
        if (this.#activity.type !== 'closed') delayMs = this.#failed(error);
      }
    }
    this.#sleep(delayMs);
  }

  /** Returns whether another step is due, and if so marks it as begun. */
  #begins(): boolean {
    if (this.#activity.type !== 'working' || !this.#activity.again) return false;
    this.#activity = { type: 'working', again: false };
    return true;
  }

  /** Requests another step after the running one. */
  #stepAgain(): void {
    if (this.#activity.type === 'working') this.#activity = { type: 'working', again: true };
  }

  #sleep(delayMs: number | undefined): void {
    if (this.#activity.type === 'closed') return;
    const cancelTimer = delayMs === undefined ? undefined : this.state.deps.clock.setTimer(delayMs, () => this.wake());
    this.#activity = { type: 'asleep', cancelTimer };
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

  async #step(): Promise<number | undefined> {
    const { state } = this;
    await this.#engine.read(state);
    if (!mustEnd(state.life)) {
      const failure = this.#deadlineExceeded();
      if (failure !== undefined || this.#finished()) state.terminate(failure);
      else {
        decideResize(state);
        decideRestartAll(state);
      }
    }
    state.observedGeneration = state.pod.metadata.generation;
    if (mustEnd(state.life)) return this.#terminate();
    this.#status.publish();
    const result = await syncPod(state, { volumes: this.#volumes, sandbox: this.#sandbox, publish: () => this.#status.publish() });
    if (this.#finished()) this.#stepAgain();
    this.#status.publish();
    return this.#untilDeadline(result.retryAfterMs);
  }

  #finished(): boolean {
    return startsNothing(this.state.life) || isTerminal(this.state.pod.status.phase) || isTerminal(podPhase(this.#status.input()));
  }

  /** Source: pkg/kubelet/active_deadline.go. */
  #deadlineExceeded(): PodFailure | undefined {
    const remaining = this.#deadlineMs();
    if (remaining === undefined || remaining > 0 || isTerminal(this.state.pod.status.phase)) return undefined;
    const message = 'Pod was active on the node longer than the specified deadline';
    this.state.event('Normal', 'DeadlineExceeded', message);
    return { reason: 'DeadlineExceeded', message };
  }

  #deadlineMs(): number | undefined {
    const seconds = this.state.pod.spec.activeDeadlineSeconds;
    return seconds === undefined ? undefined : this.state.startTimeMs + seconds * 1000 - this.state.deps.clock.now();
  }

  #untilDeadline(retryAfterMs: number | undefined): number | undefined {
    const deadline = this.#deadlineMs();
    return deadline === undefined ? retryAfterMs : Math.min(retryAfterMs ?? deadline, Math.max(0, deadline));
  }

  /**
   * Stops the containers. A deleted pod is then removed completely; a pod that only ended keeps its containers for
   * their logs.
   */
  async #terminate(): Promise<undefined> {
    const { state } = this;
    if (state.life.stage !== 'terminated' || state.observed.running().length > 0) {
      this.#status.publish();
      await stopContainersOfPod(state);
      if (!this.#isDeleted()) await stopSandboxes(state);
      state.allStopped();
      state.deps.logs.leave(state.pod.metadata.uid);
    }
    if (!this.#isDeleted()) {
      await this.#status.publishAndWait();
      this.#ended.resolve();
      return undefined;
    }
    await Promise.all([this.#status.publishAndWait(), removePod(state)]);
    if (!this.state.goneFromApi) await this.#deleteFromApi();
    this.#close();
    this.#onGone(this);
    return undefined;
  }

  #isDeleted(): boolean {
    return this.state.goneFromApi || this.state.pod.metadata.deletionTimestamp !== undefined;
  }

  async #deleteFromApi(): Promise<void> {
    const { pod, deps } = this.state;
    try {
      await deps.client.resource(podKind).delete(refOf(pod), { gracePeriodSeconds: 0, preconditions: { uid: pod.metadata.uid } });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}
