/**
 * Removes from an answer what may differ between two servers with the same behaviour: ids, times, versions, addresses
 * and random values.
 */
import { isObject, type JsonValue } from '../../../src/api/json.ts';

export interface Normalising {
  /** Managed fields are dropped unless this is true: they would be most of what is recorded. */
  readonly managedFields: boolean;
}

/** Replacements in every text. Times before 2025 belong to the corpus and are kept. */
const inTexts: readonly (readonly [RegExp, string])[] = [
  [/\b(?!f00dcafe)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\b20(?:2[5-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z/g, '<microtime>'],
  [/\b20(?:2[5-9]|[3-9]\d)-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, '<time>'],
  [/\b(127\.0\.0\.1|10\.244\.0\.1):\d+/g, '<server>'],
  [/\b10\.(?:9[6-9]|10\d|11[01])\.\d+\.\d+\b(?!\/)/g, '<service ip>'],
  [/\bkube-api-access-[a-z0-9]{5}\b/g, 'kube-api-access-<random>'],
  [/\b(made-|Bad_)[a-z0-9]{5}\b/g, '$1<random>'],
  // Go prints where the scheme was created, which depends on how the server was built.
  [/ in scheme \\?"[^"\\]+\\?"/g, ' in scheme <scheme>'],
  [/(resource version: )\d+ \(\d+\)/g, '$1<rv> (<rv>)'],
  [/(ResourceVersion in record \(|ResourceVersion in object meta: |resource version: 999999999, current: )\d+/g, '$1<rv>'],
  [/(\\?"resourceVersion\\?":\\?")[1-9]\d*/g, '$1<rv>'],
  // Also ages of things that the corpus dates: they grow from day to day.
  [/^(?:\d+s|\d+m\d+s|\d+d|\d+y|\d+y\d+d)$/g, '<age>'],
];

function textOf(key: string, text: string): string {
  if (key === 'resourceVersion' || key === 'metadata.resourceVersion') return text === '' || text === '0' ? text : '<rv>';
  if (key === 'continue') return text === '' ? text : '<continuation>';
  return inTexts.reduce((changed, [pattern, by]) => changed.replace(pattern, by), text);
}

function numberOf(key: string, value: number): JsonValue {
  const drawn = (key === 'nodePort' || key === 'healthCheckNodePort') && value >= 30_000 && value <= 32_800;
  return drawn ? '<node port>' : value;
}

/**
 * Whether the order of a list says nothing: that of owners depends on the seconds at which a server was asked, that of
 * conflicts on Go's maps.
 */
const unordered = (key: string, items: readonly JsonValue[]): boolean =>
  key === 'managedFields' || (key === 'causes' && items.every((item) => isObject(item) && item.reason === 'FieldManagerConflict'));

/** Owners by what the server sorts them by, apart from their times. */
const rank = (item: JsonValue): string =>
  JSON.stringify(isObject(item) && 'fieldsType' in item ? [item.operation, item.manager, item.apiVersion, item.subresource ?? ''] : item);

/** The answer in the form in which it is compared; the argument is not changed. */
export function normalise(value: JsonValue, how: Normalising, key = ''): JsonValue {
  if (typeof value === 'string') return textOf(key, value);
  if (typeof value === 'number') return numberOf(key, value);
  if (Array.isArray(value)) {
    const items = value.map((item: JsonValue) => normalise(item, how, key));
    return unordered(key, items) ? items.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1)) : items;
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([member, inner]) => inner !== undefined && (how.managedFields || member !== 'managedFields'))
      .map(([member, inner]) => [member, normalise(inner ?? null, how, member)]),
  );
}
