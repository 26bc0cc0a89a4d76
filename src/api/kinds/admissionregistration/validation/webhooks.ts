/** Webhook configurations. Source: pkg/apis/admissionregistration/validation/validation.go. */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, FieldPath, fieldErrors } from '../../../field-error.ts';
import type { MutatingWebhook, ValidatingWebhook, WebhookClientConfig } from '../../../generated/admissionregistration/v1.ts';
import type { LabelSelector } from '../../../generated/meta/v1.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../../names.ts';
import { type Errors, errorsOfEach, invalidEach, labelSelectorErrors, oneOf } from '../../../validation/common.ts';
import { webhookServiceErrors, webhookUrlErrors } from '../../../validation/webhook-client.ts';
import { matchConditionErrors } from './match-conditions.ts';
import { matchConditionExpressionErrors } from './policy-parts.ts';
import { ruleWithOperationsErrors } from './rules.ts';

type Webhook = ValidatingWebhook & Pick<MutatingWebhook, 'reinvocationPolicy'>;

interface Configuration {
  readonly webhooks?: readonly Webhook[] | undefined;
}

/** Rules that an update need not obey when the stored object breaks them already. */
interface Strictness {
  readonly sideEffects: boolean;
  readonly reviewVersions: boolean;
  readonly uniqueNames: boolean;
  readonly labelValues: boolean;
  readonly matchConditions: boolean;
}

const strict: Strictness = { sideEffects: true, reviewVersions: true, uniqueNames: true, labelValues: true, matchConditions: true };
const root = FieldPath.root.field('webhooks');
const reviewVersions = ['v1', 'v1beta1'];
const withoutSideEffects = ['None', 'NoneOnDryRun'];

/** What is wrong with a new configuration. */
export const webhookConfigurationErrors = (next: Configuration, _at: unknown, version?: string): Errors =>
  configurationErrors(next, inVersion(strict, version));

/** What is wrong with a changed configuration. */
export const webhookConfigurationUpdateErrors = (next: Configuration, previous: Configuration, _at: unknown, version?: string): Errors =>
  configurationErrors(next, inVersion(strictnessFor(next, previous), version));

/** v1beta1 allows any side effects, and names that are not unique. */
const inVersion = (rules: Strictness, version: string | undefined): Strictness =>
  version === 'v1beta1' ? { ...rules, sideEffects: false, uniqueNames: false } : rules;

function strictnessFor({ webhooks: after = [] }: Configuration, { webhooks: before = [] }: Configuration): Strictness {
  const names = before.map(({ name }) => name);
  const conditionsOf = (webhooks: readonly Webhook[]) => webhooks.map(({ matchConditions }) => matchConditions);
  return {
    sideEffects: before.every(({ sideEffects }) => withoutSideEffects.includes(sideEffects)),
    reviewVersions: before.every(({ admissionReviewVersions: versions }) => versions.length === 0 || versions.some(isReviewVersion)),
    uniqueNames: new Set(names).size === names.length,
    labelValues: before.every((webhook) => selectorErrors(webhook, root, true).length === 0),
    matchConditions: !deepEqual(conditionsOf(after), conditionsOf(before)),
  };
}

const isReviewVersion = (version: string): boolean => reviewVersions.includes(version);

function configurationErrors({ webhooks = [] }: Configuration, rules: Strictness): Errors {
  const names = new Set<string>();
  return errorsOfEach(webhooks, (webhook, i) => {
    const at = root.index(i);
    const { name } = webhook;
    const duplicate = rules.uniqueNames && name !== '' && names.has(name) ? [fieldErrors.duplicate(at.field('name'), name)] : [];
    names.add(name);
    return [...webhookErrors(webhook, rules, at), ...reviewVersionErrors(webhook.admissionReviewVersions, rules, at), ...duplicate];
  });
}

function webhookErrors(webhook: Webhook, rules: Strictness, at: FieldPath): Errors {
  const { name, failurePolicy, matchPolicy, sideEffects, timeoutSeconds, reinvocationPolicy, clientConfig } = webhook;
  const classes = rules.sideEffects ? withoutSideEffects : ['None', 'NoneOnDryRun', 'Some', 'Unknown'];
  // A field that is always written is null when it was not sent.
  const missing = ((sideEffects as string | null | undefined) ?? undefined) === undefined;
  return [
    ...fullyQualifiedName(name, at.field('name')),
    ...errorsOfEach(webhook.rules ?? [], (rule, i) => ruleWithOperationsErrors(rule, at.field('rules').index(i))),
    ...(failurePolicy === undefined ? [] : oneOf(failurePolicy, ['Fail', 'Ignore'], at.field('failurePolicy'))),
    ...(matchPolicy === undefined ? [] : oneOf(matchPolicy, ['Equivalent', 'Exact'], at.field('matchPolicy'))),
    ...(missing
      ? [fieldErrors.required(at.field('sideEffects'), `must specify one of ${classes.join(', ')}`)]
      : oneOf(sideEffects, classes, at.field('sideEffects'))),
    ...(timeoutSeconds !== undefined && (timeoutSeconds > 30 || timeoutSeconds < 1)
      ? [fieldErrors.invalid(at.field('timeoutSeconds'), timeoutSeconds, 'the timeout value must be between 1 and 30 seconds')]
      : []),
    ...selectorErrors(webhook, at, rules.labelValues),
    ...(reinvocationPolicy === undefined ? [] : oneOf(reinvocationPolicy, ['IfNeeded', 'Never'], at.field('reinvocationPolicy'))),
    ...clientErrors(clientConfig, at.field('clientConfig')),
    ...(rules.matchConditions
      ? matchConditionErrors(webhook.matchConditions ?? [], at.field('matchConditions'), matchConditionExpressionErrors(false))
      : []),
  ];
}

/** A domain of at least three parts. Source: apimachinery pkg/util/validation/validation.go (IsFullyQualifiedName). */
function fullyQualifiedName(name: string, at: FieldPath): Errors {
  if (name === '') return [fieldErrors.required(at)];
  const complaints = isDns1123Subdomain(name);
  if (complaints.length > 0) return [fieldErrors.invalid(at, name, complaints.join(','))];
  return name.split('.').length < 3
    ? [fieldErrors.invalid(at, name, 'should be a domain with at least three segments separated by dots')]
    : [];
}

function selectorErrors({ namespaceSelector, objectSelector }: Webhook, at: FieldPath, labelValues: boolean): Errors {
  const errors = (selector: LabelSelector | undefined, field: string): Errors =>
    labelSelectorErrors(checked(selector, labelValues), at.field(field));
  return [...errors(namespaceSelector, 'namespaceSelector'), ...errors(objectSelector, 'objectSelector')];
}

/** Leaves out the values of requirements, which need not be valid labels, when they are not to be checked. */
function checked(selector: LabelSelector | undefined, labelValues: boolean): LabelSelector | undefined {
  if (labelValues || selector?.matchExpressions === undefined) return selector;
  const matchExpressions = selector.matchExpressions.map((one) => ({ ...one, ...(one.values?.length ? { values: ['any'] } : {}) }));
  return { ...selector, matchExpressions };
}

function clientErrors({ url, service }: WebhookClientConfig, at: FieldPath): Errors {
  if (url !== undefined && service === undefined) return webhookUrlErrors(url, at.field('url'));
  if (url === undefined && service !== undefined) return webhookServiceErrors(service, at.field('service'));
  return [fieldErrors.required(at, 'exactly one of url or service is required')];
}

function reviewVersionErrors(versions: readonly string[], rules: Strictness, parent: FieldPath): Errors {
  const at = parent.field('admissionReviewVersions');
  if (versions.length === 0) return [fieldErrors.required(at, `must specify one of ${reviewVersions.join(', ')}`)];
  const errors: FieldError[] = versions.flatMap((version, i) =>
    versions.indexOf(version) < i
      ? [fieldErrors.invalid(at.index(i), version, 'duplicate version')]
      : invalidEach(isDns1035Label(version), version, at.index(i)),
  );
  if (rules.reviewVersions && !versions.some(isReviewVersion)) {
    errors.push(fieldErrors.invalid(at, versions, `must include at least one of ${reviewVersions.join(', ')}`));
  }
  return errors;
}

/**
 * Names that are kept for configurations in files. Source:
 * pkg/apis/admissionregistration/validation/static_suffix.go.
 */
export const staticNameWarnings = ({ metadata: { name } }: { readonly metadata: { readonly name: string } }): readonly string[] =>
  name.endsWith('.static.k8s.io')
    ? [
        'metadata.name: names ending with ".static.k8s.io" are reserved for static manifest-based configurations and cannot be managed via the API',
      ]
    : [];
