/**
 * Removes sandboxes, containers and folders of pods that no longer exist. Source: pkg/kubelet/kubelet_pods.go
 * (HandlePodCleanups); pkg/kubelet/kubelet_volumes.go.
 */
import type { Logger } from '../../../client/logger.ts';
import type { Container, ContainerRuntime, Sandbox } from '../../container/container-runtime.ts';
import type { VolumeManager } from '../volumes/volume-manager.ts';

export interface OrphanRemoverOptions {
  readonly runtime: ContainerRuntime;
  readonly volumes: VolumeManager;
  readonly node: string;
  readonly log: Logger;
}

/** The sandboxes and containers that the engine has for one node. */
export interface EngineContents {
  readonly sandboxes: readonly Sandbox[];
  readonly containers: readonly Container[];
}

export class OrphanRemover {
  readonly #options: OrphanRemoverOptions;

  constructor(options: OrphanRemoverOptions) {
    this.#options = options;
  }

  /** Removes everything of pods whose uid is not `known`. A failed removal is logged and tried again the next time. */
  async remove({ sandboxes, containers }: EngineContents, known: (uid: string) => boolean): Promise<void> {
    const folders = await this.#options.volumes.podUids();
    const uids = new Set([...sandboxes.map((s) => s.pod.uid), ...containers.map((c) => c.pod.uid), ...folders]);
    await Promise.all(
      [...uids]
        .filter((uid) => !known(uid))
        .map(async (uid) => {
          this.#options.log.info('removing what is left of a deleted pod', { uid });
          try {
            await this.#removePod(
              uid,
              containers.filter((c) => c.pod.uid === uid),
              sandboxes.filter((s) => s.pod.uid === uid),
            );
          } catch (error) {
            this.#options.log.warn('could not remove what is left of a deleted pod', { uid, error: String(error) });
          }
        }),
    );
  }

  async #removePod(uid: string, containers: readonly Container[], sandboxes: readonly Sandbox[]): Promise<void> {
    const { runtime, volumes } = this.#options;
    await Promise.all(containers.map(({ id }) => runtime.containers.remove(id)));
    await Promise.all(sandboxes.map(({ id }) => runtime.sandboxes.remove(id)));
    await volumes.tearDown(uid);
  }
}
