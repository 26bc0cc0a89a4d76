/** What a quoted text or bytes literal means. Source: cel-go parser/unescape.go. */

const simple: { readonly [character: string]: string } = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '`': '`',
  '?': '?',
};

export class UnescapeError extends Error {}

interface Piece {
  readonly text?: string;
  /** A byte by its value, in bytes literals. */
  readonly byte?: number;
  readonly length: number;
}

function codePoint(value: number, length: number): Piece {
  if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) throw new UnescapeError('invalid unicode code point');
  return { text: String.fromCodePoint(value), length };
}

/** One escape sequence, which begins after the backslash at `at`. */
function escapeAt(text: string, at: number, bytes: boolean): Piece {
  const character = text[at + 1] ?? '';
  const known = simple[character];
  if (known !== undefined) return { text: known, length: 2 };
  const digits = { x: 2, X: 2, u: 4, U: 8 }[character];
  if (digits !== undefined) {
    if (bytes && digits > 2) throw new UnescapeError('unable to unescape string');
    const value = Number.parseInt(text.slice(at + 2, at + 2 + digits), 16);
    return bytes ? { byte: value, length: 2 + digits } : codePoint(value, 2 + digits);
  }
  const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4))?.[0];
  if (octal === undefined) throw new UnescapeError('unable to unescape string');
  const value = Number.parseInt(octal, 8);
  return bytes ? { byte: value, length: 4 } : codePoint(value, 4);
}

/** The content of a literal without its quotes, and whether it is raw. */
function unquote(literal: string): { readonly content: string; readonly raw: boolean } {
  const raw = /^[rR]/.test(literal);
  const quoted = (raw ? literal.slice(1) : literal).replaceAll('\r\n', '\n').replaceAll('\r', '\n');
  const width = /^("""|''')/.test(quoted) && quoted.length >= 6 ? 3 : 1;
  return { content: quoted.slice(width, -width), raw };
}

/** @throws UnescapeError */
export function unescapeString(literal: string): string {
  const { content, raw } = unquote(literal);
  if (raw || !content.includes('\\')) return content;
  let result = '';
  for (let at = 0; at < content.length; ) {
    const piece: Piece = content[at] === '\\' ? escapeAt(content, at, false) : { text: content[at] ?? '', length: 1 };
    result += piece.text ?? '';
    at += piece.length;
  }
  return result;
}

/** @throws UnescapeError */
export function unescapeBytes(literal: string): Uint8Array {
  const { content, raw } = unquote(literal);
  const encoder = new TextEncoder();
  if (raw || !content.includes('\\')) return encoder.encode(content);
  const result: number[] = [];
  for (let at = 0; at < content.length; ) {
    const character = String.fromCodePoint(content.codePointAt(at) ?? 0);
    const piece: Piece = character === '\\' ? escapeAt(content, at, true) : { text: character, length: character.length };
    result.push(...(piece.byte === undefined ? encoder.encode(piece.text ?? '') : [piece.byte]));
    at += piece.length;
  }
  return Uint8Array.from(result);
}
