/**
 * What may help a Pod that topology spread refused. Source: plugins/podtopologyspread/plugin.go
 * isSchedulableAfterPodChange, isSchedulableAfterNodeChange.
 */
import type { Node, Pod } from '../../../api/generated/core/v1.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { sameJson } from '../../../api/same-json.ts';
import { action, on, type RegisteredEvent } from '../framework/cluster-event.ts';
import { hasAllKeys, ownConstraints } from './spread-constraints.ts';

const hardConstraints = (pod: Pod) => ownConstraints(pod, 'DoNotSchedule');

/** Whether the other Pod may count for the constraints of the Pod. */
function isInvolved(other: Pod, { metadata }: Pod): boolean {
  if (other.metadata.uid === metadata.uid) return true;
  if ((other.spec.nodeName ?? '') === '' && (other.status.nominatedNodeName ?? '') === '') return false;
  return other.metadata.namespace === metadata.namespace;
}

function afterPodChange(pod: Pod, previous: Pod | undefined, current: Pod | undefined): boolean {
  if ([previous, current].some((other) => other !== undefined && !isInvolved(other, pod))) return false;
  const constraints = hardConstraints(pod);
  const selects = ({ metadata }: Pod) => constraints.map(({ selector }) => selector.matches(metadata.labels));
  if (previous === undefined || current === undefined) {
    const only = current ?? previous;
    return only !== undefined && selects(only).includes(true);
  }
  const tolerates = !sameJson(previous.spec.tolerations ?? [], current.spec.tolerations ?? []);
  const own = current.metadata.uid === pod.metadata.uid;
  if (own && tolerates && constraints.some(({ nodeTaintsPolicy }) => nodeTaintsPolicy === 'Honor')) return true;
  return !sameJson(selects(previous), selects(current));
}

function afterNodeChange(pod: Pod, previous: Node | undefined, current: Node | undefined): boolean {
  const constraints = hardConstraints(pod);
  const [was, is] = [previous, current].map((node) => node !== undefined && hasAllKeys(node.metadata.labels ?? {}, constraints));
  if (previous === undefined || current === undefined || was !== is) return was !== is;
  if (!is) return false;
  const moved = constraints.some(({ topologyKey }) => previous.metadata.labels?.[topologyKey] !== current.metadata.labels?.[topologyKey]);
  return moved || !sameJson(previous.spec.taints ?? [], current.spec.taints ?? []);
}

export const spreadEvents: readonly RegisteredEvent[] = [
  on(podKind, action.add | action.updatePodLabel | action.updatePodToleration | action.delete, afterPodChange),
  on(nodeKind, action.add | action.delete | action.updateNodeLabel | action.updateNodeTaint, afterNodeChange),
];
