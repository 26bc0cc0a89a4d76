/** What is wrong with a StorageClass. Source: pkg/apis/storage/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors, maxFieldErrors } from '../../../field-error.ts';
import type { TopologySelectorTerm } from '../../../generated/core/v1.ts';
import type { StorageClass } from '../../../generated/storage/v1.ts';
import { type Errors, errorsOfEach, immutable, oneOf, qualifiedName } from '../../../validation/common.ts';
import { parametersErrors } from './parameters.ts';

/** The values of a topology's keys, each once and sorted: what makes two topologies the same. */
function identityOf({ matchLabelExpressions = [] }: TopologySelectorTerm): string {
  const values = new Map(matchLabelExpressions.map((one) => [one.key, [...new Set(one.values)].toSorted()]));
  return JSON.stringify([...values].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** Source: pkg/apis/core/validation/validation.go (ValidateTopologySelectorTerm). */
function termErrors({ matchLabelExpressions = [] }: TopologySelectorTerm, at: FieldPath): Errors {
  const keys = new Set<string>();
  return matchLabelExpressions.flatMap(({ key, values }, i) => {
    const here = at.field('matchLabelExpressions').index(i);
    const errors: FieldError[] = values.length === 0 ? [fieldErrors.required(here.field('values'))] : [];
    const seen = new Set<string>();
    for (const [j, value] of values.entries()) {
      if (seen.has(value)) errors.push(fieldErrors.duplicate(here.field('values').index(j), value));
      seen.add(value);
    }
    errors.push(...qualifiedName(key, here.field('key')));
    if (keys.has(key)) errors.push(fieldErrors.duplicate(here.field('key'), key));
    keys.add(key);
    return errors;
  });
}

/**
 * No topology may be there twice. Upstream compares each also with as many empty ones as there are topologies, so that
 * an empty one is a duplicate for each of them.
 */
function topologiesErrors(topologies: readonly TopologySelectorTerm[], at: FieldPath): Errors {
  const seen = new Map([[identityOf({}), topologies.length]]);
  return errorsOfEach(topologies, (term, i) => {
    const identity = identityOf(term);
    const duplicates = seen.get(identity) ?? 0;
    seen.set(identity, duplicates + 1);
    const duplicate = fieldErrors.duplicate(at.index(i).field('matchLabelExpressions'), '');
    return [...termErrors(term, at.index(i)), ...Array.from({ length: Math.min(duplicates, maxFieldErrors) }, () => duplicate)];
  });
}

export function storageClassErrors(object: StorageClass, at: FieldPath): Errors {
  const { provisioner, reclaimPolicy } = object;
  return [
    ...(provisioner === ''
      ? [fieldErrors.required(at.field('provisioner'))]
      : qualifiedName(provisioner.toLowerCase(), at.field('provisioner'))),
    ...parametersErrors(object.parameters, at.field('parameters')),
    ...(reclaimPolicy.length === 0 ? [] : oneOf(reclaimPolicy, ['Delete', 'Retain'], at.field('reclaimPolicy'))),
    ...oneOf(object.volumeBindingMode, ['Immediate', 'WaitForFirstConsumer'], at.field('volumeBindingMode')),
    ...topologiesErrors(object.allowedTopologies ?? [], at.field('allowedTopologies')),
  ];
}

export const storageClassUpdateErrors = (next: StorageClass, previous: StorageClass, at: FieldPath): Errors =>
  (['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const).flatMap((field) =>
    immutable(next[field], previous[field], at.field(field)),
  );
