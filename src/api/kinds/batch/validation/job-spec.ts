/**
 * The spec of Jobs, also in the templates of CronJobs. Source: pkg/apis/batch/validation/validation.go
 * (validateJobSpec).
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../../../generated/batch/v1.ts';
import { internalForm } from '../../../internal-form/internal-form.ts';
import { isDns1123Subdomain, regexComplaint } from '../../../names.ts';
import { podTemplateErrors } from '../../../pod/validation/pod.ts';
import { asSent } from '../../../sent-empty.ts';
import { byteLength, type Errors, invalidEach, nonNegative, oneOf, qualifiedName } from '../../../validation/common.ts';
import { countIndexes, parseIndexes } from '../index-intervals.ts';

const maxIndexedParallelism = 100_000;
const maxFailedIndexes = 100_000;
const manyCompletions = 100_000;
const maxParallelismForMany = 10_000;
const maxFailedIndexesForMany = 10_000;
const maxRules = 20;
const maxExitCodes = 255;
const maxManagedByBytes = 63;
const maxSucceededIndexesBytes = 64 * 1024;

/** Go's `%q` of a list of words. */
const quoted = (words: readonly string[]): string => `[${words.map((word) => JSON.stringify(word)).join(' ')}]`;

/** A word that is needed, of a closed set. */
function requiredWord(value: string, words: readonly string[], at: FieldPath): Errors {
  return value === '' ? [fieldErrors.required(at, `valid values: ${quoted(words)}`)] : oneOf(value, words, at);
}

const httpPath = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";

/** `example.com/controller`. Source: apimachinery pkg/util/validation (IsDomainPrefixedPath). */
function managedByErrors(text: string, at: FieldPath): Errors {
  const tooLong = byteLength(text) > maxManagedByBytes ? [fieldErrors.tooLong(at, maxManagedByBytes)] : [];
  if (text === '') return [fieldErrors.required(at)];
  const slash = text.indexOf('/');
  const [host, path] = [text.slice(0, Math.max(slash, 0)), text.slice(slash + 1)];
  if (slash === -1 || host === '' || path === '') {
    return [fieldErrors.invalid(at, text, 'must be a domain-prefixed path (such as "acme.io/foo")'), ...tooLong];
  }
  return [
    ...invalidEach(isDns1123Subdomain(host), host, at),
    ...(new RegExp(`^${httpPath}$`).test(path) ? [] : [fieldErrors.invalid(at, path, regexComplaint('Invalid path', httpPath))]),
    ...tooLong,
  ];
}

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
] as const;

function countsErrors(spec: JobSpec, at: FieldPath): Errors {
  return [
    ...counts.flatMap((field) => nonNegative(spec[field], at.field(field))),
    ...nonNegative(spec.maxFailedIndexes, at.field('maxFailedIndexes')),
    ...(spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined
      ? [fieldErrors.required(at.field('backoffLimitPerIndex'), 'when maxFailedIndexes is specified')]
      : []),
  ];
}

function indexedErrors(spec: JobSpec, at: FieldPath): Errors {
  const { completions, parallelism = 0, maxFailedIndexes: failed, backoffLimitPerIndex } = spec;
  const errors: FieldError[] = [];
  const atMost = (field: 'parallelism' | 'maxFailedIndexes', value: number, max: number, more = ''): void => {
    if (value > max) errors.push(fieldErrors.invalid(at.field(field), value, `must be less than or equal to ${max}${more}`));
  };
  if (completions === undefined) errors.push(fieldErrors.required(at.field('completions'), 'when completion mode is Indexed'));
  atMost('parallelism', parallelism, maxIndexedParallelism, ' when completion mode is Indexed');
  if (completions !== undefined && failed !== undefined && failed > completions) {
    errors.push(fieldErrors.invalid(at.field('maxFailedIndexes'), failed, 'must be less than or equal to completions'));
  }
  atMost('maxFailedIndexes', failed ?? 0, maxFailedIndexes);
  if (completions === undefined || completions <= manyCompletions || backoffLimitPerIndex === undefined) return errors;
  const many = ` when completions are above ${manyCompletions} and used with backoff limit per index`;
  if (failed === undefined) {
    errors.push(fieldErrors.required(at.field('maxFailedIndexes'), `must be specified when completions is above ${manyCompletions}`));
  }
  atMost('parallelism', parallelism, maxParallelismForMany, many);
  atMost('maxFailedIndexes', failed ?? 0, maxFailedIndexesForMany, many);
  return errors;
}

function modeErrors(spec: JobSpec, at: FieldPath): Errors {
  const { completionMode: mode } = spec;
  if (mode === 'Indexed') return indexedErrors(spec, at);
  if (mode !== undefined && mode !== 'NonIndexed') return oneOf(mode, ['NonIndexed', 'Indexed'], at.field('completionMode'));
  return (['backoffLimitPerIndex', 'maxFailedIndexes'] as const).flatMap((field) =>
    spec[field] === undefined ? [] : [fieldErrors.invalid(at.field(field), spec[field], 'requires indexed completion mode')],
  );
}

function exitCodesErrors(rule: PodFailurePolicyOnExitCodesRequirement, containers: ReadonlySet<string>, at: FieldPath): Errors {
  const { operator, containerName, values = [] } = rule;
  const here = at.field('values');
  const errors: FieldError[] = [...requiredWord(operator, ['In', 'NotIn'], at.field('operator'))];
  if (containerName !== undefined && !containers.has(containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template';
    errors.push(fieldErrors.invalid(at.field('containerName'), containerName, detail));
  }
  if (values.length === 0) errors.push(fieldErrors.invalid(here, asSent(rule, 'values'), 'at least one value is required'));
  else if (values.length > maxExitCodes) errors.push(fieldErrors.tooMany(here, values.length, maxExitCodes));
  const seen = new Set<number>();
  for (const [i, code] of values.entries()) {
    if (operator === 'In' && code === 0) errors.push(fieldErrors.invalid(here.index(i), code, 'must not be 0 for the In operator'));
    if (seen.has(code)) errors.push(fieldErrors.duplicate(here.index(i), code));
    seen.add(code);
  }
  const ordered = values.every((code, i) => i === 0 || (values[i - 1] ?? code) <= code);
  return ordered ? errors : [...errors, fieldErrors.invalid(here, values, 'must be ordered')];
}

function podConditionsErrors(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], at: FieldPath): Errors {
  return [
    ...(patterns.length > maxRules ? [fieldErrors.tooMany(at, patterns.length, maxRules)] : []),
    ...patterns.flatMap(({ type, status }, i) => [
      ...qualifiedName(type, at.index(i).field('type')),
      ...requiredWord(status, ['False', 'True', 'Unknown'], at.index(i).field('status')),
    ]),
  ];
}

function failureRuleErrors(rule: PodFailurePolicyRule, spec: JobSpec, containers: ReadonlySet<string>, at: FieldPath): Errors {
  const { action, onExitCodes, onPodConditions = [] } = rule;
  const errors: FieldError[] = [];
  if (action !== 'FailIndex') errors.push(...requiredWord(action, ['Count', 'FailIndex', 'FailJob', 'Ignore'], at.field('action')));
  else if (spec.backoffLimitPerIndex === undefined) {
    errors.push(fieldErrors.invalid(at.field('action'), action, 'requires the backoffLimitPerIndex to be set'));
  }
  if (onExitCodes !== undefined) errors.push(...exitCodesErrors(onExitCodes, containers, at.field('onExitCodes')));
  errors.push(...podConditionsErrors(onPodConditions, at.field('onPodConditions')));
  const both = onExitCodes !== undefined && onPodConditions.length > 0;
  const neither = onExitCodes === undefined && onPodConditions.length === 0;
  if (both) errors.push(fieldErrors.invalidOmitted(at, 'specifying both OnExitCodes and OnPodConditions is not supported'));
  if (neither) errors.push(fieldErrors.invalidOmitted(at, 'specifying one of OnExitCodes and OnPodConditions is required'));
  return errors;
}

function failurePolicyErrors(spec: JobSpec, at: FieldPath): Errors {
  const rules = spec.podFailurePolicy?.rules ?? [];
  const { containers, initContainers = [] } = spec.template.spec;
  const names = new Set([...containers, ...initContainers].map(({ name }) => name));
  return [
    ...(rules.length > maxRules ? [fieldErrors.tooMany(at, rules.length, maxRules)] : []),
    ...rules.flatMap((rule, i) => failureRuleErrors(rule, spec, names, at.index(i))),
  ];
}

function successRuleErrors({ succeededIndexes, succeededCount }: SuccessPolicyRule, completions: number, at: FieldPath): Errors {
  if (succeededCount === undefined && succeededIndexes === undefined) {
    return [fieldErrors.required(at, 'at least one of succeededCount or succeededIndexes must be specified')];
  }
  const errors: FieldError[] = [];
  let total = 0;
  if (succeededIndexes !== undefined) {
    const here = at.field('succeededIndexes');
    if (byteLength(succeededIndexes) > maxSucceededIndexesBytes) errors.push(fieldErrors.tooLong(here, maxSucceededIndexesBytes));
    const parsed = parseIndexes(succeededIndexes, completions);
    if ('problem' in parsed) {
      errors.push(fieldErrors.invalid(here, succeededIndexes, `error parsing succeededIndexes: ${parsed.problem}`));
    } else total = countIndexes(parsed.intervals);
  }
  if (succeededCount === undefined) return errors;
  const here = at.field('succeededCount');
  const atMost = (max: number, what: string): Errors =>
    succeededCount > max ? [fieldErrors.invalid(here, succeededCount, `must be less than or equal to ${max} (the number of ${what})`)] : [];
  return [
    ...errors,
    ...nonNegative(succeededCount, here),
    ...atMost(completions, 'specified completions'),
    ...(succeededIndexes === undefined ? [] : atMost(total, 'indexes in the specified succeededIndexes field')),
  ];
}

function successPolicyErrors(spec: JobSpec, at: FieldPath): Errors {
  const rules = spec.successPolicy?.rules ?? [];
  if (spec.completionMode !== 'Indexed') {
    return [fieldErrors.invalid(at, internalForm('SuccessPolicy', spec.successPolicy), 'requires indexed completion mode')];
  }
  const here = at.field('rules');
  return [
    ...(rules.length === 0 ? [fieldErrors.required(here, 'at least one rules must be specified when the successPolicy is specified')] : []),
    ...(rules.length > maxRules ? [fieldErrors.tooMany(here, rules.length, maxRules)] : []),
    ...rules.flatMap((rule, i) => successRuleErrors(rule, spec.completions ?? 0, here.index(i))),
  ];
}

function replacementErrors({ podReplacementPolicy: policy, podFailurePolicy }: JobSpec, at: FieldPath): Errors {
  if (policy === undefined) return [];
  return oneOf(policy, podFailurePolicy === undefined ? ['Failed', 'TerminatingOrFailed'] : ['Failed'], at);
}

function restartErrors({ template, podFailurePolicy }: JobSpec, at: FieldPath): Errors {
  const policy = template.spec.restartPolicy;
  if (policy === 'Always') return [fieldErrors.required(at, 'valid values: "OnFailure", "Never"')];
  if (policy !== 'OnFailure' && policy !== 'Never') return [fieldErrors.notSupported(at, policy, ['OnFailure', 'Never'])];
  return podFailurePolicy !== undefined && policy !== 'Never'
    ? [fieldErrors.invalid(at, policy, 'only "Never" is supported when podFailurePolicy is specified')]
    : [];
}

/** All that is wrong with a spec, apart from its selector. */
export function jobSpecErrors(spec: JobSpec, at: FieldPath): Errors {
  return [
    ...countsErrors(spec, at),
    ...(spec.managedBy === undefined ? [] : managedByErrors(spec.managedBy, at.field('managedBy'))),
    ...modeErrors(spec, at),
    ...(spec.podFailurePolicy === undefined ? [] : failurePolicyErrors(spec, at.field('podFailurePolicy', 'rules'))),
    ...(spec.successPolicy === undefined ? [] : successPolicyErrors(spec, at.field('successPolicy'))),
    ...replacementErrors(spec, at.field('podReplacementPolicy')),
    ...podTemplateErrors(spec.template, at.field('template')),
    ...restartErrors(spec, at.field('template', 'spec', 'restartPolicy')),
  ];
}
