/** What is wrong with a text that leaves the grammar, in the words of cel-go's parser. */
import type { Token } from './lexer.ts';
import type { CelIssue } from './source.ts';

const beginnings = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

/** `at` is the position of the first token that does not fit. */
export function syntaxIssues(tokens: readonly Token[], at: number): readonly CelIssue[] {
  const token = tokens[at];
  if (token === undefined) return [];
  const before = tokens[at - 1];
  const isAfterValue = before !== undefined && (before.kind !== 'punctuation' || /^[)\]}]$/.test(before.text)) && before.kind !== 'in';
  const message = isAfterValue
    ? `extraneous input '${token.text}' expecting <EOF>`
    : `mismatched input '${token.text}' expecting ${beginnings}`;
  return [{ offset: token.offset, message: `Syntax error: ${message}` }];
}
