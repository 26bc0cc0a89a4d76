/**
 * Rules that say which requests a webhook or a policy is for. Source:
 * pkg/apis/admissionregistration/validation/validation.go.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { RuleWithOperations } from '../../../generated/admissionregistration/v1.ts';
import { type Errors, errorsOfEach, oneOf } from '../../../validation/common.ts';

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];

/** Operations and what they are done to. `operationsOf` names the operations that are supported, in order. */
export function ruleWithOperationsErrors(rule: RuleWithOperations, at: FieldPath, operationsOf: readonly string[] = operations): Errors {
  const asked = rule.operations ?? [];
  return [
    ...(asked.length === 0 ? [fieldErrors.required(at.field('operations'))] : []),
    ...aloneErrors(asked, at.field('operations'), 'operations'),
    ...errorsOfEach(asked, (operation, i) => oneOf(operation, operationsOf, at.field('operations').index(i))),
    ...ruleErrors(rule, at),
  ];
}

function ruleErrors({ apiGroups = [], apiVersions = [], resources = [], scope }: RuleWithOperations, at: FieldPath): Errors {
  return [
    ...(apiGroups.length === 0 ? [fieldErrors.required(at.field('apiGroups'))] : []),
    ...aloneErrors(apiGroups, at.field('apiGroups'), 'API groups'),
    ...(apiVersions.length === 0 ? [fieldErrors.required(at.field('apiVersions'))] : []),
    ...aloneErrors(apiVersions, at.field('apiVersions'), 'API versions'),
    ...errorsOfEach(apiVersions, (version, i) => (version === '' ? [fieldErrors.required(at.field('apiVersions').index(i))] : [])),
    ...resourceErrors(resources, at.field('resources')),
    ...(scope === undefined ? [] : oneOf(scope, scopes, at.field('scope'))),
  ];
}

/** `*` stands for all, and so must stand alone. */
const aloneErrors = (values: readonly string[], at: FieldPath, what: string): Errors =>
  values.length > 1 && values.includes('*') ? [fieldErrors.invalid(at, values, `if '*' is present, must not specify other ${what}`)] : [];

/** Resources, with or without sub-resources: `pods`, `pods/log`, `pods/*`, and `*` for either part. */
function resourceErrors(resources: readonly string[], at: FieldPath): Errors {
  if (resources.length === 0) return [fieldErrors.required(at)];
  const errors: FieldError[] = [];
  const allOfResource = new Set<string>();
  const ofAllResources = new Set<string>();
  // As upstream, only the last resource without a sub-resource counts.
  let plain = false;
  for (const [i, text] of resources.entries()) {
    const slash = text.indexOf('/');
    if (text === '') errors.push(fieldErrors.required(at.index(i)));
    else if (slash === -1) plain = text !== '*';
    if (slash === -1) continue;
    const resource = text.slice(0, slash);
    const subresource = text.slice(slash + 1);
    if (allOfResource.has(resource)) {
      errors.push(fieldErrors.invalid(at.index(i), text, `if '${resource}/*' is present, must not specify ${text}`));
    }
    if (ofAllResources.has(subresource)) {
      errors.push(fieldErrors.invalid(at.index(i), text, `if '*/${subresource}' is present, must not specify ${text}`));
    }
    if (subresource === '*') allOfResource.add(resource);
    if (resource === '*') ofAllResources.add(subresource);
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    errors.push(fieldErrors.invalid(at, resources, "if '*/*' is present, must not specify other resources"));
  }
  if (resources.includes('*') && plain) {
    errors.push(fieldErrors.invalid(at, resources, "if '*' is present, must not specify other resources without subresources"));
  }
  return errors;
}
