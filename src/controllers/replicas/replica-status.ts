/** The status of a ReplicaSet or ReplicationController. Source: pkg/controller/replicaset/replica_set_utils.go. */
import type { KubeObject } from '../../api/object.ts';
import { rfc3339 } from '../../api/time.ts';

export interface ReplicaCondition {
  readonly type: string;
  readonly status: string;
  readonly lastTransitionTime?: string | null | undefined;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

export interface ReplicaStatus {
  readonly replicas: number;
  readonly fullyLabeledReplicas?: number | undefined;
  readonly readyReplicas?: number | undefined;
  readonly availableReplicas?: number | undefined;
  readonly terminatingReplicas?: number | undefined;
  readonly observedGeneration?: number | undefined;
  readonly conditions?: readonly ReplicaCondition[] | undefined;
}

export interface ReplicaCounts {
  readonly replicas: number;
  readonly fullyLabeledReplicas: number;
  readonly readyReplicas: number;
  readonly availableReplicas: number;
  readonly terminatingReplicas: number;
}

export interface StatusInput {
  readonly failure: { readonly reason: string; readonly message: string } | undefined;
  readonly nowMs: number;
  readonly countsTerminating: boolean;
}

const failureType = 'ReplicaFailure';

/**
 * The status to write. Counts that are zero are left out, as Go does. A failure keeps its first message until it is
 * over.
 */
export function replicaStatus(
  owner: KubeObject & { readonly status: ReplicaStatus },
  counts: ReplicaCounts,
  input: StatusInput,
): ReplicaStatus {
  const { failure, nowMs, countsTerminating } = input;
  const known = owner.status.conditions ?? [];
  const others = known.filter(({ type }) => type !== failureType);
  const former = known.find(({ type }) => type === failureType);
  const fresh = failure && { type: failureType, status: 'True', lastTransitionTime: rfc3339(nowMs), ...failure };
  const conditions = failure === undefined ? others : former === undefined ? [...others, ...(fresh ? [fresh] : [])] : known;
  return {
    replicas: counts.replicas,
    ...positive('fullyLabeledReplicas', counts.fullyLabeledReplicas),
    ...positive('readyReplicas', counts.readyReplicas),
    ...positive('availableReplicas', counts.availableReplicas),
    ...(countsTerminating ? { terminatingReplicas: counts.terminatingReplicas } : {}),
    observedGeneration: owner.metadata.generation ?? 0,
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

const positive = (name: string, value: number): Readonly<Record<string, number>> => (value === 0 ? {} : { [name]: value });

/** True when a write would change nothing. */
export function sameStatus(a: ReplicaStatus, b: ReplicaStatus): boolean {
  return (
    a.replicas === b.replicas &&
    (a.fullyLabeledReplicas ?? 0) === (b.fullyLabeledReplicas ?? 0) &&
    (a.readyReplicas ?? 0) === (b.readyReplicas ?? 0) &&
    (a.availableReplicas ?? 0) === (b.availableReplicas ?? 0) &&
    a.terminatingReplicas === b.terminatingReplicas &&
    a.observedGeneration === b.observedGeneration &&
    JSON.stringify(a.conditions ?? []) === JSON.stringify(b.conditions ?? [])
  );
}
