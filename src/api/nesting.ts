/**
 * The limit on the depth of JSON, which is needed because code that walks values is recursive. Differs: upstream stops
 * at 10000, its parser's limit.
 */

/** Deeper than any object of Kubernetes. */
export const maxNesting = 1000;

/** True when a value nests lists or objects more than `maxNesting` deep. Looks no deeper than that. */
export const nestsTooDeep = (value: unknown, depth = 1): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (depth > maxNesting) return true;
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return items.some((item) => nestsTooDeep(item, depth + 1));
};

/** True when a text is long enough to nest too deep. */
export const mayNestTooDeep = (byteLength: number): boolean => byteLength > 2 * maxNesting;
