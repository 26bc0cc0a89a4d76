/** What Go templates compute with. */

import { goValue } from '../../api/go-format.ts';
import type { JsonValue } from '../../api/json.ts';

/** undefined is Go's invalid value: a missing key. */
export type TemplateValue = JsonValue | undefined;

export const isMapping = (value: TemplateValue): value is Readonly<Record<string, JsonValue>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As an action writes it. */
export const printable = (value: TemplateValue): string => (value === undefined || value === null ? '<no value>' : goValue(value));

/** Go's truth: not false, zero, empty or missing. */
export function truth(value: TemplateValue): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value === 'object') return (Array.isArray(value) ? value.length : Object.keys(value).length) > 0;
  return value !== '' && value !== 0 && value !== false;
}
