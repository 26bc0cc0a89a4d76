/**
 * Why JSON did not fit a type, in the words of Go's decoder. Source: encoding/json (UnmarshalTypeError),
 * sigs.k8s.io/json.
 */
export class DecodeError extends Error {
  override readonly name = 'DecodeError';
}

/** Go's name for the JSON type of a value that does not fit. Integers that do not fit are named with their digits. */
export function describeValue(value: unknown, asInteger: boolean): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return asInteger ? `number ${value}` : 'number';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'string' ? 'string' : 'object';
}
