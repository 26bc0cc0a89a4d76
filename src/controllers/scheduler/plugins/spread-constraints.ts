/**
 * A Pod's topology spread constraints, compiled; those of a Pod without any come from its Services and its controller.
 * Source: plugins/podtopologyspread/{common,plugin}.go, plugins/helper/spread.go.
 */
import type { ReplicaSet, StatefulSet } from '../../../api/generated/apps/v1.ts';
import type { Node, Pod, TopologySpreadConstraint } from '../../../api/generated/core/v1.ts';
import { replicaSet as replicaSetKind } from '../../../api/kinds/apps/replica-set.ts';
import { statefulSet as statefulSetKind } from '../../../api/kinds/apps/stateful-set.ts';
import { replicationController as replicationControllerKind } from '../../../api/kinds/core/replication-controller.ts';
import { service as serviceKind } from '../../../api/kinds/core/service.ts';
import type { KubeObject } from '../../../api/object.ts';
import { sameJson } from '../../../api/same-json.ts';
import { fromLabelSelector, fromSet, type LabelRequirement, type Labels, type Selector, selectorOf } from '../../../api/selector.ts';
import type { InformerFactory } from '../../../client/informer.ts';
import { requiredNodes } from '../../node-selector.ts';
import { untoleratedTaint } from '../../tolerations.ts';
import type { Kin } from '../affinity-terms.ts';
import type { PluginArgs } from '../configuration/plugin-args.ts';
import type { PodInfo } from '../node-info.ts';

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

/** Source: plugins/podtopologyspread/plugin.go systemDefaultConstraints; all of them are soft. */
const systemDefaults: readonly TopologySpreadConstraint[] = [
  { topologyKey: hostnameLabel, maxSkew: 3, whenUnsatisfiable: 'ScheduleAnyway' },
  { topologyKey: 'topology.kubernetes.io/zone', maxSkew: 5, whenUnsatisfiable: 'ScheduleAnyway' },
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

/** Whether the Pods of all nodes count for a constraint of the Pod, whatever the nodes are like. */
export const countsAllNodes = ({ spec }: Pod, { nodeAffinityPolicy, nodeTaintsPolicy }: SpreadConstraint): boolean =>
  nodeTaintsPolicy !== 'Honor' &&
  (nodeAffinityPolicy !== 'Honor' ||
    (spec.nodeSelector === undefined && spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution === undefined));

export interface DefaultConstraints {
  /** The same list for all Pods that are alike and have one controller, until a Service or the controller changes. */
  of(pod: PodInfo): readonly SpreadConstraint[];
  /** Resolves when Services and controllers are known. */
  synced(): Promise<unknown>;
}

/** A Pod's controller; of other kinds than those with a selector, nothing. */
interface Controller {
  readonly object: KubeObject | undefined;
  /** What its selector asks for. */
  requirements(): readonly LabelRequirement[];
}

const noController: Controller = { object: undefined, requirements: () => [] };

interface KnownConstraints {
  readonly controller: KubeObject | undefined;
  /** Of the Services. */
  readonly revision: string;
  readonly constraints: readonly SpreadConstraint[];
}

const none: readonly SpreadConstraint[] = [];
const textOf = ({ topologyKey, selector }: SpreadConstraint): string => `${topologyKey} ${selector}`;

/**
 * The hard or soft constraints of Pods without any: those that are configured, or else soft ones that spread the Pods
 * of one Service or controller over hosts and zones.
 */
export function defaultConstraints(
  informers: InformerFactory,
  { defaultingType, defaultConstraints: listed }: PluginArgs['PodTopologySpread'],
  when: WhenUnsatisfiable,
): DefaultConstraints {
  const configured = (defaultingType === 'System' ? systemDefaults : listed).filter(({ whenUnsatisfiable }) => whenUnsatisfiable === when);
  if (configured.length === 0) return { of: () => none, synced: () => Promise.resolve() };
  const [ofServices, ofReplicaSets] = [informers.informer(serviceKind), informers.informer(replicaSetKind)];
  const ofStatefulSets = informers.informer(statefulSetKind);
  const ofReplicationControllers = informers.informer(replicationControllerKind);
  const [services, replicaSets, statefulSets] = [ofServices.cache, ofReplicaSets.cache, ofStatefulSets.cache];
  const replicationControllers = ofReplicationControllers.cache;

  function controllerOf({ metadata }: Pod): Controller {
    const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner === undefined) return noController;
    const ref = { namespace: metadata.namespace ?? '', name: owner.name };
    const selecting = (object: ReplicaSet | StatefulSet | undefined): Controller => ({
      object,
      requirements: () => fromLabelSelector(object?.spec.selector).requirements,
    });
    switch (`${owner.apiVersion} ${owner.kind}`) {
      case 'v1 ReplicationController': {
        const object = replicationControllers.get(ref);
        return { object, requirements: () => fromSet(object?.spec.selector).requirements };
      }
      case 'apps/v1 ReplicaSet':
        return selecting(replicaSets.get(ref));
      case 'apps/v1 StatefulSet':
        return selecting(statefulSets.get(ref));
      default:
        return noController;
    }
  }

  function compute({ namespace, labels }: Kin, controller: Controller): readonly SpreadConstraint[] {
    const merged: Record<string, string> = {};
    for (const { spec } of services.list({ namespace })) {
      if (spec.selector !== undefined && fromSet(spec.selector).matches(labels)) Object.assign(merged, spec.selector);
    }
    const selector = selectorOf([...fromSet(merged).requirements, ...controller.requirements()]);
    if (selector.empty) return none;
    return configured.map((constraint) => ({ ...compile(constraint, labels), selector }));
  }

  const known = new WeakMap<Kin, KnownConstraints>();
  const of = ({ pod, kin }: PodInfo): readonly SpreadConstraint[] => {
    const controller = controllerOf(pod);
    const revision = ofServices.resourceVersion;
    const last = known.get(kin);
    if (last !== undefined && last.controller === controller.object && last.revision === revision) return last.constraints;
    const computed = compute(kin, controller);
    // What is counted is remembered by the list, so that the same list is kept when only a status changed.
    const constraints = last !== undefined && sameJson(last.constraints.map(textOf), computed.map(textOf)) ? last.constraints : computed;
    known.set(kin, { controller: controller.object, revision, constraints });
    return constraints;
  };
  const informersUsed = [ofServices, ofReplicaSets, ofStatefulSets, ofReplicationControllers];
  return { of, synced: () => Promise.all(informersUsed.map((informer) => informer.synced())) };
}
