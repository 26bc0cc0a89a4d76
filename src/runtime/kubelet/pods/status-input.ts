/** Everything that a pod's status is computed from. */
import type { Pod, PodStatus, ResourceRequirements } from '../../../api/generated/core/v1.ts';
import type { ProcessUser } from '../../container/container-runtime.ts';
import type { PodLife } from './pod-life.ts';
import type { PodObservation } from './pod-observation.ts';

/** Why a container waits, as last found by the worker. */
export interface Waiting {
  readonly reason: string;
  readonly message: string;
}

/** A condition of the pod while a resize is not done. */
export interface ResizeCondition extends Waiting {
  readonly type: 'PodResizePending' | 'PodResizeInProgress';
}

/** The resources that were last set on the engine for a container. */
export interface ResourcesInForce {
  /** The container's own. */
  readonly own: ResourceRequirements;
  /** Those with the limits that the container has from its pod. */
  readonly whole: ResourceRequirements;
}

/** Resources that a pod states for all of its containers together; undefined where it states none. */
export interface PodLevelResources {
  granted: ResourceRequirements | undefined;
  inForce: ResourceRequirements | undefined;
  /** False until this kubelet has read them. */
  known: boolean;
}

export interface StatusInput {
  readonly pod: Pod;
  readonly observed: PodObservation;
  readonly waiting: ReadonlyMap<string, Waiting>;
  readonly hostIp: string;
  /** Whether the engine can make mounts recursively read-only. */
  readonly recursiveReadOnly: boolean;
  readonly startTimeMs: number;
  readonly nowMs: number;
  /** Termination messages of the containers, by container id. */
  readonly terminationMessages: ReadonlyMap<string, string>;
  /** Image ids or digests to show, by image id. */
  readonly imageRefs: ReadonlyMap<string, string>;
  /** Whom containers were started as, as far as it is known, by container id. */
  readonly users: ReadonlyMap<string, ProcessUser>;
  /** The status that was computed last; the API may not show it yet. */
  readonly before: PodStatus | undefined;
  isReady(containerId: string): boolean;
  isStarted(containerId: string): boolean;
  /**
   * Resources by container name, where they may differ from the spec: `granted` by the kubelet, and `inForce` as last
   * set on the engine.
   */
  readonly granted: ReadonlyMap<string, ResourceRequirements>;
  readonly inForce: ReadonlyMap<string, ResourcesInForce>;
  readonly podLevel: Readonly<PodLevelResources>;
  /** All containers are being removed, in order to be restarted together. */
  readonly restartingAll: boolean;
  /** Containers that were removed to be restarted together, with the number of their next run. */
  readonly restartedInPlace: ReadonlyMap<string, number>;
  readonly resize: ResizeCondition | undefined;
  /** The generation that this input describes. `pod` may have a newer one already. */
  readonly generation: number | undefined;
  readonly life: PodLife;
}
