/**
 * Columns as Go's tabwriter lays them out: padded with spaces to the widest cell.
 * Source: Go text/tabwriter; cli-runtime pkg/printers/tabwriter.go (minwidth 6, padding 3, remembered widths).
 */

/**
 * Makes escape sequences in a cell visible, so that objects cannot move the cursor. Source: cli-runtime
 * pkg/printers/terminal.go.
 */
export const escapeTerminal = (text: string): string => text.replaceAll('\x1b', '^[').replaceAll('\r', '\\r');

/** Go's tabwriter counts runes. */
const runeCount = (text: string): number => [...text].length;

export interface Layout {
  readonly minWidth: number;
  readonly padding: number;
  /** Widths of the columns written before: none gets narrower. Grows as rows are laid out. */
  readonly remembered?: number[];
}

const tables: Layout = { minWidth: 6, padding: 3 };

/** The width of one column over a block of rows, and what is remembered of it. */
function columnWidth(rows: readonly (readonly string[])[], column: number, layout: Layout): number {
  const widest = Math.max(...rows.map((row) => runeCount(row[column] ?? '')));
  const width = Math.max(widest + layout.padding, layout.minWidth, layout.remembered?.[column] ?? 0);
  if (layout.remembered !== undefined) layout.remembered[column] = width;
  return width;
}

/** A column is as wide as its block: the adjacent rows that have it and a cell after it. */
function columnWidths(rows: readonly (readonly string[])[], layout: Layout): readonly (readonly number[])[] {
  const widths = rows.map((): number[] => []);
  const deepest = rows.reduce((most, row) => Math.max(most, row.length), 0);
  for (let column = 0; column < deepest - 1; column++) {
    for (let start = 0; start < rows.length; start++) {
      if ((rows[start]?.length ?? 0) <= column + 1) continue;
      let end = start;
      while ((rows[end]?.length ?? 0) > column + 1) end += 1;
      const width = columnWidth(rows.slice(start, end), column, layout);
      for (const line of widths.slice(start, end)) line[column] = width;
      start = end;
    }
  }
  return widths;
}

function layOut(rows: readonly (readonly string[])[], layout: Layout): readonly string[] {
  const widths = columnWidths(rows, layout);
  return rows.map((row, r) =>
    row.map((cell, c) => (c === row.length - 1 ? cell : cell + ' '.repeat(Math.max(0, (widths[r]?.[c] ?? 0) - runeCount(cell))))).join(''),
  );
}

/** Lines up rows of cells; the last cell of a row is not padded. */
export const renderRows = (rows: readonly (readonly string[])[], layout: Layout = tables): string =>
  layOut(rows, layout)
    .map((line) => `${line}\n`)
    .join('');

/** Lines up a text whose cells are separated by tabs. */
export function alignCells(text: string, layout: Layout): string {
  return layOut(
    text.split('\n').map((line) => line.split('\t')),
    layout,
  ).join('\n');
}

/** A table that is written bit by bit, as a watch is: columns keep the widths they once had. */
export const growingLayout = (): Layout => ({ ...tables, remembered: [] });
