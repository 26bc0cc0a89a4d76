/** The parts of a regular expression in Go's syntax. Source: Go's regexp/syntax. */

export interface Range {
  readonly from: number;
  readonly to: number;
}

export type Assertion = 'begin' | 'end' | 'lineBegin' | 'lineEnd' | 'wordBoundary' | 'noWordBoundary';

export type RegexNode =
  | { readonly kind: 'empty' }
  | { readonly kind: 'set'; readonly ranges: readonly Range[]; readonly negated: boolean; readonly unicode: readonly RegExp[] }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  | { readonly kind: 'sequence'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly parts: readonly RegexNode[] }
  | { readonly kind: 'repeat'; readonly node: RegexNode; readonly min: number; readonly max: number; readonly greedy: boolean };

export class RegexError extends Error {
  constructor(code: string, part: string) {
    super(`error parsing regexp: ${code}${part === '' ? '' : `: \`${part}\``}`);
  }
}
