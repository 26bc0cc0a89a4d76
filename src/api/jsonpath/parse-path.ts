/** The grammar of kubectl's JSONPath templates. Source: client-go util/jsonpath/parser.go. */

export interface SliceParameter {
  readonly value: number;
  readonly known: boolean;
  /** The end that `[n]` implies. */
  readonly derived: boolean;
}

export type PathNode =
  | { readonly type: 'list'; readonly nodes: readonly PathNode[] }
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'array'; readonly params: readonly [SliceParameter, SliceParameter, SliceParameter] }
  | { readonly type: 'filter'; readonly left: readonly PathNode[]; readonly right: readonly PathNode[]; readonly operator: string }
  | { readonly type: 'literal'; readonly value: number | boolean }
  | { readonly type: 'wildcard' }
  | { readonly type: 'recursive' }
  | { readonly type: 'union'; readonly lists: readonly (readonly PathNode[])[] }
  | { readonly type: 'identifier'; readonly name: string };

/** A template that cannot be parsed; the message is upstream's. */
export class JsonPathSyntaxError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'JsonPathSyntaxError';
  }
}

const fail = (message: string): never => {
  throw new JsonPathSyntaxError(message);
};

const isSpace = (char: string): boolean => char === ' ' || char === '\t';
const isEndOfLine = (char: string): boolean => char === '\r' || char === '\n';
const isTerminator = (char: string): boolean => char === '' || isSpace(char) || isEndOfLine(char) || '.,[]$@{}'.includes(char);
const isDigit = (char: string): boolean => /^\p{Nd}$/u.test(char);
const isAlphaNumeric = (char: string): boolean => char === '_' || /^[\p{L}\p{Nd}]$/u.test(char);

/** A character as Go's %#U writes it. */
export const runeName = (char: string): string => {
  const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
  return `U+${code} '${char}'`;
};

const escapes: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v', '\\': '\\' };
const escapePattern = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{3})|([\s\S]?))/g;

/** Go's escapes in a single- or double-quoted text, quotes included. */
export function unquote(quoted: string): string {
  const quote = quoted[0] ?? '';
  const body = quoted.slice(1, -1);
  if (quoted.length < 2 || quote !== quoted.at(-1)) return fail(`unquote string ${quoted} error invalid syntax`);
  return body.replaceAll(escapePattern, (_all, hex2?: string, hex4?: string, hex8?: string, octal?: string, single?: string) => {
    const hex = hex2 ?? hex4 ?? hex8;
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
    const known = single === quote ? quote : escapes[single ?? ''];
    return known ?? fail(`unquote string ${quoted} error invalid syntax`);
  });
}

class PathParser {
  readonly #input: readonly string[];
  #pos = 0;
  #start = 0;
  readonly root: PathNode[] = [];

  constructor(input: string) {
    this.#input = [...input];
  }

  parse(): readonly PathNode[] {
    for (;;) {
      while (this.#pos < this.#input.length && this.#input[this.#pos] !== '{') this.#pos += 1;
      const text = this.#consume();
      if (text !== '') this.root.push({ type: 'text', text });
      if (this.#pos >= this.#input.length) return this.root;
      this.#pos += 1;
      this.#consume();
      const nodes: PathNode[] = [];
      this.root.push({ type: 'list', nodes });
      this.#action(nodes);
    }
  }

  #consume(): string {
    const text = this.#input.slice(this.#start, this.#pos).join('');
    this.#start = this.#pos;
    return text;
  }

  #next(): string {
    const char = this.#input[this.#pos] ?? '';
    if (char !== '') this.#pos += 1;
    return char;
  }

  #peek(): string {
    return this.#input[this.#pos] ?? '';
  }

  #ahead(text: string): boolean {
    return this.#input.slice(this.#pos, this.#pos + text.length).join('') === text;
  }

  #action(nodes: PathNode[]): void {
    for (;;) {
      if (this.#ahead('}')) {
        this.#pos += 1;
        this.#consume();
        return;
      }
      if (this.#ahead('[?(')) this.#filter(nodes);
      else if (this.#ahead('..')) this.#recursive(nodes);
      else this.#step(nodes);
    }
  }

  #step(nodes: PathNode[]): void {
    const char = this.#next();
    if (char === '' || isEndOfLine(char)) fail('unclosed action');
    else if (char === ' ' || char === '@' || char === '$') this.#consume();
    else if (char === '[') this.#array(nodes);
    else if (char === '"' || char === "'") this.#quote(nodes, char);
    else if (char === '.') this.#field(nodes);
    else if (char === '+' || char === '-' || isDigit(char)) this.#number(nodes);
    else if (isAlphaNumeric(char)) this.#identifier(nodes);
    else fail(`unrecognized character in action: ${runeName(char)}`);
  }

  #identifier(nodes: PathNode[]): void {
    while (!isTerminator(this.#peek())) this.#pos += 1;
    const name = this.#consume();
    nodes.push(name === 'true' || name === 'false' ? { type: 'literal', value: name === 'true' } : { type: 'identifier', name });
  }

  #recursive(nodes: PathNode[]): void {
    if (nodes.at(-1)?.type === 'recursive') fail('invalid multiple recursive descent');
    this.#pos += 2;
    this.#consume();
    nodes.push({ type: 'recursive' });
    if (isAlphaNumeric(this.#peek())) this.#field(nodes);
  }

  #number(nodes: PathNode[]): void {
    while (this.#peek() === '.' || isDigit(this.#peek())) this.#pos += 1;
    const text = this.#consume();
    if (!/^[+-]?(\d+\.?\d*|\.\d+)$/.test(text)) fail(`cannot parse number ${text}`);
    nodes.push({ type: 'literal', value: Number(text) });
  }

  #field(nodes: PathNode[]): void {
    this.#consume();
    for (let char = this.#peek(); !isTerminator(char); char = this.#peek()) this.#pos += char === '\\' ? 2 : 1;
    this.#pos = Math.min(this.#pos, this.#input.length);
    const name = this.#consume();
    nodes.push(name === '*' ? { type: 'wildcard' } : { type: 'field', name: name.replaceAll('\\', '') });
  }

  #quote(nodes: PathNode[], quote: string): void {
    for (;;) {
      const char = this.#next();
      if (char === '' || char === '\n') fail('unterminated quoted string');
      if (char === quote && this.#input[this.#pos - 2] !== '\\') break;
    }
    nodes.push({ type: 'text', text: unquote(this.#consume()) });
  }

  #array(nodes: PathNode[]): void {
    for (let char = this.#next(); char !== ']'; char = this.#next()) if (char === '' || char === '\n') fail('unterminated array');
    const inner = this.#consume().slice(1, -1);
    const text = inner === '*' ? ':' : inner;
    const parts = text.split(',');
    if (parts.length > 1) {
      nodes.push({ type: 'union', lists: parts.map((part) => parseAction(`[${part.replace(/^ +| +$/g, '')}]`)) });
      return;
    }
    const key = /^'([^']*)'$/.exec(text)?.[1];
    if (key === undefined) nodes.push({ type: 'array', params: sliceParameters(text) });
    else nodes.push(...parseAction(`.${key}`));
  }

  #filter(nodes: PathNode[]): void {
    this.#pos += 3;
    this.#consume();
    this.#scanFilter();
    if (this.#next() !== ']') fail('unclosed array expect ]');
    const text = this.#consume().slice(0, -2);
    const [, left, operator, right] = /^([^!<>=]+)([!<>=]+)(.+?)$/.exec(text) ?? [];
    if (left === undefined || operator === undefined || right === undefined)
      nodes.push({ type: 'filter', left: parseAction(text), right: [], operator: 'exists' });
    else nodes.push({ type: 'filter', left: parseAction(left), right: parseAction(right), operator });
  }

  /** Up to the `)` that ends the filter; a quoted text may hold one. */
  #scanFilter(): void {
    let begin = false;
    let end = false;
    let pair = '';
    for (;;) {
      const char = this.#next();
      if (char === '' || char === '\n') fail('unterminated filter');
      if (char === '"' || char === "'") {
        if (!begin) {
          begin = true;
          pair = char;
        } else if (this.#input[this.#pos - 2] !== '\\' && char === pair) end = true;
      } else if (char === ')' && begin === end) return;
    }
  }
}

function sliceParameters(text: string): readonly [SliceParameter, SliceParameter, SliceParameter] {
  const match = /^(-?\d*)(:-?\d*)?(:-?\d*)?$/.exec(text);
  if (match === null) return fail(`invalid array index ${text}`);
  const number = (digits: string): SliceParameter => {
    if (digits === '') return { value: 0, known: false, derived: false };
    return /^-?\d+$/.test(digits) ? { value: Number(digits), known: true, derived: false } : fail(`array index ${digits} is not a number`);
  };
  const first = number(match[1] ?? '');
  const second = match[2] === undefined ? { value: first.value + 1, known: true, derived: true } : number(match[2].slice(1));
  return [first, second, number((match[3] ?? '').slice(1))];
}

/** The nodes of one action, given without its braces. */
function parseAction(text: string): readonly PathNode[] {
  const first = parsePath(`{${text}}`)[0];
  return first?.type === 'list' ? first.nodes : [];
}

/** Parses a whole template. Throws JsonPathSyntaxError. */
export function parsePath(text: string): readonly PathNode[] {
  return new PathParser(text).parse();
}
