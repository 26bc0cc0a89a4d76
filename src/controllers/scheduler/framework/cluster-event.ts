/**
 * Events in the cluster, and which plugins may decide differently after them. The set of events is open: an event has
 * any Kind, and a bit set of what happened to the object. Source: k8s.io/kube-scheduler framework/types.go (ActionType,
 * ClusterEventWithHint), pkg/scheduler/framework/events.go.
 */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { Kind } from '../../../api/kind.ts';
import type { KubeObject } from '../../../api/object.ts';

/**
 * A bit set of `action`s: what happened to an object. `object-changes.ts` computes it for updates of Pods and nodes.
 */
export type ActionSet = number;

export const action = {
  add: 1 << 0,
  delete: 1 << 1,
  updateNodeAllocatable: 1 << 2,
  updateNodeLabel: 1 << 3,
  /** A node's taints changed, or it is no longer unschedulable. */
  updateNodeTaint: 1 << 4,
  updateNodeCondition: 1 << 5,
  updateNodeAnnotation: 1 << 6,
  updateNodeDeclaredFeature: 1 << 7,
  updatePodLabel: 1 << 8,
  updatePodScaleDown: 1 << 9,
  updatePodToleration: 1 << 10,
  updatePodSchedulingGatesEliminated: 1 << 11,
  updatePodGeneratedResourceClaim: 1 << 12,
  /** An update of an object of another Kind, or an update that none of the actions above describes. */
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

/** Examines an event: true when it may make a Pod schedulable that the plugin refused. */
export type QueueingHint<T extends KubeObject> = (pod: Pod, previous: T | undefined, current: T | undefined) => boolean;

/** A registration by a plugin: which events may help the Pods that it refused. */
export interface RegisteredEvent {
  readonly resourceName: string;
  /** Kept to start the Kind's informer. */
  readonly kind: Kind<KubeObject>;
  readonly actions: ActionSet;
  readonly hint: (pod: Pod, event: ClusterEvent) => boolean;
}

/** Registers events of one Kind. Without a hint every such event may help. */
export function on<T extends KubeObject>(kind: Kind<T>, actions: ActionSet, hint?: QueueingHint<T>): RegisteredEvent {
  return {
    resourceName: kind.resourceName,
    // `Kind` is invariant in its object type, so a cast is needed. It is safe: informer and events of this Kind carry
    // objects of type `T`.
    kind: kind as unknown as Kind<KubeObject>,
    actions,
    // The cast is safe because a hint is called only for events whose Kind is `kind`.
    hint: (pod, event) => hint?.(pod, event.previous as T | undefined, event.current as T | undefined) ?? true,
  };
}

/** In upstream's order: the first that applies names an event. */
const actionNames: readonly (readonly [ActionSet, string])[] = [
  [action.add, 'Add'],
  [action.delete, 'Delete'],
  [action.updateNodeAllocatable, 'UpdateNodeAllocatable'],
  [action.updateNodeLabel, 'UpdateNodeLabel'],
  [action.updateNodeTaint, 'UpdateNodeTaint'],
  [action.updateNodeCondition, 'UpdateNodeCondition'],
  [action.updateNodeAnnotation, 'UpdateNodeAnnotation'],
  [action.updateNodeDeclaredFeature, 'UpdateNodeDeclaredFeature'],
  [action.updatePodLabel, 'UpdatePodLabel'],
  [action.updatePodScaleDown, 'UpdatePodScaleDown'],
  [action.updatePodSchedulingGatesEliminated, 'UpdatePodSchedulingGatesEliminated'],
  [action.updatePodToleration, 'UpdatePodToleration'],
  [action.updatePodGeneratedResourceClaim, 'UpdatePodGeneratedResourceClaim'],
  [action.updateOther, 'Update'],
];

/** What an event is called in metrics: `NodeAdd`, `AssignedPodDelete`, `storage.k8s.io/CSINodeUpdate`. */
export function labelOf({ kind, actions, previous, current }: ClusterEvent): string {
  const what = actionNames.find(([bit]) => (bit & actions) !== 0)?.[1] ?? '';
  if (kind.resourceName !== 'pods') return `${kind.group === '' ? '' : `${kind.group}/`}${kind.kind}${what}`;
  // Of a Pod only.
  const { spec } = (current ?? previous) as Partial<Pod>;
  return `${spec?.nodeName ? 'AssignedPod' : 'UnschedulablePod'}${what}`;
}
