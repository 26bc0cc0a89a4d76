/**
 * One pod's state machine: desired (the API object) against observed (the engine), one step at a time.
 *
 * Guarantees: one loop per pod, never two steps at once; every change of the pod, the engine or a volume's source wakes it; a failing engine makes it
 * retry with back-off and lose nothing; what a step did is visible in the status at once. Restart-safe: all state is read back from the engine.
 * Source: pkg/kubelet/pod_workers.go.
 */
import type { Pod } from '../../api/generated/core/v1.ts';
import { pod as podKind } from '../../api/kinds/pod.ts';
import { refOf } from '../../api/object.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import { type Container, RuntimeError, type RuntimeEvent, type Sandbox } from '../container/container-runtime.ts';
import type { KubeletDeps } from './deps.ts';
import { PodState } from './pod-state.ts';
import { podPhase, podStatus, type StatusInput } from './pod-status.ts';
import { syncPod, VolumeSync } from './pod-sync.ts';
import { graceSeconds, refreshContainer, removePod, stopPod } from './pod-termination.ts';

const firstRetryMs = 500;
const maxRetryMs = 10_000;

export class PodWorker {
  readonly state: PodState;
  readonly #volumes = new VolumeSync();
  readonly #stale = new Set<string>();
  readonly #onGone: (worker: PodWorker) => void;
  #resyncNeeded = false;
  #deletedFromApi = false;
  #awake = false;
  #running: Promise<void> | undefined;
  #cancelTimer: (() => void) | undefined;
  #failures = 0;
  #published = '';
  #closed = false;

  /** `onGone` is called once, when nothing of the pod is left. */
  constructor(pod: Pod, deps: KubeletDeps, onGone: (worker: PodWorker) => void) {
    this.state = new PodState(pod, deps);
    this.#onGone = onGone;
  }

  /** Takes over what the engine already has of the pod. Call before the first wake. */
  adopt(sandboxes: readonly Sandbox[], containers: readonly Container[]): void {
    for (const sandbox of sandboxes) this.state.observed.sandboxes.set(sandbox.id, sandbox);
    for (const container of containers) {
      this.state.observed.containers.set(container.id, container);
      if (container.state === 'exited') this.#stale.add(container.id);
      const spec = this.state.spec(container.name);
      if (container.state === 'running' && spec !== undefined) {
        const podIp = this.state.facts.podIp;
        this.state.deps.probes.start({
          pod: this.state.pod,
          container: spec,
          containerId: container.id,
          podIp,
          startedAtMs: container.startedAtMs,
        });
      }
    }
  }

  /** The API object changed. A shorter grace period takes effect on containers that are being stopped. */
  update(pod: Pod): void {
    const before = graceSeconds(this.state);
    this.state.pod = pod;
    if (pod.metadata.deletionTimestamp !== undefined) this.#end();
    const now = graceSeconds(this.state);
    if (this.state.terminating && now < before) this.#hurry(now);
    this.wake();
  }

  /** The API object is gone: stop and remove everything. */
  deleted(): void {
    this.#deletedFromApi = true;
    this.#end();
    this.wake();
  }

  runtimeEvent(event: Exclude<RuntimeEvent, { type: 'resync' }>): void {
    if (event.type.startsWith('sandbox')) {
      if (event.type !== 'sandboxStarted') this.#stale.add(event.id);
    } else if (event.type !== 'containerStarted') this.#stale.add(event.id);
    if (this.#stale.size > 0) this.wake();
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

  /** Stops working on the pod without touching its containers. Resolves when the current step has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelTimer?.();
    this.state.abort.abort();
    await this.#running;
  }

  #end(): void {
    if (this.state.terminating) return;
    this.state.terminating = true;
    this.state.abort.abort();
  }

  #hurry(seconds: number): void {
    for (const container of this.state.observed.running()) {
      this.state.deps.runtime.containers.stop(container.id, seconds).catch((error: unknown) => {
        this.state.deps.log.warn('container could not be stopped sooner', { pod: this.state.podText, error: String(error) });
      });
    }
  }

  async #run(): Promise<void> {
    try {
      while (this.#awake && !this.#closed) {
        this.#awake = false;
        try {
          this.#wakeAfter(await this.#step());
          this.#failures = 0;
        } catch (error) {
          this.#wakeAfter(this.#failed(error));
        }
      }
    } finally {
      this.#running = undefined;
    }
  }

  #failed(error: unknown): number {
    const delayMs = Math.min(firstRetryMs * 2 ** this.#failures, maxRetryMs);
    this.#failures += 1;
    const expected = error instanceof RuntimeError;
    this.state.deps.log[expected ? 'warn' : 'error']('pod could not be synced', {
      pod: this.state.podText,
      error: error instanceof Error ? (expected ? error.message : (error.stack ?? error.message)) : String(error),
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
    if (!state.terminating && this.#deadlineExceeded()) this.#end();
    if (!state.terminating && this.#finished()) this.#end();
    if (state.terminating) return this.#terminate();
    this.#publish();
    const result = await syncPod(state, this.#volumes, () => this.#publish());
    if (this.#finished()) this.#awake = true;
    this.#publish();
    return this.#untilDeadline(result.retryAfterMs);
  }

  /** Brings the observed half up to date with the events that came. */
  async #observe(): Promise<void> {
    const { runtime } = this.state.deps;
    if (this.#resyncNeeded) {
      this.#resyncNeeded = false;
      for (const id of [...this.state.observed.containers.keys(), ...this.state.observed.sandboxes.keys()]) this.#stale.add(id);
    }
    const stale = [...this.#stale];
    this.#stale.clear();
    try {
      for (const id of stale) {
        if (this.state.observed.containers.has(id)) await refreshContainer(this.state, id);
        else if (this.state.observed.sandboxes.has(id)) {
          const sandbox = await runtime.sandboxes.inspect(id);
          if (sandbox === undefined) this.state.observed.sandboxes.delete(id);
          else this.state.observed.sandboxes.set(id, sandbox);
        }
      }
    } catch (error) {
      for (const id of stale) this.#stale.add(id);
      throw error;
    }
  }

  #finished(): boolean {
    const phase = podPhase(this.#statusInput());
    return (
      phase === 'Succeeded' || phase === 'Failed' || this.state.pod.status.phase === 'Succeeded' || this.state.pod.status.phase === 'Failed'
    );
  }

  /** Source: pkg/kubelet/active_deadline.go. */
  #deadlineExceeded(): boolean {
    const remaining = this.#deadlineMs();
    if (remaining === undefined || remaining > 0) return false;
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

  async #terminate(): Promise<undefined> {
    const { state } = this;
    if (!state.terminated) {
      this.#publish();
      await stopPod(state);
      await this.#observe();
      state.terminated = true;
    }
    await this.#publishAndWait();
    if (!this.#deletedFromApi && state.pod.metadata.deletionTimestamp === undefined) return undefined;
    await removePod(state);
    if (!this.#deletedFromApi) await this.#deleteFromApi();
    this.#closed = true;
    this.#onGone(this);
    return undefined;
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
    return {
      pod: state.pod,
      observed: state.observed,
      waiting: state.waiting,
      hostIp: state.deps.node.ip,
      startTimeMs: state.startTimeMs,
      nowMs: state.deps.clock.now(),
      terminationMessages: state.terminationMessages,
      imageRefs: state.imageRefs,
      isReady: (id) => !state.terminating && state.deps.probes.isReady(id),
      isStarted: (id) => state.deps.probes.isStarted(id),
      terminal: state.terminating,
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
    const encoded = JSON.stringify(status);
    if (encoded === this.#published) return;
    this.#published = encoded;
    await this.state.deps.statuses.set(this.state.pod, status);
  }
}
