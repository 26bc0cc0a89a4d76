/**
 * Equality of API values as upstream's semantic equality: unlike same-json.ts, absent, empty lists and empty maps are
 * the same. Source: apimachinery pkg/api/equality.
 */
import { isRecord } from './json.ts';

const isNothing = (value: unknown): boolean => value === undefined || value === null;
const isEmpty = (value: unknown): boolean => isNothing(value) || (Array.isArray(value) && value.length === 0);

/**
 * True when the two are equal in meaning; fields that are absent equal fields that are empty lists. Objects are
 * compared key by key.
 */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (isEmpty(a) && isEmpty(b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, i) => deepEqual(item, b[i]));
  if (isRecord(a) && isRecord(b)) {
    for (const key of Object.keys(a)) if (!deepEqual(a[key], b[key])) return false;
    for (const key of Object.keys(b)) if (!Object.hasOwn(a, key) && !isEmpty(b[key])) return false;
    return true;
  }
  return false;
}
