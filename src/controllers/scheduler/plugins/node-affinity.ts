/** Node selectors and node affinity. Source: plugins/nodeaffinity/node_affinity.go. */
import { sameJson } from '../../../api/same-json.ts';
import { requiredNodes, termMatcher } from '../../node-selector.ts';
import { normalizeToHundred, type Plugin } from '../framework.ts';

const rejection = { reasons: ["node(s) didn't match Pod's node affinity/selector"], unresolvable: true };

export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  weight: 2,
  preFilter: ({ pod }) => {
    const matches = requiredNodes(pod);
    return matches && (({ node }) => (node !== undefined && matches(node) ? undefined : rejection));
  },
  preScore: ({ pod }) => {
    const preferred = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
    if (preferred.length === 0) return undefined;
    const terms = preferred.map(({ weight, preference }) => ({ weight, matches: termMatcher(preference) }));
    return ({ node }) => terms.reduce((score, { weight, matches }) => score + (node !== undefined && matches(node) ? weight : 0), 0);
  },
  normalize: (scores) => normalizeToHundred(scores, false),
  unblocks: (event, pod) => {
    if (event.type !== 'nodeAdded' && event.type !== 'nodeUpdated') return false;
    if (event.type === 'nodeUpdated' && sameJson(event.node.metadata.labels ?? {}, event.previous.metadata.labels ?? {})) return false;
    return requiredNodes(pod)?.(event.node) ?? true;
  },
};
