/** Several errors as Go's aggregate prints them. Source: apimachinery pkg/util/errors/errors.go (aggregate.Error). */

/** `a`, or `[a, b]`; each text once. */
export function aggregated(texts: readonly string[]): string {
  const [first = '', ...more] = new Set(texts);
  return more.length === 0 ? first : `[${[first, ...more].join(', ')}]`;
}
