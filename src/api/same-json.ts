/** Deep equality of JSON values. */

/** True when two JSON values hold the same, whatever the order of their keys; absent and undefined are the same. */
export function sameJson(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) {
    return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
  }
  const right = new Map<string, unknown>(Object.entries(b).filter(([, value]) => value !== undefined));
  const left = Object.entries(a).filter(([, value]) => value !== undefined);
  return left.length === right.size && left.every(([key, value]) => right.has(key) && sameJson(value, right.get(key)));
}
