/**
 * Tables as kubectl prints them: columns padded with spaces to the widest cell plus three.
 * Source: cli-runtime pkg/printers/tablewriter.go (tabwriter with minwidth 6, width 4, padding 3).
 */

const minWidth = 6;
const padding = 3;

/** Makes escape sequences in a cell visible, so that objects cannot move the cursor. Source: cli-runtime pkg/printers/terminal.go. */
export const escapeTerminal = (text: string): string => text.replaceAll('\x1b', '^[').replaceAll('\r', '\\r');

/** Character cells of a text: combining marks take none and wide characters count one, as Go's tabwriter counts runes. */
const runeCount = (text: string): number => [...text].length;

/**
 * Lays out rows. As Go's tabwriter does, a column's width depends only on the contiguous block of rows that have it, and the last cell of a row is not padded.
 */
export function renderRows(rows: readonly (readonly string[])[]): string {
  const widths = rows.map((row): number[] => row.map(() => 0));
  const deepest = Math.max(0, ...rows.map((row) => row.length));
  for (let column = 0; column < deepest; column++) {
    let start = 0;
    while (start < rows.length) {
      if ((rows[start]?.length ?? 0) <= column + 1) {
        start += 1;
        continue;
      }
      let end = start;
      let width = 0;
      while (end < rows.length && (rows[end]?.length ?? 0) > column + 1) {
        const cell = runeCount(rows[end]?.[column] ?? '');
        if (cell + padding > width) width = cell + padding;
        end += 1;
      }
      for (let row = start; row < end; row++) {
        const line = widths[row];
        if (line !== undefined) line[column] = Math.max(width, minWidth);
      }
      start = end;
    }
  }
  return rows
    .map((row, r) => {
      const line = row.map((cell, c) =>
        c === row.length - 1 ? cell : cell + ' '.repeat(Math.max(0, (widths[r]?.[c] ?? 0) - runeCount(cell))),
      );
      return `${line.join('')}\n`;
    })
    .join('');
}
