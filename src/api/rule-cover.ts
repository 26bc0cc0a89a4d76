/**
 * Whether rules give all that other rules give. Source: component-helpers auth/rbac/validation/policy_comparator.go,
 * pkg/registry/rbac/validation/policy_compact.go, pkg/apis/rbac/v1/evaluation_helpers.go (CompactString).
 */
import type { PolicyRule } from './generated/rbac/v1.ts';

/** The parts of a rule: each has one verb, and one group, resource and name, or one URL. */
export function* partsOf({
  verbs,
  apiGroups = [],
  resources = [],
  resourceNames = [],
  nonResourceURLs = [],
}: PolicyRule): Generator<PolicyRule> {
  for (const group of apiGroups) {
    for (const resource of resources) {
      for (const verb of verbs) {
        const part = { verbs: [verb], apiGroups: [group], resources: [resource] };
        if (resourceNames.length === 0) yield part;
        else for (const name of resourceNames) yield { ...part, resourceNames: [name] };
      }
    }
  }
  for (const url of nonResourceURLs) for (const verb of verbs) yield { verbs: [verb], nonResourceURLs: [url] };
}

const includesAll = (list: readonly string[] = [], wanted: readonly string[] = []): boolean => wanted.every((item) => list.includes(item));

const starOrAll = (list: readonly string[] = [], wanted: readonly string[] = []): boolean =>
  list.includes('*') || includesAll(list, wanted);

function coversResources(owned: readonly string[] = [], wanted: readonly string[] = []): boolean {
  if (starOrAll(owned, wanted)) return true;
  return wanted.every((resource) => {
    const slash = resource.indexOf('/');
    return owned.includes(resource) || (slash !== -1 && owned.includes(`*${resource.slice(slash)}`));
  });
}

const coversUrl = (owned: string, wanted: string): boolean =>
  owned === wanted || (owned.endsWith('*') && wanted.startsWith(owned.replace(/\*+$/, '')));

/** Whether a rule covers a part of another. */
function covers(owner: PolicyRule, part: PolicyRule): boolean {
  const names = owner.resourceNames ?? [];
  return (
    starOrAll(owner.verbs, part.verbs) &&
    starOrAll(owner.apiGroups, part.apiGroups) &&
    coversResources(owner.resources, part.resources) &&
    (names.length === 0 || ((part.resourceNames ?? []).length > 0 && includesAll(names, part.resourceNames))) &&
    (part.nonResourceURLs ?? []).every((url) => (owner.nonResourceURLs ?? []).some((owned) => coversUrl(owned, url)))
  );
}

/** The parts of `wanted` that no rule of `owned` covers. */
export function uncovered(owned: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] {
  return wanted.flatMap((rule) => [...partsOf(rule)].filter((part) => !owned.some((owner) => covers(owner, part))));
}

/** Joins parts that differ only in their verb. URLs stay as they are. */
export function compacted(parts: readonly PolicyRule[]): readonly PolicyRule[] {
  const byResource = new Map<string, PolicyRule>();
  const others: PolicyRule[] = [];
  for (const part of parts) {
    if ((part.nonResourceURLs ?? []).length > 0) {
      others.push(part);
      continue;
    }
    const key = JSON.stringify([part.apiGroups, part.resources, part.resourceNames ?? []]);
    const known = byResource.get(key);
    byResource.set(key, known === undefined ? part : { ...known, verbs: [...known.verbs, ...part.verbs] });
  }
  return [...others, ...byResource.values()];
}

/** Quoted texts in brackets, as Go prints a list with %q. */
export const quotedList = (texts: readonly string[]): string => `[${texts.map((text) => JSON.stringify(text)).join(' ')}]`;

/** A rule in the words of a refused escalation: `{APIGroups:[""], Resources:["pods"], Verbs:["get"]}`. */
export function ruleText({ verbs, apiGroups = [], resources = [], nonResourceURLs = [], resourceNames = [] }: PolicyRule): string {
  const parts: readonly (readonly [string, readonly string[]])[] = [
    ['APIGroups', apiGroups],
    ['Resources', resources],
    ['NonResourceURLs', nonResourceURLs],
    ['ResourceNames', resourceNames],
    ['Verbs', verbs],
  ];
  const shown = parts.filter(([, texts]) => texts.length > 0).map(([name, texts]) => `${name}:${quotedList(texts)}`);
  return `{${shown.join(', ')}}`;
}
