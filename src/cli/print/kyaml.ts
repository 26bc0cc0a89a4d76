/**
 * KYAML as kubectl prints it (`-o kyaml`): YAML with braces, brackets, trailing commas and quoted strings, which
 * depends on no indentation and is mistaken for no other type. Source: sigs.k8s.io/yaml kyaml/kyaml.go.
 */
import { isObject, type JsonValue } from '../../api/json.ts';
import { type Entries, givenEntries, sortedEntries } from './sorted-entries.ts';

/** One document with its header, ending in a newline. */
export const toKyaml = (value: JsonValue): string => `---\n${node(value, 0, sortedEntries)}\n`;

/** The same with keys as they come. */
export const toUnsortedKyaml = (value: JsonValue): string => `---\n${node(value, 0, givenEntries)}\n`;

const indentation = (level: number): string => '  '.repeat(level);

function node(value: JsonValue, level: number, entriesOf: Entries): string {
  if (typeof value === 'string') return quoted(value, level + 1);
  if (Array.isArray(value)) return sequence(value, level, entriesOf);
  if (!isObject(value)) return JSON.stringify(value);
  const entries = entriesOf(value);
  if (entries.length === 0) return '{}';
  const lines = entries.map(([key, inner]) => `${indentation(level + 1)}${keyText(key)}: ${node(inner, level + 1, entriesOf)},\n`);
  return `{\n${lines.join('')}${indentation(level)}}`;
}

/** Lists of objects and lists share their lines' brackets with these; others have a line for each item. */
function sequence(items: readonly JsonValue[], level: number, entriesOf: Entries): string {
  if (items.length === 0) return '[]';
  if (items.every((item) => typeof item === 'object' && item !== null))
    return `[${items.map((item) => node(item, level, entriesOf)).join(', ')}]`;
  const lines = items.map((item) => `${indentation(level + 1)}${node(item, level + 1, entriesOf)},\n`);
  return `[\n${lines.join('')}${indentation(level)}]`;
}

const keyText = (key: string): string => (needsQuotes(key) ? `"${[...key].map((char) => escaped(char, '\\n', '\\t')).join('')}"` : key);

/** A text of several lines is written on several lines, which YAML folds. */
function quoted(text: string, level: number): string {
  if (!text.includes('\n')) return `"${[...text].map((char) => escaped(char, '', '\t')).join('')}"`;
  const fold = '\\\n';
  let out = `"${fold}`;
  for (const char of text) {
    // All space before the first other character is dropped, so the first space of a line is escaped.
    if (out.endsWith('\n')) out += indentation(level) + (char !== '\n' && isSpace(char) ? '\\' : ' ');
    out += escaped(char, `\\n${fold}`, '\t');
  }
  return `${out}${out.endsWith('\n') ? '' : fold}${indentation(level)}"`;
}

const isSpace = (char: string): boolean => /^\p{White_Space}$/u.test(char);

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\r': '\\r',
  '\v': '\\v',
  '\0': '\\0',
  '\x1b': '\\e',
  '\x85': '\\N',
  '\xa0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

/** One character within quotes. `newline` and `tab` are how these are written. */
function escaped(char: string, newline: string, tab: string): string {
  if (char === '\n') return newline;
  if (char === '\t') return tab;
  const known = escapes[char];
  if (known !== undefined) return known;
  // Source: Go's unicode.IsPrint.
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(char)) return char;
  const code = char.codePointAt(0) ?? 0;
  const hex = (digits: number): string => code.toString(16).padStart(digits, '0');
  if (code < 0x20 || code === 0x7f) return `\\x${hex(2)}`;
  return code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}

/** Whether a key could be read as something else, or not be read, without quotes. */
const needsQuotes = (key: string): boolean => isOtherType(key) || !/^[\p{L}\p{N}_](?:[\p{L}\p{N}_./-]*[\p{L}\p{N}_])?$/u.test(key);

const word = /^(?:null|t|true|y|yes|on|f|false|n|no|off)$/i;
const integer = /^[+-]?(?:0b[01]+|0o[0-7]+|0x[\da-f]+)$/i;
const float = /^(?:nan|[+-]?(?:inf(?:inity)?|(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|0x(?:[\da-f]+\.?[\da-f]*|\.[\da-f]+)p[+-]?\d+))$/i;

/** Source: isTypeAmbiguous, for the keys that have no character that is quoted anyway. */
function isOtherType(key: string): boolean {
  const digits = key.replaceAll('_', '');
  return word.test(key) || integer.test(digits) || float.test(digits) || isDate(key);
}

function isDate(text: string): boolean {
  const [, year = '', month = '', day = ''] = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text) ?? [];
  if (year === '') return false;
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
}
