/** Parses regular expressions in Go's syntax, with Go's messages. Source: Go's regexp/syntax/parse.go. */
import { type Range, RegexError, type RegexNode } from './syntax.ts';

const maxCodePoint = 0x10ffff;
const maxRepeat = 1000;
const maxHeight = 1000;

interface Flags {
  readonly ignoreCase: boolean;
  readonly multiLine: boolean;
  readonly dotAll: boolean;
  readonly ungreedy: boolean;
}

const range = (from: number, to: number): Range => ({ from, to });
const digits = [range(48, 57)];
const words = [range(48, 57), range(65, 90), range(95, 95), range(97, 122)];
const spaces = [range(9, 10), range(12, 13), range(32, 32)];

const posix: { readonly [name: string]: readonly Range[] } = {
  alnum: [range(48, 57), range(65, 90), range(97, 122)],
  alpha: [range(65, 90), range(97, 122)],
  ascii: [range(0, 127)],
  blank: [range(9, 9), range(32, 32)],
  cntrl: [range(0, 31), range(127, 127)],
  digit: digits,
  graph: [range(33, 126)],
  lower: [range(97, 122)],
  print: [range(32, 126)],
  punct: [range(33, 47), range(58, 64), range(91, 96), range(123, 126)],
  space: [range(9, 13), range(32, 32)],
  upper: [range(65, 90)],
  word: words,
  xdigit: [range(48, 57), range(65, 70), range(97, 102)],
};

/** All that `ranges` leave out. */
export function complement(ranges: readonly Range[]): readonly Range[] {
  const sorted = ranges.toSorted((a, b) => a.from - b.from);
  const gaps: Range[] = [];
  let next = 0;
  for (const { from, to } of sorted) {
    if (from > next) gaps.push(range(next, from - 1));
    next = Math.max(next, to + 1);
  }
  if (next <= maxCodePoint) gaps.push(range(next, maxCodePoint));
  return gaps;
}

/** The letters of both cases for each letter. */
function foldCase(ranges: readonly Range[]): readonly Range[] {
  const folded = [...ranges];
  for (const { from, to } of ranges) {
    // Beyond this every letter has its own case rule; long ranges have both cases already.
    if (to - from > 2000) continue;
    for (let code = from; code <= to; code++) {
      const character = String.fromCodePoint(code);
      for (const other of [character.toLowerCase(), character.toUpperCase()]) {
        const otherCode = other.codePointAt(0) ?? code;
        if ([...other].length === 1 && otherCode !== code) folded.push(range(otherCode, otherCode));
      }
      if (code === 0x6b || code === 0x4b) folded.push(range(0x212a, 0x212a));
      if (code === 0x73 || code === 0x53) folded.push(range(0x17f, 0x17f));
    }
  }
  return folded;
}

const set = (ranges: readonly Range[], negated = false, unicode: readonly RegExp[] = []): RegexNode => ({
  kind: 'set',
  ranges,
  negated,
  unicode,
});

class RegexParser {
  readonly #text: string;
  readonly #characters: readonly string[];
  #at = 0;
  #flags: Flags = { ignoreCase: false, multiLine: false, dotAll: false, ungreedy: false };
  #height = 0;
  readonly #groups = new Set<string>();

  constructor(text: string) {
    this.#text = text;
    this.#characters = [...text];
  }

  whole(): RegexNode {
    const node = this.#choice();
    if (this.#peek() === ')') throw new RegexError('unexpected )', this.#text);
    return node;
  }

  #peek(ahead = 0): string | undefined {
    return this.#characters[this.#at + ahead];
  }

  #rest(from = this.#at, to?: number): string {
    return this.#characters.slice(from, to).join('');
  }

  #choice(): RegexNode {
    if (++this.#height > maxHeight) throw new RegexError('expression nests too deeply', this.#text);
    const parts = [this.#sequence()];
    while (this.#peek() === '|') {
      this.#at++;
      parts.push(this.#sequence());
    }
    this.#height--;
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : { kind: 'choice', parts };
  }

  #sequence(): RegexNode {
    const parts: RegexNode[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      const start = this.#at;
      const isRepeat = '*+?'.includes(next) || (next === '{' && this.#bounds() !== undefined);
      if (isRepeat) throw new RegexError('missing argument to repetition operator', this.#operatorText());
      const atom = this.#atom();
      if (atom !== undefined) parts.push(this.#repeated(atom, start));
    }
    if (parts.length === 1 && parts[0] !== undefined) return parts[0];
    return parts.length === 0 ? { kind: 'empty' } : { kind: 'sequence', parts };
  }

  #operatorText(): string {
    if (this.#peek() === '{') return this.#bounds()?.text ?? '{';
    return this.#peek() ?? '';
  }

  /** `{n}`, `{n,}` or `{n,m}` here; other braces are plain characters. */
  #bounds(): { readonly min: number; readonly max: number; readonly text: string } | undefined {
    const match = /^\{(\d{1,9})(?:(,)(\d{0,9}))?\}/.exec(this.#rest(this.#at, this.#at + 24));
    if (match === null) return undefined;
    const [text, min = '0', comma, max = ''] = match;
    const low = Number(min);
    return { text, min: low, max: comma === undefined ? low : max === '' ? Number.POSITIVE_INFINITY : Number(max) };
  }

  #repeated(atom: RegexNode, start: number): RegexNode {
    let node = atom;
    let previous: number | undefined;
    for (;;) {
      const begin = this.#at;
      const operator = this.#peek();
      const bounds = operator === '{' ? this.#bounds() : undefined;
      if (operator === undefined || (!'*+?'.includes(operator) && bounds === undefined)) return node;
      this.#at += bounds === undefined ? 1 : bounds.text.length;
      const lazy = this.#peek() === '?';
      if (lazy) this.#at++;
      const text = this.#rest(begin, this.#at);
      if (previous !== undefined) throw new RegexError('invalid nested repetition operator', this.#rest(previous, this.#at));
      previous = begin;
      const min = bounds?.min ?? (operator === '+' ? 1 : 0);
      const max = bounds?.max ?? (operator === '?' ? 1 : Number.POSITIVE_INFINITY);
      const isTooMany = min > maxRepeat || (Number.isFinite(max) && (max > maxRepeat || max < min));
      if (isTooMany) throw new RegexError('invalid repeat count', bounds?.text ?? text);
      node = { kind: 'repeat', node, min, max, greedy: lazy === this.#flags.ungreedy };
      if (repeatSize(node) > maxRepeat) throw new RegexError('invalid repeat count', this.#rest(start, this.#at));
    }
  }

  #literal(code: number): RegexNode {
    const ranges = [range(code, code)];
    return set(this.#flags.ignoreCase ? foldCase(ranges) : ranges);
  }

  #atom(): RegexNode | undefined {
    const character = this.#peek() ?? '';
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return this.#class();
      case '\\':
        return this.#escape();
    }
    this.#at++;
    const { multiLine, dotAll } = this.#flags;
    switch (character) {
      case '.':
        return dotAll ? set([], true) : set([range(10, 10)], true);
      case '^':
        return { kind: 'assert', assertion: multiLine ? 'lineBegin' : 'begin' };
      case '$':
        return { kind: 'assert', assertion: multiLine ? 'lineEnd' : 'end' };
      default:
        return this.#literal(character.codePointAt(0) ?? 0);
    }
  }

  /** A group, or flags for the rest of the group around. */
  #group(): RegexNode | undefined {
    const before = this.#flags;
    const start = this.#at;
    this.#at++;
    if (this.#peek() === '?') {
      const name = /^\?P?<([^>]*)>/.exec(this.#rest());
      if (name !== null || /^\?P?</.test(this.#rest())) this.#groupName(start, name);
      else if (this.#setFlags(start) === ')') return undefined;
    }
    const node = this.#choice();
    if (this.#peek() !== ')') throw new RegexError('missing closing )', this.#text);
    this.#at++;
    this.#flags = before;
    return node;
  }

  #groupName(start: number, match: RegExpExecArray | null): void {
    if (match === null) throw new RegexError('invalid named capture', this.#rest(start));
    const [text, name = ''] = match;
    if (!/^[A-Za-z0-9_]+$/.test(name)) throw new RegexError('invalid named capture', this.#rest(start, start + 1 + [...text].length));
    if (this.#groups.has(name)) throw new RegexError('duplicate capture group name', name);
    this.#groups.add(name);
    this.#at += [...text].length;
  }

  #setFlags(start: number): string {
    const match = /^\?([imsU]*)(?:-([imsU]+))?([:)])/.exec(this.#rest());
    if (match === null) {
      const end = this.#characters.findIndex((character, at) => at > start + 1 && !'imsU-'.includes(character));
      if (end < 0) throw new RegexError('missing closing )', this.#text);
      throw new RegexError('invalid or unsupported Perl syntax', this.#rest(start, end + 1));
    }
    const [text, on = '', off = '', close = ':'] = match;
    const flag = (letter: string, old: boolean): boolean => (off.includes(letter) ? false : on.includes(letter) || old);
    this.#flags = {
      ignoreCase: flag('i', this.#flags.ignoreCase),
      multiLine: flag('m', this.#flags.multiLine),
      dotAll: flag('s', this.#flags.dotAll),
      ungreedy: flag('U', this.#flags.ungreedy),
    };
    this.#at += text.length;
    return close;
  }

  /** \d, \w, \s and their opposites, \p{…} and \P{…}; undefined for other escapes. */
  #classEscape(): { readonly ranges: readonly Range[]; readonly unicode: readonly RegExp[] } | undefined {
    const start = this.#at;
    const letter = this.#peek(1) ?? '';
    const base = { d: digits, w: words, s: spaces }[letter.toLowerCase()];
    if (base !== undefined) {
      this.#at += 2;
      return { ranges: letter === letter.toLowerCase() ? base : complement(base), unicode: [] };
    }
    if (letter !== 'p' && letter !== 'P') return undefined;
    const match = /^\\[pP](?:\{(\^?)([^}]*)\}|(.))/u.exec(this.#rest());
    if (match === null) throw new RegexError('invalid character class range', this.#rest(start));
    const [text, caret = '', long, short = ''] = match;
    const pattern = unicodeClass(long ?? short, (letter === 'P') !== (caret === '^'), this.#flags.ignoreCase);
    if (pattern === undefined) throw new RegexError('invalid character class range', text);
    this.#at += [...text].length;
    return { ranges: [], unicode: [pattern] };
  }

  #escape(): RegexNode {
    const letter = this.#peek(1);
    if (letter === undefined) throw new RegexError('trailing backslash at end of expression', '');
    const assertion = ({ A: 'begin', z: 'end', b: 'wordBoundary', B: 'noWordBoundary' } as const)[letter];
    if (assertion !== undefined) {
      this.#at += 2;
      return { kind: 'assert', assertion };
    }
    if (letter === 'Q') return this.#quoted();
    const known = this.#classEscape();
    return known === undefined ? this.#literal(this.#escapedCharacter()) : set(known.ranges, false, known.unicode);
  }

  /** \Q…\E: all between is meant literally. */
  #quoted(): RegexNode {
    const rest = this.#rest(this.#at + 2);
    const end = rest.indexOf('\\E');
    const text = [...(end < 0 ? rest : rest.slice(0, end))];
    this.#at += 2 + text.length + (end < 0 ? 0 : 2);
    return { kind: 'sequence', parts: text.map((character) => this.#literal(character.codePointAt(0) ?? 0)) };
  }

  /** The character that an escape sequence stands for. */
  #escapedCharacter(): number {
    const start = this.#at;
    const letter = this.#peek(1);
    if (letter === undefined) throw new RegexError('trailing backslash at end of expression', '');
    this.#at += 2;
    const control = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 }[letter];
    if (control !== undefined) return control;
    const rest = this.#rest();
    const octal = letter === '0' ? /^[0-7]{0,2}/.exec(rest)?.[0] : /[1-7]/.test(letter) ? /^[0-7]{1,2}/.exec(rest)?.[0] : undefined;
    if (octal !== undefined) {
      this.#at += octal.length;
      return Number.parseInt(letter + octal, 8);
    }
    if (letter === 'x') {
      const match = /^(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]+)\})/.exec(rest);
      const code = match === null ? Number.NaN : Number.parseInt(match[1] ?? match[2] ?? '', 16);
      if (match === null || code > maxCodePoint) throw new RegexError('invalid escape sequence', this.#rest(start, start + 3));
      this.#at += match[0].length;
      return code;
    }
    const code = letter.codePointAt(0) ?? 0;
    if (code < 128 && !/[A-Za-z0-9]/.test(letter)) return code;
    throw new RegexError('invalid escape sequence', this.#rest(start, this.#at));
  }

  #class(): RegexNode {
    const start = this.#at;
    this.#at++;
    const negated = this.#peek() === '^';
    if (negated) this.#at++;
    const ranges: Range[] = [];
    const unicode: RegExp[] = [];
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#peek() === undefined) throw new RegexError('missing closing ]', this.#rest(start));
      // Unlike in POSIX, a hyphen may stand anywhere (syntax.Perl).
      this.#classItem(ranges, unicode, start);
    }
    this.#at++;
    return set(this.#flags.ignoreCase ? foldCase(ranges) : ranges, negated, unicode);
  }

  #classItem(ranges: Range[], unicode: RegExp[], start: number): void {
    const named = /^\[:(\^?)([^\]]*?):\]/.exec(this.#rest());
    if (named !== null) {
      const [text, caret = '', name = ''] = named;
      const known = posix[name];
      if (known === undefined) throw new RegexError('invalid character class range', text);
      ranges.push(...(caret === '^' ? complement(known) : known));
      this.#at += text.length;
      return;
    }
    const known = this.#peek() === '\\' ? this.#classEscape() : undefined;
    if (known !== undefined) {
      ranges.push(...known.ranges);
      unicode.push(...known.unicode);
      return;
    }
    const begin = this.#at;
    const from = this.#classCharacter(start);
    let to = from;
    if (this.#peek() === '-' && this.#peek(1) !== undefined && this.#peek(1) !== ']') {
      this.#at++;
      to = this.#classCharacter(start);
      if (to < from) throw new RegexError('invalid character class range', this.#rest(begin, this.#at));
    }
    ranges.push(range(from, to));
  }

  #classCharacter(start: number): number {
    const character = this.#peek();
    if (character === undefined) throw new RegexError('missing closing ]', this.#rest(start));
    if (character === '\\') return this.#escapedCharacter();
    this.#at++;
    return character.codePointAt(0) ?? 0;
  }
}

/** A class such as \p{Greek} by JavaScript's tables of the same names. */
function unicodeClass(name: string, negated: boolean, ignoreCase: boolean): RegExp | undefined {
  const letter = negated ? 'P' : 'p';
  const flags = ignoreCase ? 'iu' : 'u';
  if (name === 'Any') return negated ? /[^\s\S]/u : /[\s\S]/u;
  for (const property of [name, `Script=${name}`]) {
    try {
      if (/^[A-Z][a-z]?$/.test(name) || property !== name) return new RegExp(`^\\${letter}{${property}}$`, flags);
    } catch {
      // Not a property of this form; the next may be.
    }
  }
  return undefined;
}

/** How often what is innermost may be repeated by count, all levels taken together. */
function repeatSize(node: RegexNode): number {
  switch (node.kind) {
    case 'repeat': {
      const own = Number.isFinite(node.max) ? node.max : node.min;
      return Math.max(1, own) * repeatSize(node.node);
    }
    case 'sequence':
    case 'choice':
      return Math.max(1, ...node.parts.map(repeatSize));
    default:
      return 1;
  }
}

/** @throws RegexError */
export const parseRegex = (text: string): RegexNode => new RegexParser(text).whole();
