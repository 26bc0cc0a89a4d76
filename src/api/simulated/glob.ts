/** Patterns in which `*` stands for any text and `?` for one character. */

/** Whether a whole text matches. */
export function matchesGlob(pattern: string, value: string): boolean {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su').test(value);
}

/** Whether a whole text matches one of them. */
export const matchesAny = (patterns: readonly string[], value: string): boolean => patterns.some((pattern) => matchesGlob(pattern, value));
