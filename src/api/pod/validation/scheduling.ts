/** Taints, tolerations and scheduling gates. Source: pkg/apis/core/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { PodSchedulingGate, Taint, Toleration } from '../../generated/core/v1.ts';
import { isLabelValue } from '../../names.ts';
import { type Errors, oneOf, qualifiedName, requiredOneOf } from '../../validation/common.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] as const;

function valueErrors({ operator = 'Equal', value = '' }: Toleration, at: FieldPath): Errors {
  const here = at.field('operator');
  if (operator === 'Exists') {
    return value === '' ? [] : [fieldErrors.invalid(here, value, "value must be empty when `operator` is 'Exists'")];
  }
  // These are behind the gate TaintTolerationComparisonOperators, which is off.
  if (operator === 'Lt' || operator === 'Gt') return [fieldErrors.notSupported(here, operator, ['Equal', 'Exists', 'Lt', 'Gt'])];
  if (operator !== 'Equal') return [fieldErrors.notSupported(here, operator, ['Equal', 'Exists'])];
  const complaints = isLabelValue(value);
  return complaints.length === 0 ? [] : [fieldErrors.invalid(here, value, complaints.join(';'))];
}

/** The tolerations of a Pod. */
export const tolerationErrors = (tolerations: readonly Toleration[], at: FieldPath): Errors =>
  tolerations.flatMap((toleration, i) => {
    const here = at.index(i);
    const { key = '', operator, effect, tolerationSeconds } = toleration;
    const errors: FieldError[] = key === '' ? [] : [...qualifiedName(key, here.field('key'))];
    if (key === '' && operator !== 'Exists') {
      errors.push(
        fieldErrors.invalid(
          here.field('operator'),
          operator ?? '',
          'operator must be Exists when `key` is empty, which means "match all values and all keys"',
        ),
      );
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      errors.push(fieldErrors.invalid(here.field('effect'), effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    }
    return [...errors, ...valueErrors(toleration, here), ...(effect === undefined ? [] : oneOf(effect, effects, here.field('effect')))];
  });

/**
 * Tolerations may be added to an existing Pod; of those it already has, only `tolerationSeconds` may change. Upstream
 * looks at them all once more.
 */
export function addedTolerationErrors(next: readonly Toleration[], previous: readonly Toleration[], at: FieldPath): Errors {
  const identityOf = ({ key, operator, value, effect }: Toleration): string =>
    [key, operator, value, effect].map((part) => JSON.stringify(part ?? '')).join();
  const kept = new Set(next.map(identityOf));
  return previous.every((old) => kept.has(identityOf(old)))
    ? tolerationErrors(next, at)
    : [fieldErrors.forbidden(at, 'existing toleration can not be modified except its tolerationSeconds')];
}

/** The scheduling gates of a Pod. */
export function gateErrors(gates: readonly PodSchedulingGate[], at: FieldPath): Errors {
  const seen = new Set<string>();
  return gates.flatMap(({ name }, i) => {
    const repeated = seen.has(name);
    seen.add(name);
    return [...qualifiedName(name, at.index(i)), ...(repeated ? [fieldErrors.duplicate(at.index(i), name)] : [])];
  });
}

/** Scheduling gates of an existing Pod may only be removed. */
export function addedGateErrors(next: readonly PodSchedulingGate[], previous: readonly PodSchedulingGate[], at: FieldPath): Errors {
  const added = new Map(next.map(({ name }, i) => [name, i]));
  for (const { name } of previous) added.delete(name);
  return [...added].map(([name, i]) =>
    fieldErrors.forbidden(at.index(i).field('name'), `only deletion is allowed, but found new scheduling gate '${name}'`),
  );
}

/** The taints of a node. */
export function taintErrors(taints: readonly Taint[], at: FieldPath): Errors {
  const seen = new Set<string>();
  return taints.flatMap((taint, i) => {
    const { key, value = '', effect } = taint;
    const here = at.index(i);
    const complaints = isLabelValue(value);
    const pair = `${effect} ${key}`;
    const repeated = seen.has(pair);
    seen.add(pair);
    // Upstream prints its internal type.
    const shown = { Key: key, Value: value, Effect: effect, TimeAdded: taint.timeAdded ?? null };
    const duplicate = fieldErrors.duplicate(here, shown);
    return [
      ...qualifiedName(key, here.field('key')),
      ...(complaints.length === 0 ? [] : [fieldErrors.invalid(here.field('value'), value, complaints.join(';'))]),
      ...requiredOneOf(effect, effects, here.field('effect')),
      ...(repeated ? [{ ...duplicate, message: `${duplicate.message}: taints must be unique by key and effect pair` }] : []),
    ];
  });
}
