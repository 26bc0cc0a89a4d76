/** The pod workers of one node, found by uid, by name and by what their pods refer to. */
import type { Pod } from '../../../api/generated/core/v1.ts';
import { type ObjectRef, refKey, refOf } from '../../../api/object.ts';
import type { Container, RuntimeInfo } from '../../container/container-runtime.ts';
import { GpuPool, gpuResource } from '../containers/gpus.ts';
import { usesNode } from './pod-life.ts';
import { podReferences } from './pod-references.ts';
import type { PodWorker } from './pod-worker.ts';

export class PodWorkers {
  readonly #byUid = new Map<string, PodWorker>();
  /** The newest pod of each name. */
  readonly #byName = new Map<string, PodWorker>();
  readonly #bySource = new Map<string, Set<PodWorker>>();

  add(worker: PodWorker): void {
    const { pod } = worker.state;
    this.#byUid.set(pod.metadata.uid, worker);
    this.#byName.set(refKey(refOf(pod)), worker);
    for (const key of podReferences(pod)) {
      const workers = this.#bySource.get(key) ?? new Set();
      this.#bySource.set(key, workers.add(worker));
    }
  }

  delete(worker: PodWorker): void {
    const { pod } = worker.state;
    this.#byUid.delete(pod.metadata.uid);
    const name = refKey(refOf(pod));
    if (this.#byName.get(name) === worker) this.#byName.delete(name);
    for (const key of podReferences(pod)) {
      const workers = this.#bySource.get(key);
      workers?.delete(worker);
      if (workers?.size === 0) this.#bySource.delete(key);
    }
  }

  all(): readonly PodWorker[] {
    return [...this.#byUid.values()];
  }

  /** Gives the engine's GPUs to the containers of these pods. */
  gpuPool({ devices }: Pick<RuntimeInfo, 'devices'>): GpuPool {
    const containers = (): readonly Container[] => this.all().flatMap(({ state }) => [...state.observed.containers.values()]);
    return new GpuPool({ ids: devices[gpuResource] ?? [], containers });
  }

  byUid(uid: string): PodWorker | undefined {
    return this.#byUid.get(uid);
  }

  byRef(ref: ObjectRef): PodWorker | undefined {
    return this.#byName.get(refKey(ref));
  }

  /** Workers whose pods refer to a config map, secret or claim. */
  referringTo(key: string): readonly PodWorker[] {
    return [...(this.#bySource.get(key) ?? [])];
  }

  /**
   * Pods that use the node's resources: those that have not ended and still have their API object. Pods that were
   * removed from the API do not count even while their containers are being stopped: the scheduler has given away their
   * room, and a pod that is refused for it would be replaced and refused again without end. Source:
   * pkg/kubelet/kubelet_pods.go (GetActivePods, of the pod manager's pods).
   */
  active(): readonly Pod[] {
    const pods: Pod[] = [];
    for (const { state } of this.#byUid.values()) {
      const { pod, life, goneFromApi } = state;
      const ended = pod.status.phase === 'Succeeded' || pod.status.phase === 'Failed';
      if (!ended && !goneFromApi && usesNode(life)) pods.push(pod);
    }
    return pods;
  }
}
