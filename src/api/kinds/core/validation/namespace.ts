/** What is wrong with a Namespace. Source: pkg/apis/core/validation/validation.go (ValidateNamespace). */
import { type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { Namespace } from '../../../generated/core/v1.ts';
import { type Errors, qualifiedName } from '../../../validation/common.ts';
import { kubeFinalizerErrors } from '../../../validation/object-meta.ts';

export const namespaceErrors = ({ spec }: Namespace, at: FieldPath): Errors =>
  (spec.finalizers ?? []).flatMap((finalizer) => [
    ...qualifiedName(finalizer, at.field('spec', 'finalizers')),
    ...kubeFinalizerErrors(finalizer, at.field('spec', 'finalizers')),
  ]);

/** A namespace is Terminating exactly while it is being deleted. */
export function namespaceStatusErrors({ metadata, status }: Namespace, _previous: Namespace, at: FieldPath): Errors {
  const here = at.field('status', 'Phase');
  if (metadata.deletionTimestamp === undefined) {
    return status.phase === 'Active'
      ? []
      : [fieldErrors.invalid(here, status.phase, "may only be 'Active' if `deletionTimestamp` is empty")];
  }
  return status.phase === 'Terminating'
    ? []
    : [fieldErrors.invalid(here, status.phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")];
}
