/** Node selectors and node affinity. Source: plugins/nodeaffinity/node_affinity.go. */
import type { Node, Pod, PreferredSchedulingTerm } from '../../../api/generated/core/v1.ts';
import { node as nodeKind } from '../../../api/kinds/core/node.ts';
import { requiredNodes, termMatcher } from '../../node-selector.ts';
import type { PluginArgs } from '../configuration/plugin-args.ts';
import { action, on } from '../framework/cluster-event.ts';
import { StateKey } from '../framework/cycle-state.ts';
import { normalizeToHundred } from '../framework/normalize-score.ts';
import type { Plugin, PluginHandle } from '../framework/plugin.ts';
import { skip, unresolvable } from '../framework/status.ts';

const refusal = unresolvable("node(s) didn't match Pod's node affinity/selector");
const enforced = unresolvable("node(s) didn't match scheduler-enforced node affinity");

type Matches = (node: Node) => boolean;
const required = new StateKey<Matches>('PreFilterNodeAffinity');
const preferred = new StateKey<readonly { readonly weight: number; readonly matches: Matches }[]>('PreScoreNodeAffinity');

/**
 * The names of the only nodes that the required terms can match; undefined when some term does not restrict the name,
 * or when there are no terms.
 */
function namedNodes({ spec }: Pod): ReadonlySet<string> | undefined {
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  if (terms.length === 0) return undefined;
  let names: ReadonlySet<string> = new Set();
  for (const { matchFields = [] } of terms) {
    const wanted = matchFields.filter(({ key, operator }) => key === 'metadata.name' && operator === 'In');
    const [first, ...others] = wanted.map(({ values }): ReadonlySet<string> => new Set(values));
    if (first === undefined) return undefined;
    names = names.union(others.reduce((all, some) => all.intersection(some), first));
  }
  return names;
}

export function nodeAffinity(_: PluginHandle, { NodeAffinity: { addedAffinity } }: PluginArgs): Plugin {
  const addedTerms = addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms.map(termMatcher);
  const isAdmitted = (node: Node): boolean => addedTerms === undefined || addedTerms.some((matches) => matches(node));
  const weighed = (terms: readonly PreferredSchedulingTerm[] = []) =>
    terms.map(({ weight, preference }) => ({ weight, matches: termMatcher(preference) }));
  const addedPreferences = weighed(addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution);
  return {
    name: 'NodeAffinity',
    events: [
      on(nodeKind, action.add | action.updateNodeLabel, (pod, previous, current) => {
        const own = requiredNodes(pod) ?? (() => true);
        const matches = (node: Node): boolean => isAdmitted(node) && own(node);
        return current !== undefined && matches(current) && (previous === undefined || !matches(previous));
      }),
    ],
    preFilter: (state, { pod }) => {
      const matches = requiredNodes(pod);
      if (matches === undefined && addedTerms === undefined) return skip;
      state.write(required, matches ?? (() => true));
      const nodeNames = namedNodes(pod);
      if (nodeNames?.size === 0) return unresolvable('pod affinity terms conflict');
      return nodeNames && { nodeNames };
    },
    filter: (state, _pod, { node }) => {
      if (node !== undefined && !isAdmitted(node)) return enforced;
      return node !== undefined && state.read(required)(node) ? undefined : refusal;
    },
    preScore: (state, { pod }) => {
      const terms = pod.spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
      if (terms.length + addedPreferences.length === 0) return skip;
      state.write(preferred, [...addedPreferences, ...weighed(terms)]);
      return undefined;
    },
    score: (state, _pod, { node }) =>
      state.read(preferred).reduce((score, { weight, matches }) => score + (node !== undefined && matches(node) ? weight : 0), 0),
    normalizeScore: (_state, _pod, scores) => normalizeToHundred(scores, false),
  };
}
