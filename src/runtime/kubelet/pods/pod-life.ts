/**
 * The stages of a pod's life on this node. A pod only moves forward through them. Whether its API object still exists
 * is independent of the stage. Source: pkg/kubelet/pod_workers.go (PodWorkerState; calculateEffectiveGracePeriod),
 * kubelet.go (SyncPod, SyncTerminatingPod, SyncTerminatedPod).
 */

/** Why the kubelet failed a pod as a whole: deadline, eviction, admission. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
  /** The kubelet did not admit the pod: its status tells nothing of containers. */
  readonly isRefusal?: boolean;
  /** A shorter grace period than the pod's own, for a pod that must go at once. */
  readonly graceSeconds?: number;
  /** The kubelet ended the pod for the node's sake: the pod has the condition DisruptionTarget. */
  readonly isDisruption?: boolean;
  /** What that condition says; default `message`. */
  readonly disruptionMessage?: string;
}

export type PodLife =
  /** Its missing containers are started. */
  | { readonly stage: 'running' }
  /** Nothing is started any more; the pod ends when its running containers end. */
  | { readonly stage: 'finishing' }
  /** The pod was deleted, finished or failed as a whole; its running containers are being stopped. */
  | { readonly stage: 'terminating'; readonly failure: PodFailure | undefined }
  /** All its containers and sandboxes are stopped. */
  | { readonly stage: 'terminated'; readonly failure: PodFailure | undefined };

export const newLife: PodLife = { stage: 'running' };

/** Whether the pod must end, which cancels its pulls and waits. */
export const mustEnd = ({ stage }: PodLife): boolean => stage === 'terminating' || stage === 'terminated';

/** Whether no container of the pod is started any more. */
export const startsNothing = ({ stage }: PodLife): boolean => stage !== 'running';

export const failureOf = (life: PodLife): PodFailure | undefined =>
  life.stage === 'terminating' || life.stage === 'terminated' ? life.failure : undefined;

/**
 * Whether the pod counts as a user of its node's resources. Rejected and failed pods do not, even while their
 * containers are still being stopped.
 */
export const usesNode = (life: PodLife): boolean => life.stage !== 'terminated' && failureOf(life) === undefined;

/** Moves on to `finishing`: from then on nothing is started. */
export const finish = (life: PodLife): PodLife => (life.stage === 'running' ? { stage: 'finishing' } : life);

/** Moves on to `terminating`. If the pod is terminating already, its first reason stays. */
export const terminate = (life: PodLife, failure: PodFailure | undefined): PodLife =>
  mustEnd(life) ? life : { stage: 'terminating', failure };

/** Moves on to `terminated`, once everything of the pod is stopped. */
export const allStopped = (life: PodLife): PodLife => ({ stage: 'terminated', failure: failureOf(life) });
