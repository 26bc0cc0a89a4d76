/**
 * What a call did cost, by the values that it got. Source: cel-go interpreter/runtimecost.go (costCall), ext/lists.go,
 * ext/sets.go; apiserver pkg/cel/library/cost.go (CallCost).
 */
import { listCost, regexFactor, structCost, traversalFactor } from './cost.ts';
import { FormatValue } from './library/formats.ts';
import { CelError, characterCount, ListValue, MapValue, OpaqueValue, OptionalValue, type Value } from './value.ts';

export function sizeOf(value: Value): number {
  if (typeof value === 'string') return characterCount(value);
  if (value instanceof ListValue || value instanceof MapValue) return value.size;
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof OptionalValue && value.value !== undefined) return sizeOf(value.value);
  return value instanceof OpaqueValue ? value.costSize() : 1;
}

const traversal = (size: number): number => Math.ceil(size * traversalFactor);

/** What reading a value with all that is in it costs. */
function deepTraversal(value: Value): number {
  if (typeof value === 'string') return Math.floor(Buffer.byteLength(value) * traversalFactor);
  if (value instanceof Uint8Array) return Math.floor(value.length * traversalFactor);
  if (value instanceof ListValue) {
    let cost = 0;
    for (let at = 0; at < value.size; at++) {
      const item = value.get(at);
      if (!(item instanceof CelError)) cost += deepTraversal(item);
    }
    return cost;
  }
  if (!(value instanceof MapValue)) return 1;
  return value.keys().reduce<number>((cost, key) => {
    const item = value.find(key) ?? null;
    return cost + deepTraversal(key) + (item instanceof CelError ? 0 : deepTraversal(item));
  }, 0);
}

const search = (text: number, pattern: number): number => Math.ceil((1 + text) * traversalFactor) * Math.ceil(pattern * regexFactor);

interface Call {
  readonly overload: string;
  readonly args: readonly Value[];
  readonly result: Value;
}

type Cost = (call: Call) => number;

const size = (args: readonly Value[], at: number): number => sizeOf(args[at] ?? null);
const nominal: Cost = () => 1;
const reads =
  (times: number): Cost =>
  ({ args }) =>
    Math.ceil(size(args, 0) * times * traversalFactor);

const contains =
  (isCidr: boolean): Cost =>
  ({ overload, args }) => {
    const own = size(args, 0);
    const masked = isCidr ? traversal(own) + 1 : 0;
    return traversal(own + own) + masked + (overload.endsWith('_string') ? traversal(size(args, 1)) : 0);
  };

const validate: Cost = ({ args }) => {
  const [format] = args;
  return format instanceof FormatValue ? search(size(args, 1), format.regexSize) : 1;
};

const selector: Cost = ({ args }) => {
  const length = size(args, 1);
  return listCost + traversal(length) + Math.ceil(Math.ceil(length * 0.5) * (listCost + structCost));
};

const built = (cost: number): number => Math.ceil(cost) + 1 + listCost;
const selfCompared: Cost = ({ args }) => built(2 * size(args, 0) ** 2);
const setsCompared =
  (times: number): Cost =>
  ({ args }) =>
    1 + Math.floor(size(args, 0) * size(args, 1) * times);

const each = (names: string, cost: Cost): readonly (readonly [string, Cost])[] =>
  names.split(' ').map((name): readonly [string, Cost] => [name, cost]);

const byFunction: ReadonlyMap<string, Cost> = new Map([
  ...each('check', () => 350_000),
  ...each('serviceAccount path group resource subresource namespace name allowed reason error errored', nominal),
  ...each('fieldSelector labelSelector', selector),
  ...each('isSorted sum max min indexOf lastIndexOf', ({ args }) => deepTraversal(args[0] ?? null)),
  ...each('url lowerAscii upperAscii substring trim jsonpatch.escapeKey', reads(1)),
  ...each('replace split', reads(2)),
  ...each('join', ({ result }) => Math.ceil(sizeOf(result) * 2 * traversalFactor)),
  ...each('find findAll', ({ args }) => search(size(args, 0), size(args, 1))),
  ...each('cidr isIP isCIDR quantity isQuantity semver isSemver', reads(1)),
  ...each('ip', (call) => (call.overload === 'cidr_ip' ? 1 : reads(1)(call))),
  ...each('ip.isCanonical', reads(2)),
  ...each('containsIP', contains(false)),
  ...each('containsCIDR', contains(true)),
  ...each('validate', validate),
  ...each('slice lists.range', ({ result }) => built(sizeOf(result))),
  ...each('flatten', ({ args }) => built(size(args, 0) * (typeof args[1] === 'bigint' ? Number(args[1]) : 1))),
  ...each('distinct sort @sortByAssociatedKeys', selfCompared),
  ...each('sets.contains sets.intersects', setsCompared(1)),
  ...each('sets.equivalent', setsCompared(2)),
]);

const compared = /^(less|less_equals|greater|greater_equals)_(string|bytes)$|^(not_)?equals$/;

function standard({ overload, args }: Call): number {
  switch (overload) {
    case 'starts_with_string':
    case 'ends_with_string':
    case 'string_to_bytes':
    case 'bytes_to_string':
    case 'strings_quote':
    case 'string_format':
      return traversal(size(args, 0));
    case 'in_list':
      return size(args, 1);
    case 'add_string':
    case 'add_bytes':
      return traversal(size(args, 0) + size(args, 1));
    case 'matches_string':
      return search(size(args, 0), size(args, 1));
    case 'contains_string':
      return traversal(size(args, 0)) * traversal(size(args, 1));
    case 'list_reverse':
      return built(size(args, 0));
  }
  if (!compared.test(overload)) return 1;
  const [a] = args;
  return a instanceof OpaqueValue ? 1 : traversal(Math.min(size(args, 0), size(args, 1)));
}

/** `overload` is '' when only the values decided which one was called. */
export const runCost = (fn: string): ((call: Call) => number) => byFunction.get(fn) ?? standard;
