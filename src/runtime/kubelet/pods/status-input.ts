/** Everything that a pod's status is computed from. */
import type { Pod, PodStatus, ResourceRequirements } from '../../../api/generated/core/v1.ts';
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

export interface StatusInput {
  readonly pod: Pod;
  readonly observed: PodObservation;
  readonly waiting: ReadonlyMap<string, Waiting>;
  readonly hostIp: string;
  readonly startTimeMs: number;
  readonly nowMs: number;
  /** Termination messages of the containers, by container id. */
  readonly terminationMessages: ReadonlyMap<string, string>;
  /** Image ids or digests to show, by image id. */
  readonly imageRefs: ReadonlyMap<string, string>;
  /** The status that was computed last; the API may not show it yet. */
  readonly before: PodStatus | undefined;
  isReady(containerId: string): boolean;
  isStarted(containerId: string): boolean;
  /**
   * Resources by container name, where they may differ from the spec: `granted` by the kubelet, and `inForce` as last
   * set on the engine.
   */
  readonly granted: ReadonlyMap<string, ResourceRequirements>;
  readonly inForce: ReadonlyMap<string, ResourceRequirements>;
  readonly resize: ResizeCondition | undefined;
  /** The generation that this input describes. `pod` may have a newer one already. */
  readonly generation: number | undefined;
  readonly life: PodLife;
}
