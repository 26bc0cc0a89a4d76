/**
 * What happens in the cluster, and which plugins it may change the mind of. Events are open: any Kind, and what happened to its object as a set of bits.
 * Source: k8s.io/kube-scheduler framework/types.go (ActionType, ClusterEventWithHint), pkg/scheduler/framework/events.go.
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { Kind } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';

/** A set of things that can happen to an object. What a Kind's updates can be told apart by is in `object-changes.ts`. */
export type ActionSet = number;

export const action = {
  add: 1 << 0,
  delete: 1 << 1,
  updateNodeAllocatable: 1 << 2,
  updateNodeLabel: 1 << 3,
  /** Of taints, or a node that is no longer unschedulable. */
  updateNodeTaint: 1 << 4,
  updateNodeCondition: 1 << 5,
  updateNodeAnnotation: 1 << 6,
  updateNodeDeclaredFeature: 1 << 7,
  updatePodLabel: 1 << 8,
  updatePodScaleDown: 1 << 9,
  updatePodToleration: 1 << 10,
  updatePodSchedulingGatesEliminated: 1 << 11,
  updatePodGeneratedResourceClaim: 1 << 12,
  /** An update of another Kind, or one that none of the above names. */
  updateOther: 1 << 13,
} as const satisfies Readonly<Record<string, ActionSet>>;

/** Any update. */
export const anyUpdate: ActionSet = Object.values(action).reduce((all, one) => all | one, 0) & ~(action.add | action.delete);

/** What happened to one object. */
export interface ClusterEvent<T extends KubeObject = KubeObject> {
  readonly kind: Kind<T>;
  /** One or several bits of `action`. */
  readonly actions: ActionSet;
  /** Undefined when the object was added. */
  readonly previous: T | undefined;
  /** Undefined when the object was deleted. */
  readonly current: T | undefined;
}

/** Looks closer at an event: true when it may let a Pod be scheduled that the plugin refused. */
export type QueueingHint<T extends KubeObject> = (pod: Pod, previous: T | undefined, current: T | undefined) => boolean;

/** A plugin's word on which events may help the Pods that it refused. */
export interface RegisteredEvent {
  readonly resourceName: string;
  /** Kept to start the Kind's informer. */
  readonly kind: Kind<KubeObject>;
  readonly actions: ActionSet;
  readonly hint: (pod: Pod, event: ClusterEvent) => boolean;
}

/** Registers an event of one Kind; without a hint each of them may help. */
export function on<T extends KubeObject>(kind: Kind<T>, actions: ActionSet, hint?: QueueingHint<T>): RegisteredEvent {
  return {
    resourceName: kind.resourceName,
    // Kinds are invariant in their objects; the informer and the events of this one carry `T`.
    kind: kind as unknown as Kind<KubeObject>,
    actions,
    // An event's Kind is compared before its hint is asked, so that its objects are those of `kind`.
    hint: (pod, event) => hint?.(pod, event.previous as T | undefined, event.current as T | undefined) ?? true,
  };
}
