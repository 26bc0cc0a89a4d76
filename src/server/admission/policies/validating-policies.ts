/**
 * ValidatingAdmissionPolicy: refuses, warns of or notes requests that break the rules of policies. Source: apiserver
 * pkg/admission/plugin/policy/validating/{plugin,dispatcher,validator}.go.
 */
import { celLimits } from '../../../api/cel/limits.ts';
import { PolicyCompiler } from '../../../api/cel/policy-compiler.ts';
import { celTypes } from '../../../api/cel/types.ts';
import type { ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '../../../api/generated/admissionregistration/v1.ts';
import type { JsonObject } from '../../../api/json.ts';
import { StatusError } from '../../../api/status-error.ts';
import { type AdmissionAttributes, type AdmissionPlugin, admissionForbidden } from '../admission.ts';
import {
  type Bound,
  bindingMatches,
  boundPolicies,
  ConfigurationError,
  inputOf,
  isExcluded,
  type PolicyParts,
  paramKindOf,
  paramsOf,
  policyVersion,
} from './bound-policies.ts';
import { Evaluation, type Expression, type NamedExpression, OutOfBudget, type PolicyInput } from './evaluation.ts';
import { conditionObserver, meets } from './match-conditions.ts';

interface CompiledValidation extends Expression {
  readonly message: string;
  readonly messageExpression: Expression | undefined;
  readonly reason: string;
}

/** A policy with what its expressions are compiled to. */
interface CompiledPolicy {
  readonly variables: readonly NamedExpression[];
  readonly conditions: readonly NamedExpression[];
  readonly validations: readonly CompiledValidation[];
  readonly annotations: readonly NamedExpression[];
}

type BoundPolicy = Bound<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>;

/** One validation that does not hold, or cannot be evaluated. */
interface Failure {
  readonly index: number;
  readonly message: string;
  /** '' when the validation could not be evaluated. */
  readonly reason: string;
}

interface Denial {
  readonly policy: string;
  readonly binding: string | undefined;
  readonly message: string;
  readonly reason: string;
}

const maxAnnotation = 10 * 1024;

function compile({ spec }: ValidatingAdmissionPolicy): CompiledPolicy {
  const scope = { params: spec.paramKind !== undefined, authorizer: true };
  const compiler = new PolicyCompiler();
  const variables = (spec.variables ?? []).map(({ name, expression }) => ({
    name,
    text: expression,
    compiled: compiler.addVariable(name, expression, scope),
  }));
  const condition = (text: string): Expression => ({ text, compiled: compiler.compile(text, scope, [celTypes.bool]) });
  const message = (text: string): Expression => ({
    text,
    compiled: compiler.compile(text, { ...scope, authorizer: false }, [celTypes.string]),
  });
  return {
    variables,
    conditions: (spec.matchConditions ?? []).map(({ name, expression }) => ({ name, ...condition(expression) })),
    validations: (spec.validations ?? []).map(({ expression, messageExpression = '', ...rest }) => ({
      ...condition(expression),
      message: rest.message ?? '',
      messageExpression: messageExpression === '' ? undefined : message(messageExpression),
      reason: rest.reason ?? 'Invalid',
    })),
    annotations: (spec.auditAnnotations ?? []).map(({ key, valueExpression }) => ({
      name: key,
      text: valueExpression,
      compiled: compiler.compile(valueExpression, scope, [celTypes.string, celTypes.null]),
    })),
  };
}

/** Makes the plugin. */
export function validatingPolicies(parts: PolicyParts): AdmissionPlugin {
  const policiesNow = boundPolicies<ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding>(
    parts.reader,
    'validatingadmissionpolicies',
    'validatingadmissionpolicybindings',
  );
  // A changed policy is another object: what belongs to one that is gone goes with it.
  const compiled = new WeakMap<ValidatingAdmissionPolicy, CompiledPolicy>();
  const compiledOf = (policy: ValidatingAdmissionPolicy): CompiledPolicy => {
    const known = compiled.get(policy) ?? compile(policy);
    compiled.set(policy, known);
    return known;
  };
  return {
    name: 'ValidatingAdmissionPolicy',
    validate(attributes) {
      const policies = policiesNow();
      return policies.length === 0 || isExcluded(attributes) ? undefined : validateAll(parts, policies, attributes, compiledOf);
    },
  };
}

async function validateAll(
  parts: PolicyParts,
  policies: readonly BoundPolicy[],
  attributes: AdmissionAttributes,
  compiledOf: (policy: ValidatingAdmissionPolicy) => CompiledPolicy,
): Promise<void> {
  const denials: Denial[] = [];
  for (const { policy, bindings } of policies) {
    const notes = new Map<string, Set<string>>();
    const whole = await guarded(policy, undefined, denials, async () => {
      const version = policyVersion(policy, attributes, parts.reader);
      if (version !== undefined) paramKindOf(policy, parts.kinds);
      return version;
    });
    if (whole === undefined) continue;
    let input: PolicyInput | undefined;
    for (const binding of bindings) {
      const params = await guarded(policy, binding, denials, async () =>
        bindingMatches(binding, attributes, parts.reader) ? paramsOf(policy, binding, attributes, parts) : [],
      );
      for (const param of params ?? []) {
        input ??= await inputOf(attributes, whole, parts);
        const outcome = evaluate(compiledOf(policy), { ...input, params: param }, rulesOf(policy, attributes, parts));
        for (const failure of outcome.failures) act(policy, binding, failure, attributes, denials);
        for (const [key, value] of outcome.annotations) notes.set(key, (notes.get(key) ?? new Set()).add(value.slice(0, maxAnnotation)));
        for (const message of outcome.annotationErrors) {
          denials.push({ policy: policy.metadata.name, binding: binding.metadata.name, message, reason: '' });
        }
      }
    }
    for (const [key, values] of notes) attributes.context.annotate?.(`${policy.metadata.name}/${key}`, [...values].join(', '));
  }
  const [first] = denials;
  if (first !== undefined) throw denied(attributes, first);
}

/** Reads how a policy is set up; a problem with that denies the request, unless failures are ignored. */
async function guarded<T>(
  { metadata, spec }: ValidatingAdmissionPolicy,
  binding: ValidatingAdmissionPolicyBinding | undefined,
  denials: Denial[],
  read: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    if (spec.failurePolicy !== 'Ignore') {
      denials.push({ policy: metadata.name, binding: binding?.metadata.name, message: error.message, reason: '' });
    }
    return undefined;
  }
}

interface Outcome {
  readonly failures: readonly Failure[];
  readonly annotations: readonly (readonly [key: string, value: string])[];
  readonly annotationErrors: readonly string[];
}

const nothing: Outcome = { failures: [], annotations: [], annotationErrors: [] };

type MatchRules = Parameters<typeof meets>[3];

const rulesOf = (
  { metadata: { name }, spec }: ValidatingAdmissionPolicy,
  { operation }: AdmissionAttributes,
  { observations }: PolicyParts,
): MatchRules => ({
  failurePolicy: spec.failurePolicy ?? 'Fail',
  observer: conditionObserver(observations, { name, kind: 'policy', type: 'validate', operation }),
});

/** Evaluates a policy with one parameter. */
function evaluate(policy: CompiledPolicy, input: PolicyInput, rules: MatchRules): Outcome {
  const { failurePolicy } = rules;
  const failed = (message: string): Outcome =>
    failurePolicy === 'Ignore' ? nothing : { ...nothing, failures: [{ index: 0, message, reason: '' }] };
  try {
    if (policy.conditions.length > 0) {
      const result = meets(policy.conditions, input, policy.variables, rules);
      if ('error' in result) return failed(result.error);
      if (!result.met) return nothing;
    }
    const failures = validationFailures(policy, input, failurePolicy);
    return { failures, ...annotationsOf(policy, input, failurePolicy) };
  } catch (error) {
    if (error instanceof OutOfBudget) return failed(error.message);
    throw error;
  }
}

function validationFailures({ validations, variables }: CompiledPolicy, input: PolicyInput, failurePolicy: string): readonly Failure[] {
  const evaluation = new Evaluation(input, variables, celLimits.runtimeBudget);
  const results = validations.map((validation) => evaluation.evaluate(validation));
  const messages = messagesOf(validations, input, variables, evaluation.remaining);
  return validations.flatMap((validation, index): readonly Failure[] => {
    const result = results[index];
    const error = (message: string): readonly Failure[] => (failurePolicy === 'Ignore' ? [] : [{ index, message, reason: '' }]);
    if (result === undefined || 'error' in result) return error(result?.error ?? '');
    if (messages instanceof OutOfBudget) return error(`failed messageExpression: ${messages.message}`);
    if (result.value === true) return [];
    const text = validation.text.trim();
    const message = messages[index] || validation.message.trim() || `failed expression: ${text}`;
    return [{ index, message, reason: validation.reason }];
  });
}

/** The messages that expressions give, '' where there is none that can be shown. */
function messagesOf(
  validations: readonly CompiledValidation[],
  input: PolicyInput,
  variables: readonly NamedExpression[],
  budget: number,
): readonly string[] | OutOfBudget {
  const evaluation = new Evaluation(input, variables, budget);
  try {
    return validations.map(({ messageExpression }) => {
      const result = messageExpression === undefined ? undefined : evaluation.evaluate(messageExpression);
      const message = result !== undefined && 'value' in result && typeof result.value === 'string' ? result.value.trim() : '';
      return Buffer.byteLength(message) > celLimits.maxMessageBytes || message.includes('\n') ? '' : message;
    });
  } catch (error) {
    if (error instanceof OutOfBudget) return error;
    throw error;
  }
}

function annotationsOf({ annotations, variables }: CompiledPolicy, input: PolicyInput, failurePolicy: string): Omit<Outcome, 'failures'> {
  const evaluation = new Evaluation(input, variables, celLimits.runtimeBudget);
  const published: (readonly [string, string])[] = [];
  const errors: string[] = [];
  for (const annotation of annotations) {
    const result = evaluation.evaluate(annotation);
    if ('error' in result) errors.push(result.error);
    else if (typeof result.value === 'string' && result.value.trim() !== '') published.push([annotation.name, result.value.trim()]);
  }
  return { annotations: published, annotationErrors: failurePolicy === 'Ignore' ? [] : errors };
}

/** Does what the binding says about a failure. */
function act(
  { metadata: policy }: ValidatingAdmissionPolicy,
  { metadata: binding, spec }: ValidatingAdmissionPolicyBinding,
  { index, message, reason }: Failure,
  { context }: AdmissionAttributes,
  denials: Denial[],
): void {
  for (const action of spec.validationActions ?? []) {
    switch (action) {
      case 'Deny':
        denials.push({ policy: policy.name, binding: binding.name, message, reason });
        break;
      case 'Warn':
        context.warn(`Validation failed for ValidatingAdmissionPolicy '${policy.name}' with binding '${binding.name}': ${message}`);
        break;
      case 'Audit': {
        const note: JsonObject = {
          ...{ message, policy: spec.policyName ?? '', binding: binding.name, expressionIndex: index },
          validationActions: [...(spec.validationActions ?? [])],
        };
        context.annotate?.('validation.policy.admission.k8s.io/validation_failure', JSON.stringify([note]));
      }
    }
  }
}

const codes: { readonly [reason: string]: number } = { Forbidden: 403, Unauthorized: 401, RequestEntityTooLarge: 413, Invalid: 422 };

/** The error of a denied request. */
function denied(attributes: AdmissionAttributes, { policy, binding, message, reason: given }: Denial): StatusError {
  const by = binding === undefined ? '' : ` with binding '${binding}'`;
  const text = `ValidatingAdmissionPolicy '${policy}'${by} denied request: ${message}`;
  const { message: shown, details = {} } = admissionForbidden(attributes, text).status;
  const reason = given === '' ? 'Invalid' : given;
  return new StatusError({
    ...(shown === undefined ? {} : { message: shown }),
    reason,
    code: codes[reason] ?? 422,
    details: { ...details, causes: [...(details.causes ?? []), { message: text }] },
  });
}
