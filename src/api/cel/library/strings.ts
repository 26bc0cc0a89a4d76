/** The functions on texts. Source: cel-go ext/strings.go, version 2. */
import { type CelFunction, dispatching, overload } from '../function.ts';
import { ArrayList, CelError, itemsOf, ListValue, noSuchOverload, type Result, type Value } from '../value.ts';
import { formatText } from './format-text.ts';

const textList = (texts: readonly string[]): ListValue => new ArrayList(texts);
const outOfRange = (index: bigint): CelError => new CelError(`index out of range: ${index}`);

function charAt(text: Value = null, index: Value = null): Result {
  if (typeof text !== 'string' || typeof index !== 'bigint') return noSuchOverload;
  const characters = [...text];
  return index < 0n || index > characters.length ? outOfRange(index) : (characters[Number(index)] ?? '');
}

/** Whether `part` stands at a position of `characters`. */
const standsAt = (characters: readonly string[], part: readonly string[], at: number): boolean =>
  part.every((character, offset) => characters[at + offset] === character);

function indexOf(text: Value = null, part: Value = null, offset: Value = 0n): Result {
  if (typeof text !== 'string' || typeof part !== 'string' || typeof offset !== 'bigint') return noSuchOverload;
  if (part === '') return offset;
  if (offset < 0n) return outOfRange(offset);
  const [characters, wanted] = [[...text], [...part]];
  for (let at = Number(offset); at <= characters.length - wanted.length; at++) if (standsAt(characters, wanted, at)) return BigInt(at);
  return -1n;
}

function lastIndexOf(text: Value = null, part: Value = null, offset?: Value): Result {
  if (typeof text !== 'string' || typeof part !== 'string') return noSuchOverload;
  const [characters, wanted] = [[...text], [...part]];
  if (part === '') return offset === undefined ? BigInt(characters.length) : offset;
  if (offset === undefined && text.length < part.length) return -1n;
  const from = offset ?? BigInt(characters.length - 1);
  if (typeof from !== 'bigint') return noSuchOverload;
  if (from < 0n) return outOfRange(from);
  if (from >= characters.length) return -1n;
  for (let at = Math.min(Number(from), characters.length - wanted.length); at >= 0; at--) {
    if (standsAt(characters, wanted, at)) return BigInt(at);
  }
  return -1n;
}

const asciiCase =
  (pattern: RegExp, to: (letter: string) => string) =>
  (text: Value = null): Result =>
    typeof text === 'string' ? text.replace(pattern, to) : noSuchOverload;

/** Splits as Go does: without a separator at the characters, with a limit leaving the rest whole. */
function splitText(text: string, separator: string, limit: number): readonly string[] {
  if (limit === 0) return [];
  const parts = separator === '' ? [...text] : text.split(separator);
  if (limit < 0 || parts.length <= limit) return parts;
  return [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(separator)];
}

function split(text: Value = null, separator: Value = null, limit: Value = -1n): Result {
  if (typeof text !== 'string' || typeof separator !== 'string' || typeof limit !== 'bigint') return noSuchOverload;
  return textList(splitText(text, separator, Number(limit)));
}

function replace(text: Value = null, old: Value = null, by: Value = null, limit: Value = -1n): Result {
  if (typeof text !== 'string' || typeof old !== 'string' || typeof by !== 'string' || typeof limit !== 'bigint') return noSuchOverload;
  if (old === by || limit === 0n) return text;
  if (old !== '') return splitText(text, old, limit < 0n ? -1 : Number(limit) + 1).join(by);
  // An empty text is found before each character and at the end.
  const characters = [...text];
  const count = limit < 0n ? characters.length + 1 : Math.min(Number(limit), characters.length + 1);
  const pieces = characters.map((character, at) => (at < count ? by : '') + character);
  return pieces.join('') + (count > characters.length ? by : '');
}

function substring(text: Value = null, start: Value = null, end?: Value): Result {
  if (typeof text !== 'string' || typeof start !== 'bigint') return noSuchOverload;
  const characters = [...text];
  const to = end ?? BigInt(characters.length);
  if (typeof to !== 'bigint') return noSuchOverload;
  if (end !== undefined && start > to) return new CelError(`invalid substring range. start: ${start}, end: ${to}`);
  if (start < 0n || start > characters.length) return outOfRange(start);
  if (to < 0n || to > characters.length) return outOfRange(to);
  return characters.slice(Number(start), Number(to)).join('');
}

/** The white space of Unicode, which Go's TrimSpace takes away. */
const spaceAround =
  /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g;

const trim = (text: Value = null): Result => (typeof text === 'string' ? text.replace(spaceAround, '') : noSuchOverload);

function join(list: Value = null, separator: Value = ''): Result {
  if (!(list instanceof ListValue) || typeof separator !== 'string') return noSuchOverload;
  const items = itemsOf(list);
  if (items instanceof CelError) return items;
  const texts = items.filter((item) => typeof item === 'string');
  return texts.length === items.length ? texts.join(separator) : new CelError('join: invalid input');
}

const quoted: { readonly [character: string]: string } = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

const quote = (text: Value = null): Result =>
  typeof text === 'string' ? `"${[...text].map((character) => quoted[character] ?? character).join('')}"` : noSuchOverload;

export const stringFunctions = (): readonly CelFunction[] => [
  dispatching('charAt', charAt, [['string_char_at_int', 'string.(int) -> string']]),
  dispatching('indexOf', indexOf, [
    ['string_index_of_string', 'string.(string) -> int'],
    ['string_index_of_string_int', 'string.(string, int) -> int'],
  ]),
  dispatching('lastIndexOf', lastIndexOf, [
    ['string_last_index_of_string', 'string.(string) -> int'],
    ['string_last_index_of_string_int', 'string.(string, int) -> int'],
  ]),
  dispatching(
    'lowerAscii',
    asciiCase(/[A-Z]/g, (letter) => letter.toLowerCase()),
    [['string_lower_ascii', 'string.() -> string']],
  ),
  dispatching('replace', replace, [
    ['string_replace_string_string', 'string.(string, string) -> string'],
    ['string_replace_string_string_int', 'string.(string, string, int) -> string'],
  ]),
  dispatching('split', split, [
    ['string_split_string', 'string.(string) -> list(string)'],
    ['string_split_string_int', 'string.(string, int) -> list(string)'],
  ]),
  dispatching('substring', substring, [
    ['string_substring_int', 'string.(int) -> string'],
    ['string_substring_int_int', 'string.(int, int) -> string'],
  ]),
  dispatching('trim', trim, [['string_trim', 'string.() -> string']]),
  dispatching(
    'upperAscii',
    asciiCase(/[a-z]/g, (letter) => letter.toUpperCase()),
    [['string_upper_ascii', 'string.() -> string']],
  ),
  {
    name: 'format',
    overloads: [
      overload('string_format', 'string.(list(dyn)) -> string', (text = null, args = null) =>
        typeof text === 'string' && args instanceof ListValue ? formatText(text, args) : noSuchOverload,
      ),
    ],
  },
  dispatching('strings.quote', quote, [['strings_quote', '(string) -> string']]),
  dispatching('join', join, [
    ['list_join', 'list(string).() -> string'],
    ['list_join_string', 'list(string).(string) -> string'],
  ]),
];
