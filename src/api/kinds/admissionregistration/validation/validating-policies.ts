/** ValidatingAdmissionPolicies and their bindings. Source: pkg/apis/admissionregistration/validation/validation.go. */
import { PolicyCompiler } from '../../../cel/policy-compiler.ts';
import { celTypes } from '../../../cel/types.ts';
import { deepEqual } from '../../../deep-equal.ts';
import { FieldPath, fieldErrors } from '../../../field-error.ts';
import type {
  AuditAnnotation,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
} from '../../../generated/admissionregistration/v1.ts';
import { byteLength, type Errors, errorsOfEach, oneOf, qualifiedName } from '../../../validation/common.ts';
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
const maxAuditAnnotations = 20;
const maxValueExpression = 5 * 1024;
const reasons = ['Forbidden', 'Invalid', 'RequestEntityTooLarge'];

/** What is wrong with a new policy. */
export const validatingPolicyErrors = (policy: ValidatingAdmissionPolicy): Errors => policyErrors(policy, true);

/** What is wrong with a changed policy: conditions that stay as they are are not checked again. */
export function validatingPolicyUpdateErrors(next: ValidatingAdmissionPolicy, previous: ValidatingAdmissionPolicy): Errors {
  const isSame =
    deepEqual(next.spec.paramKind, previous.spec.paramKind) && deepEqual(next.spec.matchConditions, previous.spec.matchConditions);
  return policyErrors(next, !isSame);
}

function policyErrors({ metadata, spec: policy }: ValidatingAdmissionPolicy, conditions: boolean): Errors {
  const { paramKind, matchConditions = [], variables = [], validations = [], auditAnnotations = [] } = policy;
  const params = paramKind !== undefined;
  const compiler = new PolicyCompiler({ withoutVariables: variables.length === 0 });
  const none = 'validations or auditAnnotations must contain at least one item';
  const isEmpty = validations.length === 0 && auditAnnotations.length === 0;
  return [
    ...requiredPartsErrors(policy, spec),
    ...(conditions ? matchConditionErrors(matchConditions, spec.field('matchConditions'), matchConditionExpressionErrors(params)) : []),
    ...variablesErrors(compiler, variables, params, spec.field('variables')),
    ...(isEmpty ? [fieldErrors.required(spec.field('validations'), none), fieldErrors.required(spec.field('auditAnnotations'), none)] : []),
    ...errorsOfEach(validations, (validation, i) => validationErrors(compiler, validation, params, spec.field('validations').index(i))),
    ...auditAnnotationsErrors(compiler, metadata.name, auditAnnotations, params),
  ];
}

function validationErrors(compiler: PolicyCompiler, validation: Validation, params: boolean, at: FieldPath): Errors {
  const { expression, message = '', messageExpression = '', reason } = validation;
  const expressionProblem =
    expression.trim() === '' ? undefined : compiler.compile(expression, { params, authorizer: true }, [celTypes.bool]).problem;
  const messageProblem =
    messageExpression.trim() === ''
      ? undefined
      : compiler.compile(messageExpression, { params, authorizer: false }, [celTypes.string]).problem;
  const blank = 'must be non-empty if specified';
  return [
    ...(expression.trim() === '' ? [fieldErrors.required(at.field('expression'), 'expression is not specified')] : []),
    ...(expressionProblem === undefined ? [] : [fieldErrors.invalid(at.field('expression'), expression, expressionProblem)]),
    ...(messageExpression !== '' && messageExpression.trim() === ''
      ? [fieldErrors.invalid(at.field('messageExpression'), messageExpression, blank)]
      : []),
    ...(messageProblem === undefined ? [] : [fieldErrors.invalid(at.field('messageExpression'), messageExpression, messageProblem)]),
    ...(message !== '' && message.trim() === '' ? [fieldErrors.invalid(at.field('message'), message, blank)] : []),
    ...(/[\n\r]/.test(message.trim()) ? [fieldErrors.invalid(at.field('message'), message, 'must not contain line breaks')] : []),
    ...(reason === undefined ? [] : oneOf(reason, reasons, at.field('reason'))),
  ];
}

function auditAnnotationsErrors(
  compiler: PolicyCompiler,
  policyName: string,
  annotations: readonly AuditAnnotation[],
  params: boolean,
): Errors {
  const at = spec.field('auditAnnotations');
  const keys = new Set<string>();
  const tooMany =
    annotations.length > maxAuditAnnotations
      ? [fieldErrors.invalid(at, annotations, `must not have more than ${maxAuditAnnotations} auditAnnotations`)]
      : [];
  const each = errorsOfEach(annotations, ({ key, valueExpression }, i) => {
    const item = at.index(i);
    const duplicate = keys.has(key) ? [fieldErrors.duplicate(item.field('key'), key)] : [];
    keys.add(key);
    const keyErrors =
      policyName === ''
        ? [fieldErrors.invalid(item.field('key'), key, 'requires metadata.name be non-empty')]
        : qualifiedName(`${policyName}/${key}`, item.field('key'));
    return [...keyErrors, ...valueErrors(compiler, valueExpression, params, item.field('valueExpression')), ...duplicate];
  });
  return [...tooMany, ...each];
}

function valueErrors(compiler: PolicyCompiler, expression: string, params: boolean, at: FieldPath): Errors {
  const trimmed = expression.trim();
  if (trimmed === '') return [fieldErrors.required(at, 'valueExpression is not specified')];
  if (byteLength(trimmed) > maxValueExpression) return [fieldErrors.required(at, `must not exceed ${maxValueExpression} bytes in length`)];
  const { problem } = compiler.compile(trimmed, { params, authorizer: true }, [celTypes.string, celTypes.null]);
  return problem === undefined ? [] : [fieldErrors.invalid(at, expression, problem)];
}

/** What is wrong with a binding. */
export function validatingBindingErrors({ spec: binding }: ValidatingAdmissionPolicyBinding): Errors {
  const { policyName = '', paramRef, matchResources, validationActions = [] } = binding;
  return [
    ...policyNameErrors(policyName, spec.field('policyName')),
    ...paramRefErrors(paramRef, spec.field('paramRef')),
    ...matchResourcesErrors(matchResources, spec.field('matchResources')),
    ...actionErrors(validationActions, spec.field('validationActions')),
  ];
}

function actionErrors(actions: readonly string[], at: FieldPath): Errors {
  const seen = new Set<string>();
  const each = errorsOfEach(actions, (action, i) => {
    const duplicate = seen.has(action) ? [fieldErrors.duplicate(at.index(i), action)] : [];
    seen.add(action);
    return [...oneOf(action, ['Audit', 'Deny', 'Warn'], at.index(i)), ...duplicate];
  });
  const repeats = 'repeating the same validation failure information in the API response and headers serves no purpose';
  const both =
    seen.has('Deny') && seen.has('Warn') ? [fieldErrors.invalid(at, actions, `must not contain both Deny and Warn (${repeats})`)] : [];
  return [...each, ...both, ...(actions.length === 0 ? [fieldErrors.required(at, 'at least one validation action is required')] : [])];
}

/** What is wrong with a status. */
export function validatingPolicyStatusErrors({ status }: ValidatingAdmissionPolicy, at: FieldPath): Errors {
  const warnings = at.field('status', 'typeChecking', 'expressionWarnings');
  return errorsOfEach(status?.typeChecking?.expressionWarnings ?? [], ({ fieldRef, warning }, i) => [
    ...(warning === '' ? [fieldErrors.required(warnings.index(i).field('warning'))] : []),
    ...(fieldRef.trim() === '' ? [fieldErrors.required(warnings.index(i).field('fieldRef'))] : []),
  ]);
}
