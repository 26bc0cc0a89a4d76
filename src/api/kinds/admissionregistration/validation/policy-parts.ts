/**
 * What policies of both kinds have in common. Source: pkg/apis/admissionregistration/validation/validation.go.
 */
import { PolicyCompiler } from '../../../cel/policy-compiler.ts';
import { celTypes } from '../../../cel/types.ts';
import { type FieldPath, fieldErrors } from '../../../field-error.ts';
import type {
  MatchResources,
  NamedRuleWithOperations,
  ParamKind,
  ParamRef,
  Variable,
} from '../../../generated/admissionregistration/v1.ts';
import { isDns1035Label, isDns1123Subdomain, isPathSegmentName, nameIsDnsSubdomain } from '../../../names.ts';
import { type Errors, errorsOfEach, invalidEach, labelSelectorErrors, oneOf } from '../../../validation/common.ts';
import { ruleWithOperationsErrors } from './rules.ts';

/** The kind of the parameters. */
export function paramKindErrors({ apiVersion = '', kind = '' }: ParamKind, at: FieldPath): Errors {
  return [...apiVersionErrors(apiVersion, at.field('apiVersion')), ...kindErrors(kind, at.field('kind'))];
}

function apiVersionErrors(apiVersion: string, at: FieldPath): Errors {
  if (apiVersion === '') return [fieldErrors.required(at)];
  const parts = apiVersion === '/' ? ['', ''] : apiVersion.split('/');
  if (parts.length > 2) return [fieldErrors.invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)];
  const [group = '', version = ''] = parts.length === 1 ? ['', ...parts] : parts;
  const groupComplaints = group === '' ? [] : isDns1123Subdomain(group);
  const groupErrors = groupComplaints.length === 0 ? [] : [fieldErrors.invalid(at, group, groupComplaints.join(','))];
  if (version === '') return [...groupErrors, fieldErrors.invalid(at, apiVersion, 'version must be specified')];
  const complaints = isDns1035Label(version);
  return complaints.length === 0 ? groupErrors : [...groupErrors, fieldErrors.invalid(at, version, complaints.join(','))];
}

function kindErrors(kind: string, at: FieldPath): Errors {
  if (kind === '') return [fieldErrors.required(at)];
  const complaints = isDns1035Label(kind.toLowerCase());
  if (complaints.length === 0) return [];
  return [fieldErrors.invalid(at, kind, `may have mixed case, but should otherwise match: ${complaints.join(',')}`)];
}

/** Which requests a policy or a binding is for. */
export function matchResourcesErrors(resources: MatchResources | undefined, at: FieldPath): Errors {
  if (resources === undefined) return [];
  const { matchPolicy, namespaceSelector, objectSelector, resourceRules = [], excludeResourceRules = [] } = resources;
  return [
    ...(matchPolicy === undefined
      ? [fieldErrors.required(at.field('matchPolicy'))]
      : oneOf(matchPolicy, ['Equivalent', 'Exact'], at.field('matchPolicy'))),
    ...labelSelectorErrors(namespaceSelector, at.field('namespaceSelector')),
    ...labelSelectorErrors(objectSelector, at.field('objectSelector')),
    ...errorsOfEach(resourceRules, (rule, i) => namedRuleErrors(rule, at.field('resourceRules').index(i))),
    ...errorsOfEach(excludeResourceRules, (rule, i) => namedRuleErrors(rule, at.field('excludeResourceRules').index(i))),
  ];
}

function namedRuleErrors(rule: NamedRuleWithOperations, at: FieldPath): Errors {
  const seen = new Set<string>();
  const names = errorsOfEach(rule.resourceNames ?? [], (name, i) => {
    const item = at.field('resourceNames').index(i);
    const duplicate = seen.has(name) ? [fieldErrors.duplicate(item, name)] : [];
    seen.add(name);
    return [...invalidEach(isPathSegmentName(name), name, item), ...duplicate];
  });
  return [...names, ...ruleWithOperationsErrors(rule, at)];
}

/** Which parameters a binding uses. */
export function paramRefErrors(ref: ParamRef | undefined, at: FieldPath): Errors {
  if (ref === undefined) return [];
  const { name = '', selector, parameterNotFoundAction: action = '' } = ref;
  const both = 'name and selector are mutually exclusive';
  return [
    ...(name === '' ? [] : invalidEach(isPathSegmentName(name), name, at.field('name'))),
    ...(name !== '' && selector !== undefined ? [fieldErrors.forbidden(at.field('name'), both)] : []),
    ...labelSelectorErrors(selector, at.field('selector')),
    ...(name !== '' && selector !== undefined ? [fieldErrors.forbidden(at.field('selector'), both)] : []),
    ...(name === '' && selector === undefined ? [fieldErrors.required(at, 'one of name or selector must be specified')] : []),
    ...(action === ''
      ? [fieldErrors.required(at.field('parameterNotFoundAction'))]
      : oneOf(action, ['Deny', 'Allow'], at.field('parameterNotFoundAction'))),
  ];
}

/** The name of the policy that a binding is for. */
export const policyNameErrors = (name: string, at: FieldPath): Errors =>
  name === '' ? [fieldErrors.required(at)] : invalidEach(nameIsDnsSubdomain(name, false), name, at);

const reserved = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(' '),
);

/** The variables, which the compiler knows afterwards. */
export const variablesErrors = (compiler: PolicyCompiler, variables: readonly Variable[], params: boolean, at: FieldPath): Errors =>
  errorsOfEach(variables, ({ name, expression }, i) => {
    const item = at.index(i);
    const isIdentifier = /^[_a-zA-Z][_a-zA-Z0-9]*$/.test(name) && !reserved.has(name);
    const nameErrors =
      name.trim() === ''
        ? [fieldErrors.required(item.field('name'), 'name is not specified')]
        : isIdentifier
          ? []
          : [fieldErrors.invalid(item.field('name'), name, 'must be a valid CEL identifier')];
    if (expression.trim() === '') return [...nameErrors, fieldErrors.required(item.field('expression'), 'expression is not specified')];
    const { problem } = compiler.addVariable(name, expression, { params, authorizer: true });
    return problem === undefined ? nameErrors : [...nameErrors, fieldErrors.invalid(item.field('expression'), expression, problem)];
  });

/** Checks one match condition. They cannot refer to the policy's variables. */
export const matchConditionExpressionErrors =
  (params: boolean) =>
  (expression: string, at: FieldPath): Errors => {
    const { problem } = new PolicyCompiler({ withoutVariables: true }).compile(expression, { params, authorizer: true }, [celTypes.bool]);
    return problem === undefined ? [] : [fieldErrors.invalid(at, expression, problem)];
  };

/** The failure policy and the constraints, which every policy must have. */
export function requiredPartsErrors(
  {
    failurePolicy,
    paramKind,
    matchConstraints,
  }: { failurePolicy?: string | undefined; paramKind?: ParamKind | undefined; matchConstraints?: MatchResources | undefined },
  at: FieldPath,
): Errors {
  const constraints = at.field('matchConstraints');
  return [
    ...(failurePolicy === undefined
      ? [fieldErrors.required(at.field('failurePolicy'))]
      : oneOf(failurePolicy, ['Fail', 'Ignore'], at.field('failurePolicy'))),
    ...(paramKind === undefined ? [] : paramKindErrors(paramKind, at.field('paramKind'))),
    ...(matchConstraints === undefined ? [fieldErrors.required(constraints)] : matchResourcesErrors(matchConstraints, constraints)),
    ...(matchConstraints !== undefined && (matchConstraints.resourceRules ?? []).length === 0
      ? [fieldErrors.required(constraints.field('resourceRules'))]
      : []),
  ];
}
