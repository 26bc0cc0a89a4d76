/** What is wrong with a RuntimeClass. Source: pkg/apis/node/validation/validation.go. */
import { type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { Toleration } from '../../../generated/core/v1.ts';
import type { RuntimeClass } from '../../../generated/node/v1.ts';
import { containerResourcesErrors } from '../../../pod/validation/resources.ts';
import { tolerationErrors } from '../../../pod/validation/scheduling.ts';
import { dnsLabel, type Errors, immutable, labelErrors } from '../../../validation/common.ts';

function uniqueTolerations(tolerations: readonly Toleration[], at: FieldPath): Errors {
  const seen = new Set<string>();
  return tolerations.flatMap((toleration, i) => {
    const { key = '', operator = '', value = '', effect = '' } = toleration;
    const identity = JSON.stringify([key, operator, value, effect]);
    // Upstream shows its internal type.
    const shown = { Key: key, Operator: operator, Value: value, Effect: effect, TolerationSeconds: toleration.tolerationSeconds ?? null };
    if (seen.has(identity)) return [fieldErrors.duplicate(at.index(i), shown)];
    seen.add(identity);
    return [];
  });
}

export function runtimeClassErrors({ handler, overhead, scheduling }: RuntimeClass, at: FieldPath): Errors {
  const tolerations = scheduling?.tolerations ?? [];
  const here = at.field('scheduling');
  const limits = overhead?.podFixed;
  return [
    ...(handler === '' ? [fieldErrors.required(at.field('handler'))] : dnsLabel(handler, at.field('handler'))),
    ...(overhead === undefined ? [] : containerResourcesErrors(limits === undefined ? {} : { limits }, new Set(), at.field('overhead'))),
    ...labelErrors(scheduling?.nodeSelector, here.field('nodeSelector')),
    ...tolerationErrors(tolerations, here.field('tolerations')),
    ...uniqueTolerations(tolerations, here.field('tolerations')),
  ];
}

export const runtimeClassUpdateErrors = (next: RuntimeClass, previous: RuntimeClass, at: FieldPath): Errors =>
  immutable(next.handler, previous.handler, at.field('handler'));
