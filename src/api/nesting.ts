/** How deep JSON may be: everything that walks values is recursive. Differs: upstream stops at 10000, its parser's limit. */

/** More than any object of Kubernetes has. */
export const maxNesting = 1000;

/** True when a value has lists or objects inside one another more than `maxNesting` deep; looks no deeper than that. */
export const nestsTooDeep = (value: unknown, depth = 1): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  if (depth > maxNesting) return true;
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  return items.some((item) => nestsTooDeep(item, depth + 1));
};

/** The shortest text that can nest too deep. */
export const mayNestTooDeep = (byteLength: number): boolean => byteLength > 2 * maxNesting;
