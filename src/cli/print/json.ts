/** JSON as Go's encoder writes it: keys sorted, HTML characters escaped. */
import type { JsonValue } from '../../api/json.ts';
import { sortKeys } from './yaml.ts';

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
export const toJson = (value: JsonValue): string => `${escapeHtml(JSON.stringify(sortKeys(value), undefined, 4))}\n`;

/** On one line, without a newline. */
export const toCompactJson = (value: JsonValue): string => escapeHtml(JSON.stringify(sortKeys(value)));
