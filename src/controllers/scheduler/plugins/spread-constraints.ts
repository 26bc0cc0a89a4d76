/**
 * A Pod's topology spread constraints, compiled; those of a Pod without any come from its Services and its controller.
 * Source: plugins/podtopologyspread/{common,plugin}.go, plugins/helper/spread.go.
 */
import type { Node, Pod, TopologySpreadConstraint } from '../../../api/generated/core/v1.ts';
import { replicaSet as replicaSetKind } from '../../../api/kinds/apps/replica-set.ts';
import { statefulSet as statefulSetKind } from '../../../api/kinds/apps/stateful-set.ts';
import { replicationController as replicationControllerKind } from '../../../api/kinds/core/replication-controller.ts';
import { service as serviceKind } from '../../../api/kinds/core/service.ts';
import { fromLabelSelector, fromSet, type LabelRequirement, type Labels, type Selector, selectorOf } from '../../../api/selector.ts';
import type { InformerFactory } from '../../../client/informer.ts';
import { requiredNodes } from '../../node-selector.ts';
import { untoleratedTaint } from '../../tolerations.ts';

export type WhenUnsatisfiable = TopologySpreadConstraint['whenUnsatisfiable'];

export interface SpreadConstraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly selector: Selector;
  readonly minDomains: number;
  readonly nodeAffinityPolicy: string;
  readonly nodeTaintsPolicy: string;
}

export const hostnameLabel = 'kubernetes.io/hostname';

/** Source: plugins/podtopologyspread/plugin.go systemDefaultConstraints; all of them are `ScheduleAnyway`. */
const systemDefaults: readonly Pick<SpreadConstraint, 'maxSkew' | 'topologyKey'>[] = [
  { topologyKey: hostnameLabel, maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5 },
];

const policies = { minDomains: 1, nodeAffinityPolicy: 'Honor', nodeTaintsPolicy: 'Ignore' } as const;

function compile(constraint: TopologySpreadConstraint, labels: Labels): SpreadConstraint {
  const { maxSkew, topologyKey, labelSelector, matchLabelKeys = [] } = constraint;
  const selector = fromLabelSelector(labelSelector);
  const own = matchLabelKeys.flatMap((key): LabelRequirement[] => {
    const value = labels[key];
    return value === undefined ? [] : [{ key, operator: '=', values: [value] }];
  });
  return {
    ...{ maxSkew, topologyKey },
    // An absent selector selects nothing, whatever the labels are.
    selector: own.length === 0 || labelSelector === undefined ? selector : selectorOf([...own, ...selector.requirements]),
    minDomains: constraint.minDomains ?? policies.minDomains,
    nodeAffinityPolicy: constraint.nodeAffinityPolicy ?? policies.nodeAffinityPolicy,
    nodeTaintsPolicy: constraint.nodeTaintsPolicy ?? policies.nodeTaintsPolicy,
  };
}

/** The constraints that the Pod itself has, of one kind. */
export const ownConstraints = ({ metadata, spec }: Pod, when: WhenUnsatisfiable): readonly SpreadConstraint[] =>
  (spec.topologySpreadConstraints ?? [])
    .filter(({ whenUnsatisfiable }) => whenUnsatisfiable === when)
    .map((constraint) => compile(constraint, metadata.labels ?? {}));

export const hasAllKeys = (labels: Labels, constraints: readonly SpreadConstraint[]): boolean =>
  constraints.every(({ topologyKey }) => labels[topologyKey] !== undefined);

/** Whether the Pods of a node count for a constraint of the Pod. */
export function countsNodes(pod: Pod): (node: Node, constraint: SpreadConstraint) => boolean {
  const matches = requiredNodes(pod);
  return (node, { nodeAffinityPolicy, nodeTaintsPolicy }) => {
    if (nodeAffinityPolicy === 'Honor' && matches !== undefined && !matches(node)) return false;
    if (nodeTaintsPolicy !== 'Honor') return true;
    return untoleratedTaint(node.spec.taints ?? [], pod.spec.tolerations ?? [], ['NoSchedule', 'NoExecute']) === undefined;
  };
}

export interface DefaultConstraints {
  of(pod: Pod): readonly SpreadConstraint[];
  /** Resolves when Services and controllers are known. */
  synced(): Promise<unknown>;
}

/** The soft constraints of Pods without any: spread Pods of one Service or controller over hosts and zones. */
export function defaultConstraints(informers: InformerFactory): DefaultConstraints {
  const [ofServices, ofReplicaSets] = [informers.informer(serviceKind), informers.informer(replicaSetKind)];
  const ofStatefulSets = informers.informer(statefulSetKind);
  const ofReplicationControllers = informers.informer(replicationControllerKind);
  const [services, replicaSets, statefulSets] = [ofServices.cache, ofReplicaSets.cache, ofStatefulSets.cache];
  const replicationControllers = ofReplicationControllers.cache;

  function ofController({ metadata }: Pod): readonly LabelRequirement[] {
    const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner === undefined) return [];
    const ref = { namespace: metadata.namespace ?? '', name: owner.name };
    switch (`${owner.apiVersion} ${owner.kind}`) {
      case 'v1 ReplicationController':
        return fromSet(replicationControllers.get(ref)?.spec.selector).requirements;
      case 'apps/v1 ReplicaSet':
        return fromLabelSelector(replicaSets.get(ref)?.spec.selector).requirements;
      case 'apps/v1 StatefulSet':
        return fromLabelSelector(statefulSets.get(ref)?.spec.selector).requirements;
      default:
        return [];
    }
  }

  const of = (pod: Pod): readonly SpreadConstraint[] => {
    const { namespace = '', labels } = pod.metadata;
    const merged: Record<string, string> = {};
    for (const { spec } of services.list({ namespace })) {
      if (spec.selector !== undefined && fromSet(spec.selector).matches(labels)) Object.assign(merged, spec.selector);
    }
    const selector = selectorOf([...fromSet(merged).requirements, ...ofController(pod)]);
    return selector.empty ? [] : systemDefaults.map((constraint) => ({ ...policies, ...constraint, selector }));
  };
  const informersUsed = [ofServices, ofReplicaSets, ofStatefulSets, ofReplicationControllers];
  return { of, synced: () => Promise.all(informersUsed.map((informer) => informer.synced())) };
}
