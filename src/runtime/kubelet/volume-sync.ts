/** When a pod's volumes must be written (again). Source: pkg/kubelet/volumemanager/reconciler; pkg/kubelet/token/token_manager.go. */
import type { PodState } from './pod-state.ts';
import type { SyncResult } from './sync-result.ts';
import { VolumeError } from './volumes/projection.ts';

const firstRetryMs = 500;
const maxRetryMs = 122_000;

/** Retry state of one pod's volumes and token renewals. */
export class VolumeSync {
  #failures = 0;
  #current = false;
  #renewAtMs: number | undefined;

  /** What volumes are made from changed: the next `setUp` writes them again. */
  expire(): void {
    this.#current = false;
  }

  /** Sets up every volume that needs it; returns false when one is not ready, with the retry put into `result`. */
  async setUp(state: PodState, result: SyncResult): Promise<boolean> {
    const { deps } = state;
    const nowMs = deps.clock.now();
    if (!this.#current || (this.#renewAtMs !== undefined && this.#renewAtMs <= nowMs)) {
      // Before the reads, so that a change during them is not lost.
      this.#current = true;
      if (!(await this.#setUpAll(state, result))) {
        this.#current = false;
        return false;
      }
    }
    if (this.#renewAtMs !== undefined) result.soonest(Math.max(1000, this.#renewAtMs - deps.clock.now()));
    return true;
  }

  async #setUpAll(state: PodState, result: SyncResult): Promise<boolean> {
    const { deps, pod } = state;
    this.#renewAtMs = undefined;
    const renewAt = (atMs: number): void => {
      this.#renewAtMs = Math.min(this.#renewAtMs ?? atMs, atMs);
    };
    for (const volume of pod.spec.volumes ?? []) {
      try {
        await deps.volumes.setUp(volume, { pod, facts: state.facts, sources: deps.sources, renewAt });
      } catch (error) {
        if (!(error instanceof VolumeError)) throw error;
        state.event('Warning', 'FailedMount', `MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${error.message}`);
        result.soonest(Math.min(firstRetryMs * 2 ** this.#failures, maxRetryMs));
        this.#failures += 1;
        return false;
      }
    }
    this.#failures = 0;
    return true;
  }
}
