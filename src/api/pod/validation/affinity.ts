/** Affinity, node selectors and topology spread. Source: pkg/apis/core/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type {
  Affinity,
  NodeAffinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from '../../generated/core/v1.ts';
import type { LabelSelector } from '../../generated/meta/v1.ts';
import { isDns1123Label, isDns1123Subdomain, isLabelValue } from '../../names.ts';
import { type Errors, invalidEach, labelSelectorErrors, oneOf, qualifiedName } from '../../validation/common.ts';

function expressionErrors({ key, operator, values = [] }: NodeSelectorRequirement, strict: boolean, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  const here = at.field('values');
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(fieldErrors.required(here, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) errors.push(fieldErrors.forbidden(here, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1) errors.push(fieldErrors.required(here, "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else errors.push(fieldErrors.invalid(at.field('operator'), operator, 'not a valid selector operator'));
  errors.push(...qualifiedName(key, at.field('key')));
  // Values of preferred terms are not checked: an invalid one merely never matches.
  if (strict) errors.push(...values.flatMap((value, i) => invalidEach(isLabelValue(value), value, here.index(i))));
  return errors;
}

function fieldErrorsOf({ key, operator, values = [] }: NodeSelectorRequirement, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(fieldErrors.invalid(at.field('operator'), operator, 'not a valid selector operator'));
  } else if (values.length !== 1) {
    errors.push(
      fieldErrors.required(at.field('values'), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"),
    );
  }
  if (key !== 'metadata.name') return [...errors, fieldErrors.invalid(at.field('key'), key, 'not a valid field selector key')];
  return [...errors, ...values.flatMap((value, i) => invalidEach(isDns1123Subdomain(value), value, at.field('values').index(i)))];
}

const termErrors = (term: NodeSelectorTerm, strict: boolean, at: FieldPath): Errors => [
  ...(term.matchExpressions ?? []).flatMap((one, i) => expressionErrors(one, strict, at.field('matchExpressions').index(i))),
  ...(term.matchFields ?? []).flatMap((one, i) => fieldErrorsOf(one, at.field('matchFields').index(i))),
];

/**
 * A node selector: its terms are ORed, the requirements of a term are ANDed. `anyValue`: values need not be ones that
 * labels can have.
 */
export function nodeSelectorErrors({ nodeSelectorTerms }: NodeSelector, at: FieldPath, anyValue = false): Errors {
  const here = at.field('nodeSelectorTerms');
  if (nodeSelectorTerms.length === 0) return [fieldErrors.required(here, 'must have at least one node selector term')];
  return nodeSelectorTerms.flatMap((term, i) => termErrors(term, !anyValue, here.index(i)));
}

const weightErrors = (weight: number, at: FieldPath): Errors =>
  weight <= 0 || weight > 100 ? [fieldErrors.invalid(at, weight, 'must be in the range 1-100')] : [];

export function nodeAffinityErrors(affinity: NodeAffinity, at: FieldPath): Errors {
  const required = affinity.requiredDuringSchedulingIgnoredDuringExecution;
  const preferred = affinity.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const here = at.field('preferredDuringSchedulingIgnoredDuringExecution');
  return [
    ...(required === undefined ? [] : nodeSelectorErrors(required, at.field('requiredDuringSchedulingIgnoredDuringExecution'))),
    ...preferred.flatMap(({ weight, preference }, i) => [
      ...weightErrors(weight, here.index(i).field('weight')),
      ...termErrors(preference, false, here.index(i).field('preference')),
    ]),
  ];
}

function labelKeysErrors(keys: readonly string[], selector: LabelSelector | undefined, at: FieldPath): Errors {
  if (keys.length === 0) return [];
  if (selector === undefined) return [fieldErrors.forbidden(at, 'must not be specified when labelSelector is not set')];
  return keys.flatMap((key, i) => qualifiedName(key, at.index(i)));
}

interface LabelKeys {
  readonly matchLabelKeys?: readonly string[] | undefined;
  readonly labelSelector?: LabelSelector | undefined;
}

/**
 * Reports keys that both a selector and `matchLabelKeys` name. On creation the keys have already been merged into the
 * selector's expressions, so each may appear there once.
 */
function repeatedKeyErrors({ matchLabelKeys = [], labelSelector }: LabelKeys, at: FieldPath): Errors {
  const seen = new Set(Object.keys(labelSelector?.matchLabels ?? {}));
  const errors: FieldError[] = [];
  for (const { key } of labelSelector?.matchExpressions ?? []) {
    const i = matchLabelKeys.lastIndexOf(key);
    if (i !== -1 && seen.has(key)) errors.push(fieldErrors.invalid(at.index(i), key, 'exists in both matchLabelKeys and labelSelector'));
    seen.add(key);
  }
  return errors;
}

function podTermErrors(term: PodAffinityTerm, at: FieldPath): Errors {
  const { labelSelector, namespaceSelector, namespaces = [], matchLabelKeys = [], mismatchLabelKeys = [], topologyKey } = term;
  return [
    ...labelSelectorErrors(labelSelector, at.field('labelSelector')),
    ...labelSelectorErrors(namespaceSelector, at.field('namespaceSelector')),
    ...namespaces.flatMap((name) => invalidEach(isDns1123Label(name), name, at.field('namespace'))),
    ...labelKeysErrors(matchLabelKeys, labelSelector, at.field('matchLabelKeys')),
    ...labelKeysErrors(mismatchLabelKeys, labelSelector, at.field('mismatchLabelKeys')),
    ...repeatedKeyErrors(term, at),
    ...matchLabelKeys.flatMap((key, i) =>
      mismatchLabelKeys.includes(key)
        ? [fieldErrors.invalid(at.field('matchLabelKeys').index(i), key, 'exists in both matchLabelKeys and mismatchLabelKeys')]
        : [],
    ),
    ...(topologyKey === '' ? [fieldErrors.required(at.field('topologyKey'), 'can not be empty')] : []),
    ...qualifiedName(topologyKey, at.field('topologyKey')),
  ];
}

function podAffinityErrors(affinity: PodAffinity, at: FieldPath): Errors {
  const required = at.field('requiredDuringSchedulingIgnoredDuringExecution');
  const preferred = at.field('preferredDuringSchedulingIgnoredDuringExecution');
  return [
    ...(affinity.requiredDuringSchedulingIgnoredDuringExecution ?? []).flatMap((term, i) => podTermErrors(term, required.index(i))),
    ...(affinity.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(({ weight, podAffinityTerm }, i) => [
      ...weightErrors(weight, preferred.index(i).field('weight')),
      ...podTermErrors(podAffinityTerm, preferred.index(i).field('podAffinityTerm')),
    ]),
  ];
}

/** The affinities of a Pod. */
export const affinityErrors = ({ nodeAffinity, podAffinity, podAntiAffinity }: Affinity, at: FieldPath): Errors => [
  ...(nodeAffinity === undefined ? [] : nodeAffinityErrors(nodeAffinity, at.field('nodeAffinity'))),
  ...(podAffinity === undefined ? [] : podAffinityErrors(podAffinity, at.field('podAffinity'))),
  ...(podAntiAffinity === undefined ? [] : podAffinityErrors(podAntiAffinity, at.field('podAntiAffinity'))),
];

function spreadKeysErrors(constraint: TopologySpreadConstraint, at: FieldPath): Errors {
  const { matchLabelKeys = [], labelSelector } = constraint;
  return [...labelKeysErrors(matchLabelKeys, labelSelector, at), ...repeatedKeyErrors(constraint, at)];
}

function minDomainsErrors({ minDomains, whenUnsatisfiable }: TopologySpreadConstraint, at: FieldPath): Errors {
  if (minDomains === undefined) return [];
  const errors: FieldError[] = minDomains <= 0 ? [fieldErrors.invalid(at, minDomains, 'must be greater than zero')] : [];
  if (whenUnsatisfiable !== 'DoNotSchedule') {
    errors.push(
      fieldErrors.invalid(at, minDomains, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`),
    );
  }
  return errors;
}

/** The topology spread constraints of a Pod. */
export function topologySpreadErrors(constraints: readonly TopologySpreadConstraint[], at: FieldPath): Errors {
  const policies = ['Honor', 'Ignore'] as const;
  const pairOf = ({ topologyKey, whenUnsatisfiable }: TopologySpreadConstraint): string => `${whenUnsatisfiable} ${topologyKey}`;
  const last = new Map(constraints.map((constraint, i) => [pairOf(constraint), i]));
  return constraints.flatMap((constraint, i) => {
    const here = at.index(i);
    const { maxSkew, topologyKey, whenUnsatisfiable, nodeAffinityPolicy, nodeTaintsPolicy, labelSelector } = constraint;
    const repeated = last.get(pairOf(constraint)) !== i;
    return [
      ...(maxSkew <= 0 ? [fieldErrors.invalid(here.field('maxSkew'), maxSkew, 'must be greater than zero')] : []),
      ...(topologyKey === '' ? [fieldErrors.required(here.field('topologyKey'), 'can not be empty')] : []),
      ...oneOf(whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway'], here.field('whenUnsatisfiable')),
      ...(repeated
        ? [fieldErrors.duplicate(here.field('{topologyKey, whenUnsatisfiable}'), `{${topologyKey}, ${whenUnsatisfiable}}`)]
        : []),
      ...minDomainsErrors(constraint, here.field('minDomains')),
      ...(nodeAffinityPolicy === undefined ? [] : oneOf(nodeAffinityPolicy, policies, here.field('nodeAffinityPolicy'))),
      ...(nodeTaintsPolicy === undefined ? [] : oneOf(nodeTaintsPolicy, policies, here.field('nodeTaintsPolicy'))),
      ...spreadKeysErrors(constraint, here.field('matchLabelKeys')),
      ...labelSelectorErrors(labelSelector, here.field('labelSelector')),
    ];
  });
}
