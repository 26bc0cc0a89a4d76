/** The tokens of CEL, by longest match. Source: the CEL grammar in cel-spec doc/langdef.md, and cel-go's CEL.g4. */
import type { CelIssue } from './source.ts';

export type TokenKind =
  | 'punctuation'
  | 'in'
  | 'true'
  | 'false'
  | 'null'
  | 'float'
  | 'int'
  | 'uint'
  | 'string'
  | 'bytes'
  | 'identifier'
  | 'escapedIdentifier'
  | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly offset: number;
}

const escapes = String.raw`\\(?:[abfnrtv"'\\?${'`'}]|[0-3][0-7][0-7]|[xX][0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})`;
const strings = [
  String.raw`"""(?:${escapes}|[^\\])*?"""`,
  String.raw`'''(?:${escapes}|[^\\])*?'''`,
  '[rR]"""[^]*?"""',
  "[rR]'''[^]*?'''",
  String.raw`"(?:${escapes}|[^\\"\n\r])*"`,
  String.raw`'(?:${escapes}|[^\\'\n\r])*'`,
  String.raw`[rR]"[^"\n\r]*"`,
  String.raw`[rR]'[^'\n\r]*'`,
];

const rules: readonly (readonly [TokenKind | 'hidden', RegExp])[] = [
  ['punctuation', /==|!=|<=|>=|&&|\|\||[<>[\]{}().,\-!?:+*/%]/uy],
  ['hidden', /[\t \r\n\f]+|\/\/[^\n]*/uy],
  ['float', /[0-9]+\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+|\.[0-9]+(?:[eE][+-]?[0-9]+)?/uy],
  ['int', /0x[0-9a-fA-F]+|[0-9]+/uy],
  ['uint', /(?:0x[0-9a-fA-F]+|[0-9]+)[uU]/uy],
  ...strings.map((rule): readonly [TokenKind, RegExp] => ['string', new RegExp(rule, 'uy')]),
  ...strings.map((rule): readonly [TokenKind, RegExp] => ['bytes', new RegExp(`[bB]${rule}`, 'uy')]),
  ['identifier', /[A-Za-z_][A-Za-z0-9_]*/uy],
  ['escapedIdentifier', /`[A-Za-z0-9_.\-/ ]+`/uy],
];

const keywords = new Set(['in', 'true', 'false', 'null']);
const isKeyword = (text: string): text is 'in' | 'true' | 'false' | 'null' => keywords.has(text);

/** The longest token at an offset; of equally long ones that of the first rule. */
function longest(text: string, offset: number): { readonly kind: TokenKind | 'hidden'; readonly end: number } | undefined {
  let best: { kind: TokenKind | 'hidden'; end: number } | undefined;
  for (const [kind, rule] of rules) {
    // Sticky expressions are stateful: where they begin is set before each use.
    rule.lastIndex = offset;
    if (rule.test(text) && rule.lastIndex > (best?.end ?? offset)) best = { kind, end: rule.lastIndex };
  }
  return best;
}

/** The characters that no token begins with, from `offset` on, as ANTLR takes them together into one error. */
function unrecognized(text: string, offset: number): number {
  const character = String.fromCodePoint(text.codePointAt(offset) ?? 0);
  const quote = /^(?:[bB]?[rR]?)(["'`])/u.exec(text.slice(offset, offset + 3))?.[1];
  if (quote === undefined) {
    const end = offset + character.length;
    // Half of a mark: what stands there instead of its other half belongs to the error.
    return /^[=&|]$/.test(character) && end < text.length ? end + 1 : end;
  }
  // A string without an end: all that could still have become part of it.
  const rest = /^[^\n\r\\]*(?:\\.)?/su.exec(text.slice(offset))?.[0] ?? '';
  return offset + Math.max(1, rest.length);
}

/** All tokens of a text, ended by one of kind `end`; issues are added to `issues`. */
export function tokenize(text: string, issues: CelIssue[]): readonly Token[] {
  const tokens: Token[] = [];
  let offset = 0;
  while (offset < text.length) {
    const found = longest(text, offset);
    if (found === undefined) {
      const end = unrecognized(text, offset);
      issues.push({ offset, message: `Syntax error: token recognition error at: '${text.slice(offset, end)}'` });
      offset = end;
      continue;
    }
    const content = text.slice(offset, found.end);
    if (found.kind !== 'hidden') {
      const kind = found.kind === 'identifier' && isKeyword(content) ? content : found.kind;
      tokens.push({ kind, text: content, offset });
    }
    offset = found.end;
  }
  tokens.push({ kind: 'end', text: '<EOF>', offset: text.length });
  return tokens;
}
