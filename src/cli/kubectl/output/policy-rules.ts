/**
 * Rules as `describe role` and `auth can-i --list` show them: a line for each resource or URL. Source: kubectl
 * pkg/util/rbac/rbac.go, pkg/describe/describe.go (CombineResourceGroup).
 */
import type { PolicyRule } from '../../../api/generated/rbac/v1.ts';
import { compacted, partsOf } from '../../../api/rule-cover.ts';

const list = (items: readonly string[] | undefined): string => `[${(items ?? []).join(' ')}]`;

/** As Go prints a rule, by which rules are sorted. */
const goText = ({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): string =>
  `&PolicyRule{Verbs:${list(verbs)},APIGroups:${list(apiGroups)},Resources:${list(resources)},ResourceNames:${list(resourceNames)},NonResourceURLs:${list(nonResourceURLs)},}`;

/** `deployments.apps/scale`. */
function resourceText({ resources = [], apiGroups = [] }: PolicyRule): string {
  const [resource] = resources;
  if (resource === undefined) return '';
  const [plural = '', ...subresource] = resource.split('/');
  const group = apiGroups[0] ?? '';
  return [`${plural}${group === '' ? '' : `.${group}`}`, ...(subresource.length === 0 ? [] : [subresource.join('/')])].join('/');
}

export interface ShownRule {
  readonly resources: string;
  readonly urls: string;
  readonly names: string;
  readonly verbs: string;
}

export function shownRules(rules: readonly PolicyRule[]): readonly ShownRule[] {
  const joined = compacted(rules.flatMap((rule) => [...partsOf(rule)])).map((rule) => ({ ...rule, verbs: [...new Set(rule.verbs)] }));
  return joined
    .map((rule) => ({ rule, text: goText(rule) }))
    .toSorted((a, b) => (a.text < b.text ? -1 : a.text > b.text ? 1 : 0))
    .map(({ rule }) => ({
      resources: resourceText(rule),
      urls: list(rule.nonResourceURLs),
      names: list(rule.resourceNames),
      verbs: list(rule.verbs),
    }));
}
