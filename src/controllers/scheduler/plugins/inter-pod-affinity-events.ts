/**
 * What may help a Pod that affinity between Pods refused. Source: plugins/interpodaffinity/plugin.go
 * isSchedulableAfterPodChange, isSchedulableAfterNodeChange.
 */
import type { Node, Pod } from '../../../api/generated/core/v1.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { pod as podKind } from '../../../api/kinds/core/pod.ts';
import { type AffinityTerm, affinitiesOf, allSelect, describe } from '../affinity-terms.ts';
import { action, on, type RegisteredEvent } from '../framework/cluster-event.ts';

const isPlaced = ({ spec, status }: Pod): boolean => (spec.nodeName ?? '') !== '' || (status.nominatedNodeName ?? '') !== '';

const termsOf = (pod: Pod): readonly AffinityTerm[] => affinitiesOf(pod)?.required ?? [];
const antiTermsOf = (pod: Pod): readonly AffinityTerm[] => affinitiesOf(pod)?.requiredAnti ?? [];

function afterPodChange(pod: Pod, previous: Pod | undefined, current: Pod | undefined): boolean {
  if (previous !== undefined && current !== undefined && current.metadata.uid === pod.metadata.uid) return true;
  if ((previous !== undefined && !isPlaced(previous)) || (current !== undefined && !isPlaced(current))) return false;
  const selects = (terms: readonly AffinityTerm[], other: Pod | undefined) => other !== undefined && allSelect(terms, describe(other));
  const [terms, antiTerms] = [termsOf(pod), antiTermsOf(pod)];
  if (current !== undefined) {
    const joined = !selects(terms, previous) && selects(terms, current);
    return joined || (previous !== undefined && selects(antiTerms, previous) && !selects(antiTerms, current));
  }
  return previous !== undefined && (selects(antiTerms, previous) || selects(antiTermsOf(previous), pod));
}

/** True when the node got into another topology of this key, out of one, or, if `joining` counts, into one. */
function moved(key: string, previous: Node, current: Node, change: 'joining' | 'leaving'): boolean {
  const [was, is] = [previous.metadata.labels?.[key], current.metadata.labels?.[key]];
  if (was !== undefined && is !== undefined) return was !== is;
  return change === 'joining' ? was === undefined && is !== undefined : was !== undefined && is === undefined;
}

function afterNodeChange(pod: Pod, previous: Node | undefined, current: Node | undefined): boolean {
  if (current === undefined) return false;
  const [terms, antiTerms] = [termsOf(pod), antiTermsOf(pod)];
  // A new node without the label accepts all Pods with anti-affinity.
  if (previous === undefined)
    return antiTerms.length > 0 || terms.some(({ topologyKey }) => current.metadata.labels?.[topologyKey] !== undefined);
  return (
    terms.some(({ topologyKey }) => moved(topologyKey, previous, current, 'joining')) ||
    antiTerms.some(({ topologyKey }) => moved(topologyKey, previous, current, 'leaving'))
  );
}

export const affinityEvents: readonly RegisteredEvent[] = [
  on(podKind, action.add | action.updatePodLabel | action.delete, afterPodChange),
  on(nodeKind, action.add | action.updateNodeLabel, afterNodeChange),
];
