/**
 * How go-yaml writes one string. Source: goyaml.v2 encode.go (stringv), emitterc.go (analyze_scalar, write_*_scalar).
 */

/** Plain strings that go-yaml quotes with double quotes because YAML 1.1 resolves them to something else. */
const ambiguous =
  /^(?:|~|null|Null|NULL|[yYnN]|[yY]es|YES|[nN]o|NO|[tT]rue|TRUE|[fF]alse|FALSE|[oO]n|ON|[oO]ff|OFF|[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[\da-fA-F_]+|[\d_]+(?:\.[\d_]*)?(?:[eE][-+]?\d+)?|\.[\d_]+(?:[eE][-+]?\d+)?)|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)|\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::?\d{2})?))?)?|[-+]?\d[\d_]*(?::[0-5]?\d)+(?:\.[\d_]*)?|<<|=)$/;

export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal';

const printable = (char: string): boolean => {
  const code = char.codePointAt(0) ?? 0;
  return (
    code === 0x0a ||
    (code >= 0x20 && code <= 0x7e) ||
    code === 0x85 ||
    (code >= 0xa0 && code !== 0xfeff && !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff)
  );
};

const isBreak = (char: string | undefined): boolean =>
  char === '\n' || char === '\r' || char === '\u0085' || char === '\u2028' || char === '\u2029';

/** Characters and places that a plain scalar in block context must not have. */
const indicators = /^(?:---|\.\.\.)|^[#,[\]{}&*!|>'"%@`]|^[?:-](?:\s|$)|:(?:\s|$)|\s#/;

interface Analysis {
  readonly plain: boolean;
  readonly single: boolean;
  readonly block: boolean;
}

function analyze(text: string): Analysis {
  if (text === '') return { plain: true, single: true, block: false };
  const chars = [...text];
  const special = chars.some((char) => !printable(char));
  const outer = /^[ \n\r\u0085\u2028\u2029]|[ \n\r\u0085\u2028\u2029]$/.test(text);
  const breaks = chars.some(isBreak);
  const spaceBreak = /[ ][\n\r\u0085\u2028\u2029]/.test(text);
  const breakSpace = /[\n\r\u0085\u2028\u2029][ ]/.test(text);
  return {
    plain: !special && !outer && !breaks && !indicators.test(text),
    single: !special && !spaceBreak && !breakSpace,
    block: !special && !spaceBreak && !text.endsWith(' '),
  };
}

/** The style of a value, or of a key that stands on one line. */
export function scalarStyle(text: string, simpleKey: boolean): ScalarStyle {
  const { plain, single, block } = analyze(text);
  if (text.includes('\n')) return block && !simpleKey ? 'literal' : 'double';
  if (ambiguous.test(text)) return 'double';
  if (plain && !(text === '' && simpleKey)) return 'plain';
  return single ? 'single' : 'double';
}

/** `|`, with what says how it ends, and its lines. */
export function blockScalar(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const chomp = !text.endsWith('\n') ? '-' : text === '\n' || text.endsWith('\n\n') ? '+' : '';
  const lines = text.replace(/\n$/, '').split('\n');
  return `|${hint}${chomp}\n${lines.map((line) => (line === '' ? '' : ' '.repeat(indent) + line)).join('\n')}`;
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '0',
  '\x07': 'a',
  '\b': 'b',
  '\t': 't',
  '\n': 'n',
  '\v': 'v',
  '\f': 'f',
  '\r': 'r',
  '\x1b': 'e',
  '"': '"',
  '\\': '\\',
  '\u0085': 'N',
  '\u00a0': '_',
  '\u2028': 'L',
  '\u2029': 'P',
};

function escaped(char: string): string {
  if (char !== '"' && char !== '\\' && printable(char) && !isBreak(char)) return char;
  const short = escapes[char];
  if (short !== undefined) return `\\${short}`;
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  return code <= 0xff ? `\\x${hex.padStart(2, '0')}` : code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

/** Where a scalar begins and how far its further lines are indented. */
export interface ScalarPlace {
  readonly column: number;
  readonly indent: number;
}

const bestWidth = 80;

/** Writes characters, breaking the line at the first space after column 80. A key has no place and is not broken. */
class Folder {
  readonly #place: ScalarPlace | undefined;
  #column: number;
  text = '';

  constructor(place: ScalarPlace | undefined, opening: string) {
    this.#place = place;
    this.#column = (place?.column ?? 0) + opening.length;
    this.text = opening;
  }

  get full(): boolean {
    return this.#place !== undefined && this.#column > bestWidth;
  }

  put(text: string): void {
    this.text += text;
    this.#column += [...text].length;
  }

  fold(): void {
    const indent = this.#place?.indent ?? 0;
    this.text += `\n${' '.repeat(indent)}`;
    this.#column = indent;
  }
}

/** The text of a scalar in a style that folds. */
export function plainOrQuoted(text: string, style: Exclude<ScalarStyle, 'literal'>, place: ScalarPlace | undefined): string {
  const quote = style === 'single' ? "'" : style === 'double' ? '"' : '';
  const folder = new Folder(place, quote);
  const chars = [...text];
  let spaces = false;
  for (const [i, char] of chars.entries()) {
    if (char === ' ') {
      const within = style === 'plain' || (i > 0 && i < chars.length - 1);
      const next = chars[i + 1] === ' ';
      if (folder.full && !spaces && within && (style === 'double' || !next)) {
        folder.fold();
        if (style === 'double' && next) folder.put('\\');
      } else folder.put(' ');
      spaces = true;
      continue;
    }
    spaces = false;
    folder.put(style === 'double' ? escaped(char) : style === 'single' && char === "'" ? "''" : char);
  }
  return folder.text + quote;
}
