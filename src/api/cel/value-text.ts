/** A value as Go prints it with %v in error messages. */
import { toText } from './conversions.ts';
import { CelError, CelUint, ListValue, MapValue, OptionalValue, typeOfValue, type Value } from './value.ts';

export function valueText(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'object' && (value instanceof ListValue || value instanceof MapValue)) return typeOfValue(value).name;
  if (value instanceof CelUint) return String(value.value);
  if (value instanceof OptionalValue) return value.value === undefined ? 'optional.none()' : `optional(${valueText(value.value)})`;
  const text = toText(value);
  return text instanceof CelError ? typeOfValue(value).name : String(text);
}
