/** JSON as Go's encoder writes it: keys sorted, HTML characters escaped. */
import { isObject, type JsonValue } from '../../api/json.ts';
import { sortedEntries } from './sorted-entries.ts';

/** Go's encoder writes these as escapes in its output for HTML. */
const htmlEscapes: Readonly<Record<string, string>> = {
  '<': '\\u003c',
  '>': '\\u003e',
  '&': '\\u0026',
  '\u2028': '\\u2028',
  '\u2029': '\\u2029',
};

const escapeHtml = (text: string): string => text.replaceAll(/[<>&\u2028\u2029]/g, (char) => htmlEscapes[char] ?? char);

/** One document as kubectl prints it: four spaces, ending in a newline. */
export const toJson = (value: JsonValue): string => `${escapeHtml(text(value, '\n'))}\n`;

/** On one line, without a newline. */
export const toCompactJson = (value: JsonValue): string => escapeHtml(text(value, ''));

/** `line` begins the line that the value stands on; '': everything stands on one. */
function text(value: JsonValue, line: string): string {
  const inner = line === '' ? '' : `${line}    `;
  if (Array.isArray(value)) {
    return value.length === 0 ? '[]' : `[${inner}${value.map((item) => text(item, inner)).join(`,${inner}`)}${line}]`;
  }
  if (!isObject(value)) return JSON.stringify(value);
  const colon = line === '' ? ':' : ': ';
  const members = sortedEntries(value).map(([key, member]) => `${JSON.stringify(key)}${colon}${text(member, inner)}`);
  return members.length === 0 ? '{}' : `{${inner}${members.join(`,${inner}`)}${line}}`;
}
