/** JSON as kubectl prints it: keys sorted, four spaces. */
import type { JsonValue } from '../../api/json.ts';
import { sortKeys } from './yaml.ts';

/** Go's encoder writes these three as escapes in its output for HTML. */
const htmlEscapes: Readonly<Record<string, string>> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026', '\u2028': '\\u2028', '\u2029': '\\u2029' };

/** One document, ending in a newline. */
export const toJson = (value: JsonValue): string =>
  `${JSON.stringify(sortKeys(value), undefined, 4).replaceAll(/[<>&\u2028\u2029]/g, (char) => htmlEscapes[char] ?? char)}\n`;
