/**
 * Decides when a pod's volumes must be set up, for the first time or again. Source:
 * pkg/kubelet/volumemanager/reconciler; pkg/kubelet/token/token_manager.go.
 */
import type { Volume } from '../../../api/generated/core/v1.ts';
import type { PodState } from '../pods/pod-state.ts';
import type { SyncResult } from '../pods/sync-result.ts';
import { growOnNode } from './node-expansion.ts';
import { VolumeError } from './volume-plugin.ts';

const firstRetryMs = 500;
const maxRetryMs = 122_000;

/** Retry state of one pod's volumes and token renewals. */
export class VolumeSync {
  #failures = 0;
  #current = false;
  #renewAtMs: number | undefined;
  /**
   * Names of the volumes that were set up once. From then on the pod runs with their content, even if an update fails.
   */
  readonly #ready = new Set<string>();

  /** A source of the volumes changed: the next `setUp` writes them again. */
  expire(): void {
    this.#current = false;
  }

  /**
   * Sets up every volume that needs it; returns false when one is not ready, with the retry put into `result`. A volume
   * that was ready before and cannot be updated now keeps its content, and the pod does not wait for it. Source:
   * volumemanager (remounts do not block WaitForAttachAndMount).
   */
  async setUp(state: PodState, result: SyncResult): Promise<boolean> {
    const { deps } = state;
    const nowMs = deps.clock.now();
    if (!this.#current || (this.#renewAtMs !== undefined && this.#renewAtMs <= nowMs)) {
      // Set before the sources are read, so that a change during the reads is not lost.
      this.#current = true;
      const { ready, failed } = await this.#setUpAll(state, result);
      if (failed) this.#current = false;
      if (!ready) return false;
    }
    if (this.#renewAtMs !== undefined) result.soonest(Math.max(1000, this.#renewAtMs - deps.clock.now()));
    return true;
  }

  async #setUpAll(state: PodState, result: SyncResult): Promise<{ readonly ready: boolean; readonly failed: boolean }> {
    const { deps, pod } = state;
    this.#renewAtMs = undefined;
    const renewAt = (atMs: number): void => {
      this.#renewAtMs = Math.min(this.#renewAtMs ?? atMs, atMs);
    };
    let failed = false;
    const tryAgain = (): void => {
      if (!failed) {
        result.soonest(Math.min(firstRetryMs * 2 ** this.#failures, maxRetryMs));
        this.#failures += 1;
      }
      failed = true;
    };
    for (const volume of pod.spec.volumes ?? []) {
      try {
        await deps.volumes.setUp(volume, { pod, facts: state.facts, sources: deps.sources, renewAt });
        this.#ready.add(volume.name);
        if (!(await growOnNode(volume, state))) tryAgain();
      } catch (error) {
        if (!(error instanceof VolumeError)) throw error;
        const message = error.event ?? `MountVolume.SetUp failed for volume ${JSON.stringify(volume.name)} : ${error.message}`;
        state.event('Warning', 'FailedMount', message);
        tryAgain();
        if (!(await this.#wasReady(volume, state))) return { ready: false, failed };
      }
    }
    if (!failed) this.#failures = 0;
    return { ready: true, failed };
  }

  /** Whether the volume was set up before, by this kubelet or an earlier one. */
  async #wasReady(volume: Volume, { deps, pod, observed }: PodState): Promise<boolean> {
    if (this.#ready.has(volume.name)) return true;
    // Containers are made only when all volumes are ready.
    if (!deps.runtime.readsHostFiles) return observed.containers.size > 0;
    return deps.volumes.holdsContent(pod, volume);
  }
}
