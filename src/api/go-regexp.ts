/**
 * Regular expressions in Go's syntax (RE2), run by JavaScript's engine. What only JavaScript knows (look-around,
 * back-references) is refused, with Go's message. Source: Go regexp/syntax.
 */
import { errorText } from './error-text.ts';

/** A pattern that Go's parser refuses; the message is Go's. */
export class GoRegexpError extends Error {
  constructor(message: string) {
    super(`error parsing regexp: ${message}`);
    this.name = 'GoRegexpError';
  }
}

const posixClasses: Readonly<Record<string, string>> = {
  alnum: '0-9A-Za-z',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7F',
  blank: '\\t ',
  cntrl: '\\x00-\\x1F\\x7F',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\t\\n\\v\\f\\r ',
  upper: 'A-Z',
  word: '0-9A-Za-z_',
  xdigit: '0-9A-Fa-f',
};

/** Characters that JavaScript's Unicode mode wants escaped outside classes, and Go does not. */
const literalOutside: ReadonlySet<string> = new Set(['}', ']']);

class Translator {
  readonly #source: string;
  #at = 0;
  #out = '';
  #depth = 0;
  flags = 'u';

  constructor(source: string) {
    this.#source = source;
  }

  translate(): string {
    while (this.#at < this.#source.length) this.#step();
    if (this.#depth > 0) throw new GoRegexpError(`missing closing ): \`${this.#source}\``);
    return this.#out;
  }

  #rest(): string {
    return this.#source.slice(this.#at);
  }

  #step(): void {
    const char = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0);
    switch (char) {
      case '(':
        this.#group();
        return;
      case ')':
        if (this.#depth === 0) throw new GoRegexpError(`unexpected ): \`${this.#source}\``);
        this.#depth -= 1;
        this.#emit(char, 1);
        return;
      case '[':
        this.#class();
        return;
      case '\\':
        this.#escape(false);
        return;
      case '{':
        this.#emit(/^\{\d+(?:,\d*)?\}/.test(this.#rest()) ? '{' : '\\{', 1);
        return;
      case '*':
      case '+':
      case '?':
        this.#repeat(char);
        return;
      default:
        this.#emit(literalOutside.has(char) ? this.#literal(char) : char, char.length);
        return;
    }
  }

  /** A `}` closes a counted repetition only when one is open. */
  #literal(char: string): string {
    return char === '}' && /\{\d+(?:,\d*)?$/.test(this.#out) && !/\\\{\d+(?:,\d*)?$/.test(this.#out) ? char : `\\${char}`;
  }

  #emit(text: string, length: number): void {
    this.#out += text;
    this.#at += length;
  }

  #repeat(char: string): void {
    const before = this.#out.at(-1);
    if (before === undefined || (/[(|]$/.test(this.#out) && !/\\[(|]$/.test(this.#out))) {
      throw new GoRegexpError(`missing argument to repetition operator: \`${char}\``);
    }
    const double = /^[*+?]{2,}/.exec(this.#rest())?.[0];
    if (double !== undefined && !/^[*+?]\?$/.test(double)) throw new GoRegexpError(`invalid nested repetition operator: \`${double}\``);
    this.#emit(double ?? char, (double ?? char).length);
  }

  #group(): void {
    const rest = this.#rest();
    const named = /^\(\?P?<([A-Za-z_]\w*)>/.exec(rest);
    if (named !== null) {
      this.#depth += 1;
      this.#emit(`(?<${named[1] ?? ''}>`, named[0].length);
      return;
    }
    if (!rest.startsWith('(?')) {
      this.#depth += 1;
      this.#emit('(', 1);
      return;
    }
    const flags = /^\(\?([imsU]*)(-[imsU]+)?([:)])/.exec(rest);
    if (flags === null) {
      const shown = /^\(\?(?:<?[=!]|.?)/.exec(rest)?.[0] ?? '(?';
      throw new GoRegexpError(`invalid or unsupported Perl syntax: \`${shown}\``);
    }
    const [whole, set = '', unset = '', end] = flags;
    if (end === ':') {
      this.#depth += 1;
      this.#emit(set + unset === '' ? '(?:' : `(?${set}${unset}:`, whole.length);
      return;
    }
    // Flags for the rest of the group. JavaScript has them for the whole expression only.
    for (const flag of set) if (flag !== 'U' && !this.flags.includes(flag)) this.flags += flag;
    this.#emit('', whole.length);
    return;
  }

  #class(): void {
    const start = this.#at;
    this.#emit('[', 1);
    if (this.#source[this.#at] === '^') this.#emit('^', 1);
    if (this.#source[this.#at] === ']') this.#emit('\\]', 1);
    while (this.#source[this.#at] !== ']') {
      if (this.#at >= this.#source.length) throw new GoRegexpError(`missing closing ]: \`${this.#source.slice(start)}\``);
      const posix = /^\[:(\^?)(\w+):\]/.exec(this.#rest());
      const members = posix === null ? undefined : posixClasses[posix[2] ?? ''];
      if (posix !== null && members !== undefined && posix[1] === '') this.#emit(members, posix[0].length);
      else if (this.#source[this.#at] === '\\') this.#escape(true);
      else {
        const char = String.fromCodePoint(this.#source.codePointAt(this.#at) ?? 0);
        this.#emit(/[[(){}/|]/.test(char) ? `\\${char}` : char, char.length);
      }
    }
    this.#emit(']', 1);
  }

  #escape(inClass: boolean): void {
    const rest = this.#rest();
    const next = rest[1];
    if (next === undefined) throw new GoRegexpError('trailing backslash at end of expression: ``');
    const quoted = /^\\Q([\s\S]*?)(?:\\E|$)/.exec(rest);
    if (quoted !== null) {
      this.#emit((quoted[1] ?? '').replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&'), quoted[0].length);
      return;
    }
    const property = /^\\([pP])(?:([A-Z])|\{(\^?)(\w+)\})/.exec(rest);
    if (property !== null) {
      const negated = (property[1] === 'P') !== (property[3] === '^');
      const name = property[2] ?? property[4] ?? '';
      const body = /^(?:[A-Z][a-z]?)$/.test(name) ? name : `Script=${name}`;
      this.#emit(`\\${negated ? 'P' : 'p'}{${body}}`, property[0].length);
      return;
    }
    const hex = /^\\x\{([0-9A-Fa-f]+)\}/.exec(rest);
    if (hex !== null) {
      this.#emit(`\\u{${hex[1] ?? ''}}`, hex[0].length);
      return;
    }
    if (next === 'A' && !inClass) {
      this.#emit('(?<![\\s\\S])', 2);
      return;
    }
    if (next === 'z' && !inClass) {
      this.#emit('(?![\\s\\S])', 2);
      return;
    }
    if (next === 'a') {
      this.#emit('\\x07', 2);
      return;
    }
    if (/[dDwWtnvfrx]/.test(next) || (/[bB]/.test(next) && !inClass)) {
      this.#emit(`\\${next}`, 2);
      return;
    }
    // Go's \s leaves out what JavaScript adds to it.
    if (next === 's') {
      this.#emit(inClass ? '\\t\\n\\f\\r ' : '[\\t\\n\\f\\r ]', 2);
      return;
    }
    if (next === 'S' && !inClass) {
      this.#emit('[^\\t\\n\\f\\r ]', 2);
      return;
    }
    if (/[A-Za-z1-9]/.test(next)) throw new GoRegexpError(`invalid escape sequence: \`\\${next}\``);
    if (next === '0') {
      this.#emit('\\0', 2);
      return;
    }
    const char = String.fromCodePoint(rest.codePointAt(1) ?? 0);
    this.#emit(/[\\^$.*+?()[\]{}|/-]/.test(char) ? (char === '-' && !inClass ? '-' : `\\${char}`) : char, 1 + char.length);
  }
}

/** Compiles a pattern. Throws GoRegexpError. */
export function compileGoRegexp(pattern: string): RegExp {
  const translator = new Translator(pattern);
  const source = translator.translate();
  try {
    return new RegExp(source, translator.flags);
  } catch (error) {
    throw new GoRegexpError(errorText(error).replace(/^.*\/: /, ''));
  }
}
