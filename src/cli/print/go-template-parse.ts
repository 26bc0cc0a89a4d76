/** The grammar of Go's text/template. Source: Go text/template/parse/{lex,parse}.go. */
import { runeName, unquote } from '../../api/jsonpath/parse-path.ts';

/** A template that cannot be parsed; the message is Go's, with the line. */
export class GoTemplateSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'GoTemplateSyntaxError';
  }
}

/** Where an expression stands and how Go writes it in errors. */
export interface Place {
  /** `line:column`, the line from 1, the column in bytes from 0. */
  readonly at: string;
  readonly text: string;
}

export type Operand = Place &
  (
    | { readonly type: 'dot' }
    | { readonly type: 'nil' }
    | { readonly type: 'literal'; readonly value: string | number | boolean }
    | { readonly type: 'field'; readonly path: readonly string[] }
    | { readonly type: 'variable'; readonly name: string; readonly path: readonly string[] }
    | { readonly type: 'function'; readonly name: string }
    | { readonly type: 'pipe'; readonly pipe: Pipe; readonly path: readonly string[] }
  );

export type Command = readonly [Operand, ...Operand[]];

export interface Pipe {
  readonly variables: readonly string[];
  /** Whether the variables are declared (`:=`) or set (`=`). */
  readonly declares: boolean;
  readonly commands: readonly Command[];
}

export type TemplateNode =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'action'; readonly pipe: Pipe }
  | {
      readonly type: 'if' | 'with' | 'range';
      readonly pipe: Pipe;
      readonly body: readonly TemplateNode[];
      readonly otherwise: readonly TemplateNode[];
      readonly at: string;
    }
  | { readonly type: 'template'; readonly name: string; readonly pipe: Pipe | undefined; readonly at: string }
  | { readonly type: 'break' | 'continue' };

export interface ParsedTemplate {
  readonly root: readonly TemplateNode[];
  readonly defined: ReadonlyMap<string, readonly TemplateNode[]>;
}

interface Token {
  readonly type: 'text' | 'field' | 'variable' | 'word' | 'string' | 'char' | 'number' | 'symbol' | 'end';
  readonly value: string;
  readonly at: number;
  /** Whether a space came before it. */
  readonly spaced: boolean;
}

type Segment = { readonly text: string } | { readonly tokens: readonly Token[] };

const tokenPattern =
  /(\s+)|(\.[\p{L}_][\p{L}\p{N}_]*)|(\$[\p{L}\p{N}_]*)|("(?:\\.|[^"\\\n])*"|`[^`]*`)|('(?:\\.|[^'\\\n])*')|([+-]?(?:0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d[\d_]*(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?))|([\p{L}_][\p{L}\p{N}_]*)|(:=|[|(),=.])/uy;

/** Splits the text into literal parts and the tokens of actions, trim markers applied. */
class Lexer {
  readonly #text: string;
  readonly segments: Segment[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  line(at: number): number {
    return this.#text.slice(0, at).split('\n').length;
  }

  fail(at: number, message: string): never {
    throw new GoTemplateSyntaxError(`template: output:${this.line(at)}: ${message}`);
  }

  run(): void {
    let position = 0;
    let trimNext = false;
    for (;;) {
      const open = this.#text.indexOf('{{', position);
      let literal = this.#text.slice(position, open === -1 ? undefined : open);
      if (trimNext) literal = literal.replace(/^[ \t\r\n]+/, '');
      const trimsLeft = open !== -1 && /^\{\{-[ \t\r\n]/.test(this.#text.slice(open, open + 4));
      if (trimsLeft) literal = literal.replace(/[ \t\r\n]+$/, '');
      if (literal !== '') this.segments.push({ text: literal });
      if (open === -1) return;
      const start = open + (trimsLeft ? 3 : 2);
      const end = this.#comment(start) ?? this.#action(start);
      trimNext = end.trims;
      position = end.position;
    }
  }

  #comment(start: number): { position: number; trims: boolean } | undefined {
    const body = /^\s*\/\*/.exec(this.#text.slice(start));
    if (body === null) return undefined;
    const close = this.#text.indexOf('*/', start + body[0].length);
    if (close === -1) this.fail(start, 'unclosed comment');
    const after = /^([ \t\r\n]+-)?\}\}/.exec(this.#text.slice(close + 2));
    if (after === null) return this.fail(start, 'comment ends before closing delimiter');
    return { position: close + 2 + after[0].length, trims: after[1] !== undefined };
  }

  #action(start: number): { position: number; trims: boolean } {
    const tokens: Token[] = [];
    let at = start;
    let spaced = false;
    let depth = 0;
    for (;;) {
      const rest = this.#text.slice(at, at + 4);
      const close = /^\}\}/.test(rest)
        ? { length: 2, trims: false }
        : spaced && rest.startsWith('-}}')
          ? { length: 3, trims: true }
          : undefined;
      if (close !== undefined) {
        if (depth > 0) this.fail(at, 'unclosed left paren');
        tokens.push({ type: 'end', value: '', at, spaced });
        this.segments.push({ tokens });
        return { position: at + close.length, trims: close.trims };
      }
      tokenPattern.lastIndex = at;
      const match = tokenPattern.exec(this.#text);
      if (match === null) return this.#unlexable(at, start);
      at = tokenPattern.lastIndex;
      // Names end at a space or at what may follow them.
      const after = this.#text.slice(at, at + 2);
      if ((match[2] ?? match[3] ?? match[7]) !== undefined && after !== '' && !/^(?:[\s.,|:()]|\}\})/.test(after)) {
        this.fail(at, `bad character ${runeName(after.charAt(0))}`);
      }
      if (match[1] !== undefined) {
        spaced = true;
        continue;
      }
      const token = tokenOf(match, spaced);
      if (token.value === '(') depth += 1;
      if (token.value === ')' && --depth < 0) this.fail(token.at, 'unexpected right paren');
      tokens.push(token);
      spaced = false;
    }
  }

  #unlexable(at: number, start: number): never {
    const char = this.#text[at];
    if (char === undefined) return this.fail(start, 'unclosed action');
    if (char === '"') return this.fail(at, 'unterminated quoted string');
    if (char === '`') return this.fail(at, 'unterminated raw quoted string');
    if (char === "'") return this.fail(at, 'unterminated character constant');
    return this.fail(
      at,
      `unrecognized character in action: U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')} '${char}'`,
    );
  }
}

function tokenOf(match: RegExpExecArray, spaced: boolean): Token {
  const types = ['field', 'variable', 'string', 'char', 'number', 'word', 'symbol'] as const;
  const index = types.findIndex((_, i) => match[i + 2] !== undefined);
  return { type: types[index] ?? 'symbol', value: match[0], at: match.index, spaced };
}

type Ending = 'end' | 'else' | undefined;

interface Body {
  readonly nodes: readonly TemplateNode[];
  readonly ending: Ending;
}

class TemplateParser {
  readonly #text: string;
  readonly #lexer: Lexer;
  readonly #functions: ReadonlySet<string>;
  readonly #variables: string[] = ['$'];
  readonly defined = new Map<string, readonly TemplateNode[]>();
  #segment = 0;
  #tokens: readonly Token[] = [];
  #token = 0;
  #ranges = 0;

  constructor(text: string, functions: ReadonlySet<string>) {
    this.#text = text;
    this.#functions = functions;
    this.#lexer = new Lexer(text);
  }

  parse(): readonly TemplateNode[] {
    this.#lexer.run();
    const { nodes, ending } = this.#body();
    if (ending !== undefined) this.#fail(`unexpected {{${ending}}}`);
    return nodes;
  }

  #fail(message: string, at = this.#peek().at): never {
    return this.#lexer.fail(at, message);
  }

  #peek(): Token {
    return this.#tokens[this.#token] ?? { type: 'end', value: '', at: this.#text.length, spaced: false };
  }

  #take(): Token {
    const token = this.#peek();
    this.#token += 1;
    return token;
  }

  #takeIf(value: string): boolean {
    const token = this.#peek();
    if (token.value !== value || token.type === 'string') return false;
    this.#token += 1;
    return true;
  }

  #finish(context: string): void {
    const token = this.#peek();
    if (token.type !== 'end') this.#fail(`unexpected ${describe(token)} in ${context}`);
  }

  #place(at: number): string {
    const before = this.#text.slice(0, at);
    return `${before.split('\n').length}:${Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1))}`;
  }

  #body(): Body {
    const nodes: TemplateNode[] = [];
    for (let segment = this.#segments(); segment !== undefined; segment = this.#segments()) {
      if ('text' in segment) {
        nodes.push({ type: 'text', text: segment.text });
        continue;
      }
      this.#tokens = segment.tokens;
      this.#token = 0;
      const word = this.#peek();
      if (word.type === 'word' && (word.value === 'end' || word.value === 'else')) {
        this.#token += 1;
        if (word.value === 'end') this.#finish('end');
        return { nodes, ending: word.value };
      }
      const node = this.#action();
      if (node !== undefined) nodes.push(node);
    }
    return { nodes, ending: undefined };
  }

  #segments(): Segment | undefined {
    const segment = this.#lexer.segments[this.#segment];
    this.#segment += 1;
    return segment;
  }

  #action(): TemplateNode | undefined {
    const first = this.#peek();
    if (first.type === 'word') {
      switch (first.value) {
        case 'if':
        case 'with':
        case 'range':
          this.#token += 1;
          return this.#control(first.value, first.at);
        case 'define':
          this.#token += 1;
          return this.#define();
        case 'block':
        case 'template':
          this.#token += 1;
          return this.#invocation(first.value, first.at);
        case 'break':
        case 'continue':
          this.#token += 1;
          if (this.#ranges === 0) this.#fail(`{{${first.value}}} outside {{range}}`);
          this.#finish(`{{${first.value}}}`);
          return { type: first.value };
      }
    }
    return { type: 'action', pipe: this.#pipe('command') };
  }

  #control(type: 'if' | 'with' | 'range', at: number): TemplateNode {
    const scope = this.#variables.length;
    const pipe = this.#pipe(type);
    if (type === 'range') this.#ranges += 1;
    const body = this.#closed(this.#body());
    if (type === 'range') this.#ranges -= 1;
    const otherwise = body.ending === 'else' ? this.#otherwise(type) : [];
    this.#variables.length = scope;
    return { type, pipe, body: body.nodes, otherwise, at: this.#place(at) };
  }

  #closed(body: Body): Body {
    if (body.ending === undefined) this.#fail('unexpected EOF', this.#text.length);
    return body;
  }

  #otherwise(type: 'if' | 'with' | 'range'): readonly TemplateNode[] {
    const chained = this.#peek();
    if (type !== 'range' && chained.type === 'word' && chained.value === type) {
      this.#token += 1;
      return [this.#control(type, chained.at)];
    }
    this.#finish('else');
    const { nodes, ending } = this.#closed(this.#body());
    if (ending === 'else') this.#fail('expected end; found {{else}}');
    return nodes;
  }

  #name(context: string): string {
    const token = this.#take();
    if (token.type !== 'string') this.#fail(`unexpected ${describe(token)} in ${context}`, token.at);
    return text(token);
  }

  #define(): undefined {
    const name = this.#name('define clause');
    this.#finish('define clause');
    const outer = this.#variables.splice(1);
    const { nodes, ending } = this.#closed(this.#body());
    if (ending === 'else') this.#fail('unexpected {{else}} in define clause');
    this.#variables.push(...outer);
    this.defined.set(name, nodes);
    return undefined;
  }

  #invocation(type: 'template' | 'block', at: number): TemplateNode {
    const name = this.#name(`${type} clause`);
    const pipe = this.#peek().type === 'end' ? undefined : this.#pipe(`${type} clause`);
    if (type === 'block') {
      const { nodes } = this.#closed(this.#body());
      if (!this.defined.has(name)) this.defined.set(name, nodes);
    }
    return { type: 'template', name, pipe, at: this.#place(at) };
  }

  #pipe(context: string, inParens = false): Pipe {
    const { names, declares } = this.#declarations(context);
    const commands: Command[] = [];
    for (;;) {
      commands.push(this.#command(context));
      if (!this.#takeIf('|')) break;
    }
    const last = this.#peek();
    if (inParens ? last.value !== ')' : last.type !== 'end') this.#fail(`unexpected ${describe(last)} in ${context}`);
    if (declares) this.#variables.push(...names);
    return { variables: names, declares, commands };
  }

  #declarations(context: string): { names: readonly string[]; declares: boolean } {
    const start = this.#token;
    const names: string[] = [];
    while (this.#peek().type === 'variable') {
      names.push(this.#take().value);
      if (this.#takeIf(':=')) return { names, declares: true };
      if (this.#takeIf('=')) return { names, declares: false };
      if (!(context === 'range' && names.length < 2 && this.#takeIf(','))) break;
    }
    this.#token = start;
    return { names: [], declares: false };
  }

  #command(context: string): Command {
    const operands: Operand[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.type === 'end' || token.value === '|' || token.value === ')') break;
      operands.push(this.#operand(context));
    }
    const [first, ...rest] = operands;
    if (first === undefined) return this.#fail(`missing value for ${context}`);
    if (rest.length > 0 && ['literal', 'dot', 'nil'].includes(first.type) && context === '')
      this.#fail('non executable command in pipeline');
    return [first, ...rest];
  }

  /** Field accesses that follow without a space: `$x.a.b`, `(…).a`. */
  #chain(): string[] {
    const path: string[] = [];
    while (this.#peek().type === 'field' && !this.#peek().spaced) path.push(this.#take().value.slice(1));
    return path;
  }

  #operand(context: string): Operand {
    const token = this.#take();
    const at = this.#place(token.at);
    // Go places a chain of fields at its first link after the operand.
    const chained = this.#peek().type === 'field' && !this.#peek().spaced ? this.#place(this.#peek().at) : at;
    switch (token.type) {
      case 'field': {
        const path = [token.value.slice(1), ...this.#chain()];
        return { type: 'field', path, at: chained, text: path.map((name) => `.${name}`).join('') };
      }
      case 'variable': {
        if (!this.#variables.includes(token.value)) this.#fail(`undefined variable ${JSON.stringify(token.value)}`, token.at);
        const path = this.#chain();
        return {
          type: 'variable',
          name: token.value,
          path,
          at: chained,
          text: [token.value, ...path].join('.'),
        };
      }
      case 'string':
        return { type: 'literal', value: text(token), at, text: token.value };
      case 'char':
        return { type: 'literal', value: unquote(token.value).codePointAt(0) ?? 0, at, text: token.value };
      case 'number':
        return { type: 'literal', value: Number(token.value.replaceAll('_', '')), at, text: token.value };
      case 'word':
        return this.#word(token, at);
      default:
        return this.#symbol(token, at, context);
    }
  }

  #word(token: Token, at: string): Operand {
    const { value } = token;
    if (value === 'true' || value === 'false') return { type: 'literal', value: value === 'true', at, text: value };
    if (value === 'nil') return { type: 'nil', at, text: value };
    if (!this.#functions.has(value)) this.#fail(`function ${JSON.stringify(value)} not defined`, token.at);
    const operand: Operand = { type: 'function', name: value, at, text: value };
    const path = this.#chain();
    // A field right after the name is one of the function's result.
    return path.length === 0
      ? operand
      : { type: 'pipe', pipe: { variables: [], declares: false, commands: [[operand]] }, path, at, text: value };
  }

  #symbol(token: Token, at: string, context: string): Operand {
    if (token.value === '.') return { type: 'dot', at, text: '.' };
    if (token.value === '(') {
      const pipe = this.#pipe('parenthesized pipeline', true);
      const close = this.#take();
      return { type: 'pipe', pipe, path: this.#chain(), at, text: this.#text.slice(token.at, close.at + 1) };
    }
    return this.#fail(`unexpected ${describe(token)} in ${context === 'command' ? 'operand' : context}`, token.at);
  }
}

const text = (token: Token): string => (token.value.startsWith('`') ? token.value.slice(1, -1) : unquote(token.value));

const describe = (token: Token): string => (token.type === 'end' ? '"}}"' : `<${token.value}>`);

/** Parses a template with the names of the functions it may call. Throws GoTemplateSyntaxError. */
export function parseTemplate(source: string, functions: ReadonlySet<string>): ParsedTemplate {
  const parser = new TemplateParser(source, functions);
  const root = parser.parse();
  return { root, defined: parser.defined };
}
