/** Broken JSON in the words of Go's encoding/json. */
import { errorText } from './error-text.ts';

/** Go's wording for what JSON.parse found. */
export function goJsonError(text: string, error: unknown): string {
  const message = errorText(error);
  const position = /position (\d+)/.exec(message)?.[1];
  if (text.trim() === '' || message.includes('end of JSON input')) return 'unexpected end of JSON input';
  const char = position === undefined ? /^Unexpected token '(.)'/u.exec(message)?.[1] : text[Number(position)];
  if (char === undefined) return 'unexpected end of JSON input';
  const shown = char === "'" ? `'\\''` : `'${JSON.stringify(char).slice(1, -1)}'`;
  if (message.includes("Expected ':'")) return `invalid character ${shown} after object key`;
  if (message.includes('property name')) return `invalid character ${shown} looking for beginning of object key string`;
  if (message.includes("Expected ',' or '}'")) return `invalid character ${shown} after object key:value pair`;
  if (message.includes("Expected ',' or ']'")) return `invalid character ${shown} after array element`;
  if (message.includes('after JSON')) return `invalid character ${shown} after top-level value`;
  return `invalid character ${shown} looking for beginning of value`;
}
