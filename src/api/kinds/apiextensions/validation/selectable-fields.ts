/**
 * Selectable fields. Source: apiextensions-apiserver pkg/apis/apiextensions/validation
 * (ValidateCustomResourceSelectableFields).
 */
import { resolveFieldPath } from '../../../custom-resources/field-path.ts';
import { type JsonSchema, structuralProblem } from '../../../custom-resources/structural.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { SelectableField } from '../../../generated/apiextensions/v1.ts';

const maxFields = 8;

interface Place {
  readonly at: FieldPath;
  /** The complaint when there is no schema. */
  readonly missing: string;
}

export function selectableFieldErrors(
  fields: readonly SelectableField[] | undefined,
  schema: JsonSchema | undefined,
  toleratesMany: boolean,
  { at, missing }: Place,
): readonly FieldError[] {
  if (fields === undefined || fields.length === 0) return [];
  if (schema === undefined) return [fieldErrors.invalid(at, '', missing)];
  if (structuralProblem(schema) !== undefined) return [];
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, { jsonPath }] of fields.entries()) {
    const where = at.index(i).field('jsonPath');
    if (jsonPath === '') {
      errors.push(fieldErrors.required(where));
      continue;
    }
    const found = resolveFieldPath(jsonPath, schema, { brackets: false });
    if (!found.ok) {
      errors.push(fieldErrors.invalid(where, jsonPath, `is an invalid path: ${found.problem}`));
      continue;
    }
    if (found.root === 'metadata') errors.push(fieldErrors.invalid(where, jsonPath, 'must not point to fields in metadata'));
    if (!['string', 'boolean', 'integer'].includes(found.schema?.type ?? '')) {
      const detail = 'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.';
      errors.push(fieldErrors.invalid(where, jsonPath, detail));
    }
    if (seen.has(found.path.toString())) errors.push(fieldErrors.duplicate(where, jsonPath));
    seen.add(found.path.toString());
  }
  if (seen.size > maxFields && !toleratesMany) errors.push(fieldErrors.tooMany(at, seen.size, maxFields));
  return errors;
}
