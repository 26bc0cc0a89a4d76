/** Errors in the text of an expression, printed with the line they are in. Source: cel-go common/{error,errors}.go. */

export interface CelIssue {
  /** In UTF-16 units from the start of the text; -1 when it is about no place. */
  readonly offset: number;
  readonly message: string;
}

const maxIssues = 100;
const maxSnippetLength = 16_384;

/** The 1-based line and the 0-based column, in characters, of an offset. */
export function lineAndColumn(text: string, offset: number): { readonly line: number; readonly column: number } {
  if (offset < 0) return { line: -1, column: -1 };
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: [...before.slice(lineStart)].length };
}

/** Whether a character takes more than one byte, so that the marks below it are wide ones. */
const isWide = (character: string | undefined): boolean => (character?.codePointAt(0) ?? 0) > 127;

function formatIssue(text: string, { offset, message }: CelIssue): string {
  const { line, column } = lineAndColumn(text, offset);
  // An empty text has no first column.
  const head = `ERROR: <input>:${line}:${text === '' ? 0 : column + 1}: ${message}`;
  const snippet = text === '' ? undefined : text.split('\n')[line - 1];
  if (snippet === undefined || Buffer.byteLength(snippet) > maxSnippetLength) return head;
  const shown = [...snippet.replaceAll('\t', ' ')];
  const dots = shown.slice(0, column).map((character) => (isWide(character) ? '\uff0e' : '.'));
  const mark = isWide(shown[column]) ? '\uff3e' : '^';
  return `${head}\n | ${shown.join('')}\n | ${dots.join('')}${mark}`;
}

/** All issues of an expression as cel-go prints them: by place, at most a hundred. */
export function formatIssues(text: string, issues: readonly CelIssue[]): string {
  const kept = issues.slice(0, maxIssues);
  const sorted = kept.toSorted((a, b) => a.offset - b.offset);
  const lines = sorted.map((issue) => formatIssue(text, issue));
  if (issues.length > maxIssues) lines.push(`${issues.length - maxIssues} more errors were truncated`);
  return lines.join('\n');
}
