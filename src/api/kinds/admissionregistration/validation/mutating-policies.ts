/** MutatingAdmissionPolicies and their bindings. Source: pkg/apis/admissionregistration/validation/validation.go. */
import { objectType, patchType } from '../../../cel/object-value.ts';
import { PolicyCompiler } from '../../../cel/policy-compiler.ts';
import { type CelType, listType } from '../../../cel/types.ts';
import { deepEqual } from '../../../deep-equal.ts';
import { FieldPath, fieldErrors } from '../../../field-error.ts';
import type { MutatingAdmissionPolicy, MutatingAdmissionPolicyBinding, Mutation } from '../../../generated/admissionregistration/v1.ts';
import { type Errors, errorsOfEach, oneOf } from '../../../validation/common.ts';
import { matchConditionErrors } from './match-conditions.ts';
import {
  matchConditionExpressionErrors,
  matchResourcesErrors,
  paramRefErrors,
  policyNameErrors,
  requiredPartsErrors,
  variablesErrors,
} from './policy-parts.ts';

const spec = FieldPath.root.field('spec');
const operations = ['*', 'CONNECT', 'CREATE', 'UPDATE'];

/** What is wrong with a new policy. */
export const mutatingPolicyErrors = (policy: MutatingAdmissionPolicy): Errors => policyErrors(policy, true);

/** What is wrong with a changed policy: conditions that stay as they are are not checked again. */
export function mutatingPolicyUpdateErrors(next: MutatingAdmissionPolicy, previous: MutatingAdmissionPolicy): Errors {
  const isSame =
    deepEqual(next.spec.paramKind, previous.spec.paramKind) && deepEqual(next.spec.matchConditions, previous.spec.matchConditions);
  return policyErrors(next, !isSame);
}

function policyErrors({ spec: policy }: MutatingAdmissionPolicy, conditions: boolean): Errors {
  const { paramKind, matchConstraints, matchConditions = [], variables = [], mutations = [], reinvocationPolicy } = policy;
  const params = paramKind !== undefined;
  const compiler = new PolicyCompiler();
  const asked = (matchConstraints?.resourceRules ?? []).flatMap((rule) => rule.operations ?? []);
  const reinvocation = spec.field('reinvocationPolicy');
  return [
    ...requiredPartsErrors(policy, spec),
    ...errorsOfEach(asked, (operation) => oneOf(operation, operations, spec.field('matchConstraints', 'resourceRules', 'operations'))),
    ...(conditions ? matchConditionErrors(matchConditions, spec.field('matchConditions'), matchConditionExpressionErrors(params)) : []),
    ...variablesErrors(compiler, variables, params, spec.field('variables')),
    ...(mutations.length === 0 ? [fieldErrors.required(spec.field('mutations'), 'mutations must contain at least one item')] : []),
    ...errorsOfEach(mutations, (mutation, i) => mutationErrors(compiler, mutation, params, spec.field('mutations').index(i))),
    ...((reinvocationPolicy ?? '') === ''
      ? [fieldErrors.required(reinvocation)]
      : oneOf(reinvocationPolicy ?? '', ['IfNeeded', 'Never'], reinvocation)),
  ];
}

type Patch = 'jsonPatch' | 'applyConfiguration';

function mutationErrors(compiler: PolicyCompiler, mutation: Mutation, params: boolean, at: FieldPath): Errors {
  const type: string = mutation.patchType;
  if (type === '') return [fieldErrors.required(at.field('patchType'))];
  const own: Patch | undefined = type === 'JSONPatch' ? 'jsonPatch' : type === 'ApplyConfiguration' ? 'applyConfiguration' : undefined;
  if (own === undefined) return oneOf(type, ['ApplyConfiguration', 'JSONPatch'], at.field('patchType'));
  const other: Patch = own === 'jsonPatch' ? 'applyConfiguration' : 'jsonPatch';
  const patch = mutation[own];
  return [
    ...(patch === undefined
      ? [fieldErrors.required(at.field(own), `must be specified when patchType is ${type}`)]
      : patchErrors(compiler, patch.expression ?? '', returned[own], params, at.field(own, 'expression'))),
    ...(mutation[other] === undefined
      ? []
      : [fieldErrors.invalid(at.field(other), `{${other}}`, `must not be specified when patchType is ${type}`)]),
  ];
}

const returned: { readonly [patch in Patch]: CelType } = { jsonPatch: listType(patchType), applyConfiguration: objectType };

function patchErrors(compiler: PolicyCompiler, expression: string, type: CelType, params: boolean, at: FieldPath): Errors {
  const trimmed = expression.trim();
  if (trimmed === '') return [fieldErrors.required(at)];
  const { problem } = compiler.compile(trimmed, { params, authorizer: true, patches: true }, [type]);
  return problem === undefined ? [] : [fieldErrors.invalid(at, trimmed, problem)];
}

/** What is wrong with a binding. */
export function mutatingBindingErrors({ spec: binding }: MutatingAdmissionPolicyBinding): Errors {
  const { policyName = '', paramRef, matchResources } = binding;
  return [
    ...policyNameErrors(policyName, spec.field('policyName')),
    ...paramRefErrors(paramRef, spec.field('paramRef')),
    ...matchResourcesErrors(matchResources, spec.field('matchResources')),
  ];
}
