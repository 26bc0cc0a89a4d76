/**
 * Reads query parameters as an object of an options type, such as PodExecOptions. Source: apimachinery
 * pkg/conversion/queryparams, pkg/runtime/conversion.go.
 */
import type { JsonObject, JsonValue } from '../json.ts';
import { apiVersionOf } from '../kind.ts';
import type { GroupVersionKind } from '../object.ts';
import { statusErrors } from '../status-error.ts';
import type { GoType } from './facts.ts';
import { deref, type Schemas } from './schema.ts';

/**
 * Reads the parameters that the type declares and ignores others. Leaves out fields with their zero value. Throws
 * StatusError (400) for invalid numbers.
 */
export function queryOptions(
  schemas: Schemas,
  type: GroupVersionKind,
  query: Iterable<readonly [name: string, value: string]>,
): JsonObject {
  const { group, version, kind } = type;
  const given = new Map<string, readonly string[]>();
  for (const [name, value] of query) given.set(name, [...(given.get(name) ?? []), value]);
  const options: Record<string, JsonValue> = {};
  for (const field of schemas.forKind(group, version, kind)?.fields ?? []) {
    const texts = given.get(field.name);
    if (texts === undefined || field.name === 'kind' || field.name === 'apiVersion') continue;
    const value = valueOfTexts(field.type, texts);
    if (value !== undefined) options[field.name] = value;
  }
  return { kind, apiVersion: apiVersionOf(group, version), ...options };
}

function valueOfTexts(type: GoType, texts: readonly string[]): JsonValue | undefined {
  const bare = deref(type);
  if (bare.kind === 'list') return texts.flatMap((text) => valueOfTexts(bare.of, [text]) ?? []);
  const [text = ''] = texts;
  if (bare.kind !== 'scalar') return text;
  if (bare.name === 'bool') return isFalse(text) ? undefined : true;
  return bare.name.includes('int') ? number(text) : text;
}

/** A boolean parameter is true when it is present, unless its value says false. */
const isFalse = (text: string): boolean => text.toLowerCase() === 'false' || text === '0';

function number(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw statusErrors.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
  return Number(text);
}
