/** Pods that Permit makes wait before they are bound. Source: pkg/scheduler/framework/runtime/waiting_pods_map.go. */
import type { Pod } from '../../../api/generated/core/v1.ts';
import { goDurationText } from '../../../api/go-duration.ts';
import type { Clock } from '../../../client/clock.ts';
import { type Status, unschedulable } from './status.ts';

/** The longest time that a plugin can make a Pod wait. */
const maxWaitMs = 15 * 60_000;

export class WaitingPod {
  readonly pod: Pod;
  /** Undefined once all plugins that asked to wait have allowed the Pod; rejected when it is preempted. */
  readonly decided: Promise<Status | undefined>;
  readonly #decide: (status: Status | undefined) => void;
  readonly #fail: (error: Error) => void;
  /** The timers of the plugins that have not allowed it yet, by plugin. */
  readonly #pending = new Map<string, () => void>();

  constructor(pod: Pod, waits: ReadonlyMap<string, number>, clock: Clock) {
    this.pod = pod;
    const { promise, resolve, reject } = Promise.withResolvers<Status | undefined>();
    this.decided = promise;
    this.#decide = resolve;
    this.#fail = reject;
    for (const [plugin, waitMs] of waits) {
      const ms = Math.min(waitMs, maxWaitMs);
      const timeout = `rejected due to timeout after waiting ${goDurationText(ms)} at plugin ${plugin}`;
      this.#pending.set(
        plugin,
        clock.setTimer(ms, () => this.reject(plugin, timeout)),
      );
    }
  }

  get pendingPlugins(): readonly string[] {
    return [...this.#pending.keys()];
  }

  /** Allows the Pod on behalf of one plugin. When the last waiting plugin allows it, the Pod is bound. */
  allow(plugin: string): void {
    this.#pending.get(plugin)?.();
    this.#pending.delete(plugin);
    if (this.#pending.size === 0) this.#decide(undefined);
  }

  reject(plugin: string, reason: string): void {
    this.#end();
    this.#decide({ ...unschedulable(reason), plugin });
  }

  /** Takes the Pod's place away for another Pod. It is not unschedulable: it is tried again after a back-off. */
  preempt(reason: string): void {
    this.#end();
    this.#fail(new Error(reason));
  }

  #end(): void {
    for (const cancel of this.#pending.values()) cancel();
    this.#pending.clear();
  }
}

/** The waiting Pods, by uid. */
export class WaitingPods {
  readonly #clock: Clock;
  readonly #pods = new Map<string, WaitingPod>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#pods.size;
  }

  get(uid: string): WaitingPod | undefined {
    return this.#pods.get(uid);
  }

  values(): readonly WaitingPod[] {
    return [...this.#pods.values()];
  }

  /**
   * Resolves with undefined when the Pod may be bound, or with the status that refuses it; rejects when it is
   * preempted.
   */
  async wait(pod: Pod, waits: ReadonlyMap<string, number>): Promise<Status | undefined> {
    const waiting = new WaitingPod(pod, waits, this.#clock);
    this.#pods.set(pod.metadata.uid, waiting);
    try {
      return await waiting.decided;
    } finally {
      this.#pods.delete(pod.metadata.uid);
    }
  }
}
