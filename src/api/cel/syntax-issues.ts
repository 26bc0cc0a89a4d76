/** What is wrong with a text that leaves the grammar, in the words of the parser that cel-go has from ANTLR. */
import type { Token } from './lexer.ts';

const beginnings = ["'['", "'{'", "'('", "'.'", "'-'", "'!'", "'true'", "'false'", "'null'"];
const kinds = ['NUM_FLOAT', 'NUM_INT', 'NUM_UINT', 'STRING', 'BYTES', 'IDENTIFIER'];

/** What may stand where a value is expected, and one more mark that may stand there after another. */
export function expectedValue(more?: { readonly mark: string; readonly after: string }): string {
  const marks = beginnings.flatMap((mark) => (mark === `'${more?.after}'` ? [mark, `'${more?.mark}'`] : [mark]));
  return `{${[...marks, ...kinds].join(', ')}}`;
}

const valueKinds = new Set(['true', 'false', 'null', 'float', 'int', 'uint', 'string', 'bytes', 'identifier']);

/** Whether a value may begin with a token. */
export const beginsValue = ({ kind, text }: Token): boolean => valueKinds.has(kind) || (kind === 'punctuation' && /^[[{(.\-!]$/.test(text));

/** Whether a token joins two values. */
export const joinsValues = ({ kind, text }: Token): boolean =>
  kind === 'in' || (kind === 'punctuation' && /^(?:[<>=!]=|[<>+\-*/%]|&&|\|\||\?)$/.test(text));

export const mismatched = (token: Token, expected: string): string =>
  `Syntax error: mismatched input '${token.text}' expecting ${expected}`;

export const extraneous = (token: Token, expected: string): string =>
  `Syntax error: extraneous input '${token.text}' expecting ${expected}`;

export const noAlternative = (text: string): string => `Syntax error: no viable alternative at input '${text}'`;

/** A single mark was expected: too much, too little or something else stands there. */
export function notTheMark(mark: string, token: Token, next: Token | undefined, isClosed: boolean): string {
  if (next?.kind === 'punctuation' && next.text === mark) return extraneous(token, `'${mark}'`);
  const canFollow = mark === ':' ? beginsValue(token) : token.kind === 'end' ? isClosed : joinsValues(token);
  return canFollow ? `Syntax error: missing '${mark}' at '${token.text}'` : mismatched(token, `'${mark}'`);
}
