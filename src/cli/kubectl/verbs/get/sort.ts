/** `--sort-by`. Source: kubectl pkg/cmd/get/sorter.go. */

import { goType } from '../../../../api/go-format.ts';
import type { JsonValue } from '../../../../api/json.ts';
import { compareQuantity, tryParseQuantity } from '../../../../api/quantity.ts';
import { relaxedJsonPath } from '../../../print/custom-columns.ts';
import { parseJsonPath } from '../../../print/jsonpath.ts';
import { CommandError } from '../../command/command.ts';

/** Negative, 0 or positive. Throws CommandError for values that cannot be ordered. */
function compareValues(left: JsonValue, right: JsonValue): number {
  if (left === null || right === null) return left === right ? 0 : left === null ? -1 : 1;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left !== 'string' || typeof right !== 'string') throw new CommandError(`unsortable type: ${goType(left)}`);
  const [a, b] = [tryParseQuantity(left), tryParseQuantity(right)];
  if (a !== undefined && b !== undefined) return compareQuantity(a, b);
  return Buffer.from(left).compare(Buffer.from(right));
}

/**
 * Sorts items by the value at a path of their objects. As a result of upstream's comparison, items without a value come
 * first, in reverse order. Throws CommandError.
 */
export function sortBy<T>(items: readonly T[], path: string, objectOf: (item: T) => JsonValue): readonly T[] {
  if (items.length === 0) return items;
  const relaxed = relaxedJsonPath(path);
  const parsed = parseJsonPath(relaxed, { allowMissing: true });
  const keyed = items.map((item, at) => ({ item, at, key: parsed.results(objectOf(item))[0]?.[0] }));
  if (keyed.every(({ key }) => key === undefined)) {
    throw new CommandError(`couldn't find any field with path ${JSON.stringify(relaxed)} in the list of objects`);
  }
  return keyed
    .toSorted((a, b) => {
      if (a.key === undefined || b.key === undefined) return a.key === b.key ? b.at - a.at : a.key === undefined ? -1 : 1;
      return compareValues(a.key, b.key);
    })
    .map(({ item }) => item);
}
