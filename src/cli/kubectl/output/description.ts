/**
 * The text of a description: indented lines whose tab-separated cells are aligned in columns.
 * Source: kubectl pkg/describe/describe.go (PrefixWriter, tabbedString); Go text/tabwriter.
 */
import { alignCells, escapeTerminal } from '../../print/table.ts';

export class Description {
  #text = '';
  #done = '';

  /** Adds text, indented by two spaces a level. */
  write(level: number, text: string): void {
    this.#text += escapeTerminal('  '.repeat(level) + text);
  }

  /** Adds a line whose cells are separated by tabs. */
  line(level: number, ...cells: readonly (string | number | boolean)[]): void {
    this.write(level, `${cells.join('\t')}\n`);
  }

  /** Ends the present columns: later lines are aligned separately. */
  flush(): void {
    this.#done += alignCells(this.#text, { minWidth: 0, padding: 2 });
    this.#text = '';
  }

  /** The text since the last flush, with its tabs, not aligned. */
  unaligned(): string {
    return this.#text;
  }

  toString(): string {
    this.flush();
    return this.#done;
  }
}

/** A view of a description whose lines are all indented further. */
export interface DescriptionWriter {
  write(level: number, text: string): void;
  line(level: number, ...cells: readonly (string | number | boolean)[]): void;
}

/** The same description, `indent` levels deeper. */
export const nested = (to: DescriptionWriter, indent: number): DescriptionWriter => ({
  write: (level, text) => to.write(level + indent, text),
  line: (level, ...cells) => to.line(level + indent, ...cells),
});
