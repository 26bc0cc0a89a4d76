/** Defaults of policies. Source: pkg/apis/admissionregistration/v1/defaults.go. */
import type { MatchResources, NamedRuleWithOperations } from '../../../generated/admissionregistration/v1.ts';

const withScope = (rule: NamedRuleWithOperations): NamedRuleWithOperations => ({ ...rule, scope: rule.scope ?? '*' });

/** What requests a policy or a binding is for, with its defaults. */
export function completedMatchResources({ resourceRules, excludeResourceRules, ...resources }: MatchResources): MatchResources {
  return {
    ...resources,
    matchPolicy: resources.matchPolicy ?? 'Equivalent',
    namespaceSelector: resources.namespaceSelector ?? {},
    objectSelector: resources.objectSelector ?? {},
    ...(resourceRules === undefined ? {} : { resourceRules: resourceRules.map(withScope) }),
    ...(excludeResourceRules === undefined ? {} : { excludeResourceRules: excludeResourceRules.map(withScope) }),
  };
}

/** The spec of a policy with its defaults. */
export const completedPolicySpec = <
  T extends { readonly failurePolicy?: string | undefined; readonly matchConstraints?: MatchResources | undefined },
>(
  spec: T,
): T => ({
  ...spec,
  failurePolicy: spec.failurePolicy ?? 'Fail',
  ...(spec.matchConstraints === undefined ? {} : { matchConstraints: completedMatchResources(spec.matchConstraints) }),
});

/** The spec of a binding with its defaults. */
export const completedBindingSpec = <T extends { readonly matchResources?: MatchResources | undefined }>(spec: T): T =>
  spec.matchResources === undefined ? spec : { ...spec, matchResources: completedMatchResources(spec.matchResources) };
