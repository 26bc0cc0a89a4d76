/**
 * The nodes on which a Pod may run by its node selector and required node affinity. Source: component-helpers
 * scheduling/corev1/nodeaffinity.
 */
import type { Node, NodeSelectorTerm, Pod } from '../api/generated/core/v1.ts';
import { fromSet, type LabelOperator, selectorOf } from '../api/selector.ts';

const operators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
};

type NodeMatcher = (node: Node) => boolean;

/** Compiles a term. A term without conditions matches nothing. */
export function termMatcher({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm): NodeMatcher {
  if (matchExpressions.length === 0 && matchFields.length === 0) return () => false;
  const compile = (requirements: typeof matchExpressions) =>
    selectorOf(requirements.map(({ key, operator, values }) => ({ key, operator: operators[operator] ?? 'in', values: values ?? [] })));
  const labels = compile(matchExpressions);
  const fields = compile(matchFields);
  return ({ metadata }) => labels.matches(metadata.labels) && fields.matches({ 'metadata.name': metadata.name });
}

/** A function that checks whether a node satisfies the Pod's requirements; undefined when the Pod has none. */
export function requiredNodes({ spec }: Pod): NodeMatcher | undefined {
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const labels = Object.keys(spec.nodeSelector ?? {}).length === 0 ? undefined : fromSet(spec.nodeSelector);
  if (labels === undefined && required === undefined) return undefined;
  const terms = required?.nodeSelectorTerms.map(termMatcher);
  return (node) =>
    (labels === undefined || labels.matches(node.metadata.labels)) && (terms === undefined || terms.some((matches) => matches(node)));
}
