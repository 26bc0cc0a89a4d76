/** Suggests the word that a mistyped word was meant to be. */

/** How many letters must be inserted, removed, replaced or swapped with the next. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const at = (up: number, left: number): number => (up === 0 ? row : rows[i - up])?.[j - left] ?? 0;
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? at(2, 2) + 1 : Number.POSITIVE_INFINITY;
      row.push(Math.min(at(1, 0) + 1, at(0, 1) + 1, at(1, 1) + same, i > 1 && j > 1 ? swapped : Number.POSITIVE_INFINITY));
    }
    rows.push(row);
  }
  return rows.at(-1)?.at(-1) ?? 0;
}

/**
 * The nearest word, if it is near enough: at most two mistakes and fewer than half of its letters, or `word` is its
 * beginning.
 */
export function suggestion(word: string, known: readonly string[]): string | undefined {
  const near = known
    .map((name) => ({ name, mistakes: name.startsWith(word) && word.length > 1 ? 0 : distance(word.toLowerCase(), name) }))
    .filter(({ name, mistakes }) => mistakes <= 2 && mistakes * 2 < name.length)
    .sort((a, b) => a.mistakes - b.mistakes);
  return near[0]?.name;
}
