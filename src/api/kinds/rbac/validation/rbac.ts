/** What is wrong with roles and bindings. Source: pkg/apis/rbac/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Role, RoleBinding, RoleRef, Subject } from '../../../generated/rbac/v1.ts';
import { isPathSegmentName, nameIsDnsSubdomain } from '../../../names.ts';
import { type Errors, errorsOfEach, invalidEach, labelSelectorErrors, oneOf, requiredText } from '../../../validation/common.ts';

const group = 'rbac.authorization.k8s.io';

/** Names are path segments, as a whole and as the start of a generated one. */
export const rbacName = (name: string): readonly string[] => isPathSegmentName(name);

function ruleErrors(rule: PolicyRule, namespaced: boolean, at: FieldPath): Errors {
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  const errors: FieldError[] = [];
  if (verbs.length === 0) errors.push(fieldErrors.required(at.field('verbs'), 'verbs must contain at least one value'));
  if (nonResourceURLs.length > 0) {
    const here = at.field('nonResourceURLs');
    if (namespaced) errors.push(fieldErrors.invalid(here, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs'));
    if (apiGroups.length + resources.length + resourceNames.length > 0) {
      errors.push(fieldErrors.invalid(here, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs'));
    }
    return errors;
  }
  if (apiGroups.length === 0) errors.push(fieldErrors.required(at.field('apiGroups'), 'resource rules must supply at least one api group'));
  if (resources.length === 0) errors.push(fieldErrors.required(at.field('resources'), 'resource rules must supply at least one resource'));
  return errors;
}

const rulesErrors = (rules: Role['rules'], namespaced: boolean, at: FieldPath): Errors =>
  errorsOfEach(rules ?? [], (rule, i) => ruleErrors(rule, namespaced, at.field('rules').index(i)));

export const roleErrors = ({ rules }: Role, at: FieldPath): Errors => rulesErrors(rules, true, at);

function aggregationErrors({ aggregationRule }: ClusterRole, at: FieldPath): Errors {
  if (aggregationRule === undefined) return [];
  const here = at.field('aggregationRule', 'clusterRoleSelectors');
  const { clusterRoleSelectors = [] } = aggregationRule;
  if (clusterRoleSelectors.length === 0) {
    return [fieldErrors.required(here, 'at least one clusterRoleSelector required if aggregationRule is non-nil')];
  }
  return errorsOfEach(clusterRoleSelectors, (selector, i) => {
    const errors = labelSelectorErrors(selector, here.index(i));
    // What cannot be compiled is reported once more, without its value.
    return errors.length === 0 ? errors : [...errors, fieldErrors.invalid(here.index(i), null, 'invalid label selector.')];
  });
}

export const clusterRoleErrors = (role: ClusterRole, at: FieldPath): Errors => [
  ...rulesErrors(role.rules, false, at),
  ...aggregationErrors(role, at),
];

function roleRefErrors({ apiGroup, kind, name }: RoleRef, kinds: readonly string[], at: FieldPath): Errors {
  return [
    ...oneOf(apiGroup, [group], at.field('apiGroup')),
    ...oneOf(kind, kinds, at.field('kind')),
    ...(name === '' ? [fieldErrors.required(at.field('name'))] : invalidEach(rbacName(name), name, at.field('name'))),
  ];
}

function subjectErrors({ kind, apiGroup = '', name, namespace = '' }: Subject, namespaced: boolean, at: FieldPath): Errors {
  const named = requiredText(name, at.field('name'));
  switch (kind) {
    case 'ServiceAccount':
      return [
        ...named,
        ...(name === '' ? [] : invalidEach(nameIsDnsSubdomain(name, false), name, at.field('name'))),
        ...oneOf(apiGroup, [''], at.field('apiGroup')),
        ...(namespaced ? [] : requiredText(namespace, at.field('namespace'))),
      ];
    case 'User':
    case 'Group':
      return [...named, ...oneOf(apiGroup, [group], at.field('apiGroup'))];
    default:
      return [...named, fieldErrors.notSupported(at.field('kind'), kind, ['ServiceAccount', 'User', 'Group'])];
  }
}

const bindingErrors = (
  { roleRef, subjects = [] }: RoleBinding,
  { namespaced, kinds }: { readonly namespaced: boolean; readonly kinds: readonly string[] },
  at: FieldPath,
): Errors => [
  ...roleRefErrors(roleRef, kinds, at.field('roleRef')),
  ...errorsOfEach(subjects, (subject, i) => subjectErrors(subject, namespaced, at.field('subjects').index(i))),
];

export const roleBindingErrors = (binding: RoleBinding, at: FieldPath): Errors =>
  bindingErrors(binding, { namespaced: true, kinds: ['Role', 'ClusterRole'] }, at);

export const clusterRoleBindingErrors = (binding: ClusterRoleBinding, at: FieldPath): Errors =>
  bindingErrors(binding, { namespaced: false, kinds: ['ClusterRole'] }, at);

/** Refuses to change what a binding refers to. The value is printed as Go's internal type. */
export function bindingUpdateErrors({ roleRef: next }: RoleBinding, { roleRef: previous }: RoleBinding, at: FieldPath): Errors {
  if (next.apiGroup === previous.apiGroup && next.kind === previous.kind && next.name === previous.name) return [];
  const shown = { APIGroup: next.apiGroup, Kind: next.kind, Name: next.name };
  return [fieldErrors.invalid(at.field('roleRef'), shown, 'cannot change roleRef')];
}
