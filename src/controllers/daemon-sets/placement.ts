/**
 * On which nodes the Pods of a DaemonSet run, and what they are made with. Source:
 * pkg/controller/daemon/daemon_controller.go (NodeShouldRunDaemonPod), util/daemonset_util.go.
 */
import type { DaemonSet } from '../../api/generated/apps/v1.ts';
import type { Affinity, Node, Pod, PodSpec, PodTemplateSpec, Toleration } from '../../api/generated/core/v1.ts';
import { daemonSet } from '../../api/kinds/apps/daemon-set.ts';
import { templateGeneration } from '../../api/kinds/apps/validation/workload-warnings.ts';
import type { Received } from '../../api/object.ts';
import { requiredNodes } from '../node-selector.ts';
import { podOf } from '../pod-control.ts';
import { revisionLabel } from '../revisions.ts';
import { untoleratedTaint } from '../tolerations.ts';

export const generationLabel = 'pod-template-generation';

const toleration = (key: string, effect: 'NoExecute' | 'NoSchedule'): Toleration => ({
  key: `node.kubernetes.io/${key}`,
  operator: 'Exists',
  effect,
});
const everywhere: readonly Toleration[] = [
  toleration('not-ready', 'NoExecute'),
  toleration('unreachable', 'NoExecute'),
  toleration('disk-pressure', 'NoSchedule'),
  toleration('memory-pressure', 'NoSchedule'),
  toleration('pid-pressure', 'NoSchedule'),
  toleration('unschedulable', 'NoSchedule'),
];

const sameToleration = (a: Toleration, b: Toleration): boolean =>
  a.key === b.key && (a.effect ?? '') === (b.effect ?? '') && a.operator === b.operator && (a.value ?? '') === (b.value ?? '');

/** The tolerations of the template, and those that keep the Pods on nodes in trouble. */
function tolerationsOf({ tolerations = [], hostNetwork }: PodSpec): readonly Toleration[] {
  const added = hostNetwork === true ? [...everywhere, toleration('network-unavailable', 'NoSchedule')] : everywhere;
  return [...tolerations, ...added.filter((one) => !tolerations.some((given) => sameToleration(given, one)))];
}

export interface Placement {
  /** Whether the node should have a Pod of the set. */
  readonly runs: boolean;
  /** Whether a Pod that is there already may stay. */
  readonly stays: boolean;
}

/** Whether a node should run the set. */
export function placementOn({ spec: { template } }: DaemonSet, node: Node): Placement {
  const { spec } = template;
  const named = (spec.nodeName ?? '') === '' || spec.nodeName === node.metadata.name;
  // Only these fields of a Pod say which nodes it needs.
  const fits = requiredNodes({ spec } as Pod)?.(node) ?? true;
  if (!named || !fits) return { runs: false, stays: false };
  const [taints, tolerations] = [node.spec.taints ?? [], tolerationsOf(spec)];
  const tolerated = (effects: readonly ('NoExecute' | 'NoSchedule')[]): boolean =>
    untoleratedTaint(taints, tolerations, effects) === undefined;
  return tolerated(['NoExecute', 'NoSchedule']) ? { runs: true, stays: true } : { runs: false, stays: tolerated(['NoExecute']) };
}

/** Affinity to one node by name; it takes the place of required node affinity. */
function affinityTo(name: string, affinity: Affinity | undefined): Affinity {
  const terms = [{ matchFields: [{ key: 'metadata.name', operator: 'In' as const, values: [name] }] }];
  return {
    ...affinity,
    nodeAffinity: { ...affinity?.nodeAffinity, requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } },
  };
}

/** The Pod of a node, of the revision with a hash. */
export function podFor(set: DaemonSet, node: string, hash: string): Received<Pod> {
  const { metadata, spec } = set.spec.template;
  const template: PodTemplateSpec = {
    metadata: { ...metadata, labels: { ...metadata.labels, [generationLabel]: String(templateGeneration(set)), [revisionLabel]: hash } },
    spec: { ...spec, tolerations: tolerationsOf(spec), affinity: affinityTo(node, spec.affinity) },
  };
  return podOf(set, daemonSet, template);
}

/** The node that a Pod is on, or is made for. Source: GetTargetNodeName. */
export function nodeOf({ spec }: Pod): string {
  if ((spec.nodeName ?? '') !== '') return spec.nodeName ?? '';
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  const field = terms
    .flatMap(({ matchFields = [] }) => matchFields)
    .find(({ key, operator }) => key === 'metadata.name' && operator === 'In');
  return field?.values?.[0] ?? '';
}

/** Whether a Pod was made of the set's template as it is now. */
export function isUpdated({ metadata }: Pod, set: DaemonSet, hash: string): boolean {
  return metadata.labels?.[revisionLabel] === hash || metadata.labels?.[generationLabel] === String(templateGeneration(set));
}
