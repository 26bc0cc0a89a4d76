/** DaemonSets. Source: pkg/apis/apps/validation/validation.go (ValidateDaemonSetSpec). */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { DaemonSet, DaemonSetUpdateStrategy, RollingUpdateDaemonSet } from '../../../generated/apps/v1.ts';
import { podTemplateErrors } from '../../../pod/validation/pod.ts';
import { fromLabelSelector } from '../../../selector.ts';
import {
  type Errors,
  isEmptySelector,
  labelSelectorErrors,
  nonNegative,
  notMoreThanHundredPercent,
  positiveIntOrPercent,
} from '../../../validation/common.ts';
import { collisionCountErrors, countOf, endlessErrors, given, mismatchErrors } from './workload.ts';

function rollingUpdateErrors({ maxUnavailable, maxSurge }: RollingUpdateDaemonSet, at: FieldPath): Errors {
  const [unavailable, surge] = [at.field('maxUnavailable'), at.field('maxSurge')];
  const errors: FieldError[] = [
    ...positiveIntOrPercent(maxUnavailable, unavailable),
    ...positiveIntOrPercent(maxSurge, surge),
    ...notMoreThanHundredPercent(maxUnavailable, unavailable),
    ...notMoreThanHundredPercent(maxSurge, surge),
  ];
  const [hasUnavailable, hasSurge] = [countOf(maxUnavailable) !== 0, countOf(maxSurge) !== 0];
  if (hasUnavailable && hasSurge) errors.push(fieldErrors.invalid(surge, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  if (!hasUnavailable && !hasSurge) errors.push(fieldErrors.required(unavailable, 'cannot be 0 when maxSurge is 0'));
  return errors;
}

function strategyErrors({ type, rollingUpdate }: DaemonSetUpdateStrategy, at: FieldPath): Errors {
  if (type === 'OnDelete') return [];
  if (type === 'RollingUpdate') {
    return rollingUpdate === undefined
      ? [fieldErrors.required(at.field('rollingUpdate'))]
      : rollingUpdateErrors(rollingUpdate, at.field('rollingUpdate'));
  }
  // Upstream prints its internal type.
  const shown =
    rollingUpdate === undefined ? null : { MaxUnavailable: rollingUpdate.maxUnavailable ?? 0, MaxSurge: rollingUpdate.maxSurge ?? 0 };
  return [fieldErrors.notSupported(at, { Type: type, RollingUpdate: shown }, ['RollingUpdate', 'OnDelete'])];
}

export function daemonSetErrors({ spec }: DaemonSet, at: FieldPath): Errors {
  const here = at.field('spec');
  const selector = given(spec.selector);
  const unreadable = labelSelectorErrors(selector, here.field('selector'));
  return [
    ...unreadable,
    ...(unreadable.length === 0 ? mismatchErrors(spec.template, fromLabelSelector(selector), here.field('template')) : []),
    ...(selector !== undefined && isEmptySelector(selector)
      ? [fieldErrors.invalid(here.field('selector'), selector, 'empty selector is invalid for daemonset')]
      : []),
    ...podTemplateErrors(spec.template, here.field('template')),
    ...endlessErrors(spec.template, 'DaemonSet', here.field('template')),
    ...nonNegative(spec.minReadySeconds, here.field('minReadySeconds')),
    ...strategyErrors(spec.updateStrategy, here.field('updateStrategy')),
    ...nonNegative(spec.revisionHistoryLimit, here.field('revisionHistoryLimit')),
  ];
}

/** In upstream's order. */
const counted = [
  'currentNumberScheduled',
  'numberMisscheduled',
  'desiredNumberScheduled',
  'numberReady',
  'observedGeneration',
  'updatedNumberScheduled',
  'numberAvailable',
  'numberUnavailable',
  'collisionCount',
] as const;

export function daemonSetStatusErrors(next: DaemonSet, previous: DaemonSet, at: FieldPath): Errors {
  const here = at.field('status');
  return [
    ...counted.flatMap((field) => nonNegative(next.status[field], here.field(field))),
    ...collisionCountErrors(next.status, previous.status, here),
  ];
}
