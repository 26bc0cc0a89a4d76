/**
 * The parser: a text becomes a tree, with the macros expanded. What is no CEL is refused in the words of the parser
 * that cel-go uses. Source: cel-go parser/parser.go and its grammar.
 */
import type { Expr, MapEntry, StructField } from './ast.ts';
import { ExprFactory } from './expr-factory.ts';
import { type Token, type TokenKind, tokenize } from './lexer.ts';
import { bindMacro, globalMacros, type MacroProblem, memberMacros } from './macros.ts';
import type { CelIssue } from './source.ts';
import { beginsValue, expectedValue, extraneous, joinsValues, mismatched, noAlternative, notTheMark } from './syntax-issues.ts';
import { UnescapeError, unescapeBytes, unescapeString } from './unescape.ts';
import { CelUint } from './value.ts';

export interface ParsedExpr {
  readonly expr: Expr;
  /** The place of each node of the tree in the text. */
  readonly offsets: ReadonlyMap<number, number>;
}

/** Source: cel-go parser/parser.go (NewParser): expressionSizeCodePointLimit, maxRecursionDepth. */
const maxLength = 100_000;
const maxDepth = 250;

const reserved = new Set(
  'as break const continue else false for function if import in let loop package namespace null return true var void while'.split(' '),
);

/** Thrown where the text leaves the grammar, after what is wrong with it was noted. */
class OffGrammar extends Error {}
class TooDeep extends Error {}

const minInt = -(2n ** 63n);
const maxInt = 2n ** 63n - 1n;
const maxUint = 2n ** 64n - 1n;

class Parser {
  readonly #tokens: readonly Token[];
  readonly #make: ExprFactory;
  readonly #bindings: boolean;
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], make: ExprFactory, bindings: boolean) {
    this.#tokens = tokens;
    this.#bindings = bindings;
    this.#make = make;
  }

  whole(): Expr {
    const expr = this.#expr();
    if (this.#token.kind !== 'end') throw this.#off((this.#next?.kind === 'end' ? extraneous : mismatched)(this.#token, '<EOF>'));
    return expr;
  }

  #off(message: string): OffGrammar {
    this.#make.issues.push({ offset: this.#token.offset, message });
    return new OffGrammar();
  }

  /** No name follows a dot; the text is shown from the dot on. */
  #noNameAfter(dot: number): OffGrammar {
    const { kind, text, offset } = this.#token;
    return this.#off(noAlternative(`.${kind === 'end' ? '' : ' '.repeat(Math.max(0, offset - dot - 1)) + text}`));
  }

  get #token(): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new OffGrammar();
    return token;
  }

  get #next(): Token | undefined {
    return this.#tokens[this.#at + 1];
  }

  #is(text: string): boolean {
    const { kind, text: own } = this.#token;
    return own === text && (kind === 'punctuation' || kind === 'in');
  }

  #accept(...texts: readonly string[]): Token | undefined {
    const token = this.#token;
    if (!texts.some((text) => this.#is(text))) return undefined;
    this.#at++;
    return token;
  }

  #expect(text: string): Token {
    const token = this.#accept(text);
    if (token === undefined) throw this.#off(notTheMark(text, this.#token, this.#next, this.#open === 1));
    return token;
  }

  /** The comma between elements, or the mark that ends them. */
  #expectComma(close: string): void {
    if (this.#accept(',') === undefined) throw this.#off(mismatched(this.#token, `{'${close}', ','}`));
  }

  /** How many brackets are open here. */
  get #open(): number {
    const marks = this.#tokens.slice(0, this.#at).filter(({ kind }) => kind === 'punctuation');
    return marks.filter(({ text }) => /^[[({]$/.test(text)).length - marks.filter(({ text }) => /^[\])}]$/.test(text)).length;
  }

  #take(...kinds: readonly TokenKind[]): Token {
    const token = this.#token;
    if (!kinds.includes(token.kind)) throw this.#off(mismatched(token, expectedValue()));
    this.#at++;
    return token;
  }

  #expr(): Expr {
    if (++this.#depth > maxDepth) throw new TooDeep();
    const condition = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()));
    const question = this.#accept('?');
    let result = condition;
    if (question !== undefined) {
      const id = question.offset;
      const then = this.#logical('||', '_||_', () => this.#logical('&&', '_&&_', () => this.#relation()));
      this.#expect(':');
      result = this.#make.call(id, '_?_:_', condition, then, this.#expr());
    }
    this.#depth--;
    return result;
  }

  /** A chain of && or ||, as a balanced tree: the order of evaluation follows from it. */
  #logical(operator: string, fn: string, term: () => Expr): Expr {
    const terms = [term()];
    const offsets: number[] = [];
    for (let token = this.#accept(operator); token !== undefined; token = this.#accept(operator)) {
      offsets.push(token.offset);
      terms.push(term());
    }
    return this.#balanced(fn, terms, offsets);
  }

  #balanced(fn: string, terms: readonly Expr[], offsets: readonly number[]): Expr {
    const [first] = terms;
    if (first === undefined) throw new OffGrammar();
    if (terms.length === 1) return first;
    const middle = offsets.length >> 1;
    const left = this.#balanced(fn, terms.slice(0, middle + 1), offsets.slice(0, middle));
    const right = this.#balanced(fn, terms.slice(middle + 1), offsets.slice(middle + 1));
    return this.#make.call(offsets[middle] ?? -1, fn, left, right);
  }

  #relation(): Expr {
    return this.#operators(['<', '<=', '>=', '>', '==', '!=', 'in'], () =>
      this.#operators(['+', '-'], () => this.#operators(['*', '/', '%'], () => this.#unary())),
    );
  }

  /** Operators of one rank, grouped to the left. */
  #operators(texts: readonly string[], operand: () => Expr): Expr {
    const start = this.#depth;
    let left = operand();
    for (let token = this.#accept(...texts); token !== undefined; token = this.#accept(...texts)) {
      // The tree grows to the left with every operator of a chain.
      if (++this.#depth > maxDepth) throw new TooDeep();
      const fn = token.text === 'in' ? '@in' : `_${token.text}_`;
      left = this.#make.call(token.offset, fn, left, operand());
    }
    this.#depth = start;
    return left;
  }

  #unary(): Expr {
    const operator = this.#is('!') ? '!' : this.#is('-') ? '-' : undefined;
    if (operator === undefined) return this.#member();
    const next = this.#tokens[this.#at + 1];
    if (operator === '-' && (next?.kind === 'int' || next?.kind === 'float')) return this.#member();
    const first = this.#token.offset;
    let count = 0;
    // The last of several minus signs belongs to the number that it stands before.
    while (this.#is(operator) && !this.#isSignedNumber(operator)) {
      this.#at++;
      count++;
    }
    const member = this.#member();
    return count % 2 === 0 ? member : this.#make.call(first, operator === '!' ? '!_' : '-_', member);
  }

  #isSignedNumber(operator: string): boolean {
    const next = this.#tokens[this.#at + 1]?.kind;
    return operator === '-' && (next === 'int' || next === 'float');
  }

  #member(): Expr {
    const start = this.#depth;
    let member = this.#primary();
    for (;;) {
      const dot = this.#accept('.');
      if (dot !== undefined) member = this.#afterDot(member, dot.offset);
      else {
        const bracket = this.#accept('[');
        if (bracket === undefined) break;
        const optional = this.#accept('?') !== undefined;
        const index = this.#expr();
        this.#expect(']');
        member = this.#make.call(bracket.offset, optional ? '_[?_]' : '_[_]', member, index);
      }
      // The tree grows to the left with every link of a chain.
      if (++this.#depth > maxDepth) throw new TooDeep();
    }
    this.#depth = start;
    return member;
  }

  #afterDot(operand: Expr, dot: number): Expr {
    if (this.#accept('?') !== undefined) {
      const { offset } = this.#token;
      return this.#make.call(dot, '_?._', operand, this.#make.literal(offset, this.#fieldName(offset - 1)));
    }
    const { kind, text } = this.#token;
    const next = this.#tokens[this.#at + 1];
    if (kind === 'identifier' && next?.text === '(' && next.kind === 'punctuation') {
      this.#at++;
      const open = this.#expect('(');
      return this.#memberCall(open.offset, text, operand, this.#exprList(')'));
    }
    return this.#make.select(dot, operand, this.#fieldName(dot));
  }

  #fieldName(dot: number): string {
    const { kind, text, offset } = this.#token;
    if (kind !== 'identifier' && kind !== 'escapedIdentifier') {
      const problem = this.#noNameAfter(dot);
      // The text goes on behind the place of the name.
      if (kind === 'end' || this.#is('.') || joinsValues(this.#token)) return '';
      throw problem;
    }
    this.#at++;
    if (kind === 'escapedIdentifier') this.#make.issues.push({ offset, message: "unsupported syntax: '`'" });
    return text;
  }

  #memberCall(offset: number, fn: string, target: Expr, args: readonly Expr[]): Expr {
    const isBinding = this.#bindings && fn === 'bind' && args.length === 3 && target.kind === 'ident' && target.name === 'cel';
    const macro = isBinding ? bindMacro : memberMacros[`${fn}:${args.length}`];
    if (macro === undefined) return this.#make.memberCall(offset, fn, target, ...args);
    return this.#expanded(macro({ make: this.#make, at: offset, target, args }));
  }

  #globalCall(offset: number, fn: string, args: readonly Expr[]): Expr {
    const macro = globalMacros[`${fn}:${args.length}`];
    return macro === undefined ? this.#make.call(offset, fn, ...args) : this.#expanded(macro({ make: this.#make, at: offset, args }));
  }

  #expanded(expansion: Expr | MacroProblem): Expr {
    return 'problem' in expansion ? this.#make.failed(this.#make.offsetOf(expansion.at.id), expansion.problem) : expansion;
  }

  #exprList(close: string): readonly Expr[] {
    const list: Expr[] = [];
    if (this.#accept(close) !== undefined) return list;
    do list.push(this.#expr());
    while (this.#accept(',') !== undefined);
    this.#expect(close);
    return list;
  }

  #primary(): Expr {
    const { kind, text, offset } = this.#token;
    if (kind === 'identifier' || this.#is('.')) return this.#named();
    if (this.#accept('(') !== undefined) {
      const inner = this.#expr();
      this.#expect(')');
      return inner;
    }
    if (this.#accept('[') !== undefined) return this.#list(offset);
    if (this.#accept('{') !== undefined) return this.#map(offset);
    if (this.#accept('-') !== undefined) return this.#number(offset, '-');
    this.#at++;
    switch (kind) {
      case 'int':
      case 'uint':
      case 'float':
        this.#at--;
        return this.#number(offset, '');
      case 'true':
      case 'false':
        return this.#make.literal(offset, text === 'true');
      case 'null':
        return this.#make.literal(offset, null);
      case 'string':
        return this.#unescaped(offset, () => unescapeString(text));
      case 'bytes':
        return this.#unescaped(offset, () => unescapeBytes(text.slice(1)));
      default:
        this.#at--;
        return this.#noValue();
    }
  }

  /** What else than a value may stand here: the end of a call's arguments, or the mark of an optional index. */
  #expectedHere(): string {
    const [owner, open] = this.#tokens.slice(Math.max(0, this.#at - 2), this.#at);
    if (owner === undefined || open?.kind !== 'punctuation') return expectedValue();
    if (open.text === '(' && owner.kind === 'identifier') return expectedValue({ mark: ')', after: '(' });
    const isIndex = open.text === '[' && (owner.kind !== 'punctuation' || /^[)\]}]$/.test(owner.text)) && owner.kind !== 'in';
    return isIndex ? expectedValue({ mark: '?', after: '!' }) : expectedValue();
  }

  /** A value is expected and none begins: the token is too much, or the value is missing. */
  #noValue(): Expr {
    const token = this.#token;
    const expected = this.#expectedHere();
    const before = this.#tokens[this.#at - 1];
    const isNegated = before?.kind === 'punctuation' && (before.text === '!' || before.text === '-');
    const isTooMuch = !isNegated && this.#next !== undefined && beginsValue(this.#next);
    const problem = this.#off((isTooMuch || isNegated ? extraneous : mismatched)(token, expected));
    if (isTooMuch) {
      this.#at++;
      return this.#member();
    }
    if (!joinsValues(token)) throw problem;
    return this.#make.literal(token.offset, null);
  }

  #unescaped(offset: number, content: () => string | Uint8Array): Expr {
    try {
      return this.#make.literal(offset, content());
    } catch (error) {
      if (error instanceof UnescapeError) return this.#make.failed(offset, error.message);
      throw error;
    }
  }

  #number(offset: number, sign: string): Expr {
    const { kind, text } = sign === '' ? this.#take('int', 'uint', 'float') : this.#take('int', 'float');
    if (kind === 'float') {
      const value = Number(sign + text);
      return Number.isFinite(value) ? this.#make.literal(offset, value) : this.#make.failed(offset, 'invalid double literal');
    }
    if (kind === 'uint') {
      const value = BigInt(text.slice(0, -1));
      if (value > maxUint) return this.#make.failed(offset, 'invalid uint literal');
      return this.#make.literal(offset, new CelUint(value));
    }
    const value = sign === '-' ? -BigInt(text) : BigInt(text);
    if (value < minInt || value > maxInt) return this.#make.failed(offset, 'invalid int literal');
    return this.#make.literal(offset, value);
  }

  /** A name with or without a leading dot: a variable, a call, or the type of a message. */
  #named(): Expr {
    const start = this.#token.offset;
    const leading = this.#accept('.') === undefined ? '' : '.';
    if (leading !== '' && this.#token.kind !== 'identifier') throw this.#noNameAfter(start);
    const name = this.#take('identifier');
    const message = this.#messageName(name.text);
    if (message !== undefined) {
      const open = this.#expect('{');
      return this.#struct(open.offset, leading + message);
    }
    if (reserved.has(name.text)) {
      const open = this.#accept('(');
      if (open !== undefined) this.#exprList(')');
      return this.#make.failed(start, `reserved identifier: ${name.text}`);
    }
    const open = this.#accept('(');
    if (open !== undefined) return this.#globalCall(open.offset, leading + name.text, this.#exprList(')'));
    return this.#make.ident(name.offset, leading + name.text);
  }

  /** The name of a message to build, when a brace follows the names and dots from here on; it moves past them. */
  #messageName(first: string): string | undefined {
    let name = first;
    let at = this.#at;
    for (;;) {
      const [next, after] = [this.#tokens[at], this.#tokens[at + 1]];
      if (next?.kind !== 'punctuation') return undefined;
      if (next.text === '{') break;
      if (next.text !== '.' || after?.kind !== 'identifier') return undefined;
      name += `.${after.text}`;
      at += 2;
    }
    this.#at = at;
    return name;
  }

  #list(offset: number): Expr {
    const elements: Expr[] = [];
    const optional = new Set<number>();
    while (this.#accept(']') === undefined) {
      if (elements.length > 0) this.#expectComma(']');
      // One comma may stand before the end, even in an empty list.
      else if (this.#accept(',') !== undefined) {
        this.#expect(']');
        break;
      }
      if (elements.length > 0 && this.#accept(']') !== undefined) break;
      // A second comma: the first was the one that may stand before the end.
      if (elements.length > 0 && this.#is(',')) this.#expect(']');
      if (this.#accept('?') !== undefined) optional.add(elements.length);
      elements.push(this.#expr());
    }
    return this.#make.list(offset, elements, optional);
  }

  /** Entries until the closing brace, one comma allowed at the end. */
  #entries(entry: () => void): void {
    for (let first = true; this.#accept('}') === undefined; first = false) {
      if (!first) this.#expectComma('}');
      else if (this.#accept(',') !== undefined) {
        this.#expect('}');
        return;
      }
      if (!first && this.#accept('}') !== undefined) return;
      entry();
    }
  }

  #map(offset: number): Expr {
    const entries: MapEntry[] = [];
    this.#entries(() => {
      const optional = this.#accept('?') !== undefined;
      const key = this.#expr();
      const id = this.#make.id(this.#expect(':').offset);
      entries.push({ id, key, value: this.#expr(), optional });
    });
    return this.#make.map(offset, entries);
  }

  #struct(offset: number, typeName: string): Expr {
    const fields: StructField[] = [];
    this.#entries(() => {
      const optional = this.#accept('?') !== undefined;
      const name = this.#fieldName(this.#token.offset - 1);
      const id = this.#make.id(this.#expect(':').offset);
      fields.push({ id, name, value: this.#expr(), optional });
    });
    return this.#make.struct(offset, typeName, fields);
  }
}

/** Parses a text; the issues say what is wrong with one that is no CEL. */
/** With `bindings`, `cel.bind` is a macro. */
export function parse(
  text: string,
  { bindings = false }: { readonly bindings?: boolean } = {},
): ParsedExpr | { readonly issues: readonly CelIssue[] } {
  const length = [...text].length;
  if (length > maxLength) {
    return { issues: [{ offset: -1, message: `expression code point size exceeds limit: size: ${length}, limit ${maxLength}` }] };
  }
  const issues: CelIssue[] = [];
  const tokens = tokenize(text, issues);
  const make = new ExprFactory(issues);
  const parser = new Parser(tokens, make, bindings);
  try {
    const expr = parser.whole();
    return issues.length > 0 ? { issues } : { expr, offsets: make.offsets };
  } catch (error) {
    if (error instanceof TooDeep) return { issues: [{ offset: -1, message: `expression recursion limit exceeded: ${maxDepth}` }] };
    if (error instanceof OffGrammar) return { issues };
    throw error;
  }
}
