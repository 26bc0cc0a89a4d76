/**
 * The paths of a scale sub-resource: field names with dots between. Source: apiextensions-apiserver
 * pkg/registry/customresource/{etcd,validator}.go; apimachinery pkg/apis/meta/v1/unstructured/helpers.go.
 */
import { type FieldError, FieldPath, fieldErrors } from '../field-error.ts';
import type { CustomResourceSubresourceScale } from '../generated/apiextensions/v1.ts';
import { goValue } from '../go-format.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';

const maxInt32 = 2 ** 31 - 1;

const fieldsOf = (path: string): readonly string[] => path.replace(/^\./, '').split('.');

/** A value of another type than it should be; the message is upstream's. */
export class AccessorError extends Error {}

function goTypeOf(value: JsonValue): string {
  if (value === null) return '<nil>';
  if (Array.isArray(value)) return '[]interface {}';
  if (typeof value === 'object') return 'map[string]interface {}';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64';
  return typeof value === 'boolean' ? 'bool' : 'string';
}

function wrongType(fields: readonly string[], value: JsonValue, expected: string): AccessorError {
  return new AccessorError(
    `.${fields.join('.')} accessor error: ${goValue(value)} is of the type ${goTypeOf(value)}, expected ${expected}`,
  );
}

/** The value at a path; undefined when there is none. Throws AccessorError. */
function valueAt(object: JsonObject, path: string): JsonValue | undefined {
  const fields = fieldsOf(path);
  let value: JsonValue = object;
  for (const [i, field] of fields.entries()) {
    if (value === null) return undefined;
    if (!isObject(value)) throw wrongType(fields.slice(0, i + 1), value, 'map[string]interface{}');
    const next: JsonValue | undefined = Object.hasOwn(value, field) ? value[field] : undefined;
    if (next === undefined) return undefined;
    value = next;
  }
  return value;
}

/** The whole number at a path. Throws AccessorError. */
export function integerAt(object: JsonObject, path: string): number | undefined {
  const value = valueAt(object, path);
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(fieldsOf(path), value, 'int64');
  return value;
}

/** The text at a path; '' when there is none. Throws AccessorError. */
export function textAt(object: JsonObject, path: string): string {
  const value = valueAt(object, path);
  if (value === undefined) return '';
  if (typeof value !== 'string') throw wrongType(fieldsOf(path), value, 'string');
  return value;
}

/** A copy with the value at a path set. Throws AccessorError. */
export function withValueAt(object: JsonObject, path: string, value: JsonValue): JsonObject {
  const fields = fieldsOf(path);
  const set = (inside: JsonValue | undefined, depth: number): JsonValue => {
    const field = fields[depth];
    if (field === undefined) return value;
    if (inside !== undefined && !isObject(inside)) {
      const text = `value cannot be set because .${fields.slice(0, depth).join('.')} is not a map[string]interface{}`;
      throw new AccessorError(text);
    }
    return { ...inside, [field]: set(inside?.[field], depth + 1) };
  };
  // The fields of a path are at least one.
  return set(object, 0) as JsonObject;
}

function problemOf(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    if (error instanceof AccessorError) return error.message;
    throw error;
  }
}

function countErrors(object: JsonObject, path: string): readonly FieldError[] {
  const at = FieldPath.root.field(path);
  const problem = problemOf(() => integerAt(object, path));
  if (problem !== undefined) return [fieldErrors.invalid(at, 0, problem)];
  const count = integerAt(object, path) ?? 0;
  if (count < 0) return [fieldErrors.invalid(at, count, 'should be a non-negative integer')];
  return count > maxInt32 ? [fieldErrors.invalid(at, count, `should be less than or equal to ${maxInt32}`)] : [];
}

export const scaleSpecErrors = (object: JsonObject, scale: CustomResourceSubresourceScale): readonly FieldError[] =>
  countErrors(object, scale.specReplicasPath);

export function scaleStatusErrors(
  object: JsonObject,
  { statusReplicasPath, labelSelectorPath }: CustomResourceSubresourceScale,
): readonly FieldError[] {
  const problem = labelSelectorPath === undefined ? undefined : problemOf(() => textAt(object, labelSelectorPath));
  return [
    ...countErrors(object, statusReplicasPath),
    ...(problem === undefined ? [] : [fieldErrors.invalid(FieldPath.root.field(labelSelectorPath ?? ''), '', problem)]),
  ];
}
