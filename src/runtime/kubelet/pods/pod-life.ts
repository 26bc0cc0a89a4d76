/**
 * Where a pod is in its life on this node. It only goes forward; whether its API object is there is another matter.
 * Source: pkg/kubelet/pod_workers.go (PodWorkerState; calculateEffectiveGracePeriod), kubelet.go (SyncPod, SyncTerminatingPod, SyncTerminatedPod).
 */

/** Why the kubelet failed a pod as a whole: deadline, eviction, admission. */
export interface PodFailure {
  readonly reason: string;
  readonly message: string;
  /** Less than the pod's own grace period, for one that must go at once. */
  readonly graceSeconds?: number;
}

export type PodLife =
  /** What is missing of it is started. */
  | { readonly stage: 'running' }
  /** Nothing of it is started again: it ends with what ran. */
  | { readonly stage: 'finishing' }
  /** It must end, deleted, finished or failed: what runs is being stopped. */
  | { readonly stage: 'terminating'; readonly failure: PodFailure | undefined }
  /** Everything of it was stopped. */
  | { readonly stage: 'terminated'; readonly failure: PodFailure | undefined };

export const newLife: PodLife = { stage: 'running' };

/** Whether the pod must end: its pulls and waits are given up. */
export const mustEnd = ({ stage }: PodLife): boolean => stage === 'terminating' || stage === 'terminated';

/** Whether nothing of the pod is started any more. */
export const startsNothing = ({ stage }: PodLife): boolean => stage !== 'running';

export const failureOf = (life: PodLife): PodFailure | undefined =>
  life.stage === 'terminating' || life.stage === 'terminated' ? life.failure : undefined;

/** Whether the pod counts on its node: refused and failed ones do not, though they may still be stopping. */
export const usesNode = (life: PodLife): boolean => life.stage !== 'terminated' && failureOf(life) === undefined;

/** After which nothing is started again. */
export const finish = (life: PodLife): PodLife => (life.stage === 'running' ? { stage: 'finishing' } : life);

/** After which the pod must end; the first reason counts. */
export const terminate = (life: PodLife, failure: PodFailure | undefined): PodLife =>
  mustEnd(life) ? life : { stage: 'terminating', failure };

/** After all of it was stopped. */
export const allStopped = (life: PodLife): PodLife => ({ stage: 'terminated', failure: failureOf(life) });
