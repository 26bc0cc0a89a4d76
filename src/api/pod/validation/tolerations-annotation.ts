/**
 * Tolerations in an annotation, as before Kubernetes 1.6; only their form matters. Source:
 * pkg/apis/core/validation/validation.go (ValidateTolerationsInPodAnnotations), pkg/apis/core/helper/helpers.go.
 */
import { type FieldPath, fieldErrors } from '../../field-error.ts';
import type { Toleration } from '../../generated/core/v1.ts';
import { goJsonError } from '../../go-json-error.ts';
import { isObject, type JsonValue } from '../../json.ts';
import type { Errors } from '../../validation/common.ts';
import { tolerationErrors } from './scheduling.ts';

export const tolerationsAnnotation = 'scheduler.alpha.kubernetes.io/tolerations';

/** The fields of upstream's internal type, which Go finds by their names in any case. */
const fields: readonly (readonly [name: string, goType: string, member: keyof Toleration])[] = [
  ['Key', 'string', 'key'],
  ['Operator', 'core.TolerationOperator', 'operator'],
  ['Value', 'string', 'value'],
  ['Effect', 'core.TaintEffect', 'effect'],
  ['TolerationSeconds', 'int64', 'tolerationSeconds'],
];

/** Go's word for a value of the wrong type; a number is shown where another number was expected. */
function wordFor(value: JsonValue, goType: string): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'number' && goType === 'int64' ? `number ${value}` : typeof value;
}

const suits = (value: JsonValue, goType: string): boolean =>
  goType === 'int64' ? typeof value === 'number' && Number.isInteger(value) : typeof value === 'string';

/** Like Go, goes on after a wrong type, and tells the first. */
class Reader {
  problem: string | undefined;

  list(value: JsonValue): readonly Toleration[] {
    if (value === null) return [];
    if (Array.isArray(value)) return value.map((item: JsonValue) => this.#toleration(item));
    this.#wrong(value, 'Go value of type []core.Toleration', '[]core.Toleration');
    return [];
  }

  #toleration(value: JsonValue): Toleration {
    if (value === null) return {};
    if (!isObject(value)) {
      this.#wrong(value, 'Go value of type core.Toleration', 'core.Toleration');
      return {};
    }
    const read: Partial<Record<keyof Toleration, JsonValue>> = {};
    for (const [key, item = null] of Object.entries(value)) {
      const field = fields.find(([name]) => name.toLowerCase() === key.toLowerCase());
      if (field === undefined || item === null) continue;
      const [name, goType, member] = field;
      if (!suits(item, goType)) this.#wrong(item, `Go struct field Toleration.${name} of type ${goType}`, goType);
      else if (item !== '') read[member] = item;
    }
    return read as Toleration; // Each member was checked; what is no effect or operator is what validation tells.
  }

  #wrong(value: JsonValue, place: string, goType: string): void {
    this.problem ??= `json: cannot unmarshal ${wordFor(value, goType)} into ${place}`;
  }
}

export function tolerationsAnnotationErrors(text: string, at: FieldPath): Errors {
  const refused = (cause: string): Errors => [fieldErrors.invalid(at, tolerationsAnnotation, cause)];
  let parsed: JsonValue;
  try {
    parsed = JSON.parse(text) as JsonValue;
  } catch (error) {
    return refused(goJsonError(text, error));
  }
  const reader = new Reader();
  const tolerations = reader.list(parsed);
  return reader.problem === undefined ? tolerationErrors(tolerations, at.field(tolerationsAnnotation)) : refused(reader.problem);
}
