/** Reads the file of a KubeSchedulerConfiguration strictly: what is unknown or of another type is an error. */
import { FieldPath, fieldErrors, renderFieldError } from '../../../api/field-error.ts';
import { isObject, type JsonObject, type JsonValue } from '../../../api/json.ts';
import { SchedulerConfigurationError } from './profile.ts';

/** What a value must look like; `any` is not looked at. */
export type Shape = 'text' | 'integer' | 'flag' | 'any' | { readonly list: Shape } | { readonly fields: Readonly<Record<string, Shape>> };

const wrong = (at: FieldPath, value: JsonValue, what: string): SchedulerConfigurationError =>
  new SchedulerConfigurationError(renderFieldError(fieldErrors.typeInvalid(at, value, `must be ${what}`)));

/** Throws SchedulerConfigurationError when the value has another shape. Null is as good as absent. */
export function checkShape(value: JsonValue, shape: Shape, at: FieldPath = FieldPath.root): void {
  if (shape === 'any' || value === null) return;
  if (shape === 'text' && typeof value !== 'string') throw wrong(at, value, 'a text');
  if (shape === 'flag' && typeof value !== 'boolean') throw wrong(at, value, 'true or false');
  if (shape === 'integer' && !Number.isInteger(value)) throw wrong(at, value, 'a whole number');
  if (typeof shape === 'string') return;
  if ('list' in shape) {
    if (!Array.isArray(value)) throw wrong(at, value, 'a list');
    for (const [i, item] of value.entries()) checkShape(item, shape.list, at.index(i));
    return;
  }
  if (!isObject(value)) throw wrong(at, value, 'an object');
  for (const [name, field] of Object.entries(value)) {
    const known = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined;
    if (known === undefined || field === undefined) {
      throw new SchedulerConfigurationError(`strict decoding error: unknown field ${JSON.stringify(String(at.field(name)))}`);
    }
    checkShape(field, known, at.field(name));
  }
}

/** The objects of a list of a checked value. */
export const objectsIn = (list: JsonValue | undefined): readonly JsonObject[] => (Array.isArray(list) ? list.filter(isObject) : []);

/** A checked value without the fields that are null, so that defaults take their place. */
export const presentIn = (object: JsonValue | undefined): JsonObject =>
  isObject(object) ? Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null)) : {};
