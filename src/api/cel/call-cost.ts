/**
 * What a call may cost, by the sizes of its arguments. Source: cel-go checker/cost.go (functionCost), ext/lists.go,
 * ext/sets.go; apiserver pkg/cel/library/cost.go (EstimateCallCost).
 */
import type { Expr } from './ast.ts';
import {
  type CostRange,
  fixed,
  listCost,
  plus,
  regexFactor,
  scaled,
  searchCost,
  structCost,
  times,
  traversal,
  traversalFactor,
  unbounded,
  union,
  unknownSize,
} from './cost.ts';
import { type CelType, sameType } from './types.ts';

/** An expression as cost functions see it. */
export interface CostNode {
  /** From a variable down to the value, when it is a part of one: `self`, `items`, `@items`. */
  readonly path: readonly string[];
  readonly type: CelType;
  readonly expr: Expr | undefined;
  /** What is known from the expression. */
  readonly size: CostRange | undefined;
}

export type SizeEstimator = (node: CostNode) => CostRange | undefined;

export interface CallEstimate {
  /** Without the cost of the arguments. */
  readonly cost: CostRange;
  readonly size?: CostRange;
}

export interface CostedCall {
  readonly fn: string;
  readonly overload: string;
  readonly target: CostNode | undefined;
  readonly args: readonly CostNode[];
  readonly estimateSize: SizeEstimator;
}

type Estimate = (call: CostedCall) => CallEstimate | undefined;

const sizeOf = ({ estimateSize }: CostedCall, node: CostNode): CostRange => node.size ?? estimateSize(node) ?? unknownSize;

/** The items of a list as a node. */
function itemNode(list: CostNode): CostNode | undefined {
  const [type] = list.type.params;
  return type === undefined
    ? undefined
    : { path: list.path.length === 0 ? [] : [...list.path, '@items'], type, expr: undefined, size: undefined };
}

const nominal: Estimate = () => ({ cost: fixed(1) });

/** The cost of reading one argument, or the target when there is none, once or more often. */
const reads =
  (factor: number, sized: boolean): Estimate =>
  (call) => {
    const node = call.target ?? call.args[0];
    if (node === undefined) return undefined;
    const size = sizeOf(call, node);
    const cost = scaled(size, factor * traversalFactor);
    return sized ? { cost, size } : { cost };
  };

const readsArgument: Estimate = (call) => {
  const [arg] = call.args;
  return arg === undefined ? undefined : { cost: traversal(sizeOf(call, arg)) };
};

const listScan: Estimate = (call) => {
  const { target } = call;
  if (target === undefined) return undefined;
  const item = itemNode(target);
  if (item === undefined) return { cost: traversal(sizeOf(call, target)) };
  const isText = item.type.kind === 'string' || item.type.kind === 'bytes';
  const each = isText ? plus(fixed(1), traversal(sizeOf(call, item))) : fixed(1);
  return { cost: times(sizeOf(call, target), each) };
};

const selector: Estimate = (call) => {
  const [arg] = call.args;
  if (arg === undefined) return undefined;
  const length = sizeOf(call, arg);
  const requirements = scaled(scaled(length, 0.5), listCost + structCost);
  return { cost: plus(plus(fixed(listCost), traversal(length)), requirements) };
};

/** How often at most, or at least, something is replaced, and what of the old text may stay. */
function replacements(text: CostRange, old: CostRange, by: CostRange): { readonly count: CostRange; readonly kept: CostRange } {
  const most = (): readonly [number, number] => {
    if (old.min === 0) return [text.max < unbounded ? text.max + 1 : text.max, text.max];
    return by.max <= old.min ? [0, text.max] : [Math.ceil(text.max / old.min), 0];
  };
  const least = (): readonly [number, number] => {
    if (old.max === 0) return [text.min < unbounded ? text.min + 1 : text.min, text.min];
    return old.max <= by.min ? [0, text.min] : [Math.ceil(text.min / old.max), 0];
  };
  const [maxCount, maxKept] = most();
  const [minCount, minKept] = least();
  return { count: { min: minCount, max: maxCount }, kept: { min: minKept, max: maxKept } };
}

const replace: Estimate = (call) => {
  const [old, by] = call.args;
  if (call.target === undefined || old === undefined || by === undefined) return undefined;
  const text = sizeOf(call, call.target);
  const bySize = sizeOf(call, by);
  const { count, kept } = replacements(text, sizeOf(call, old), bySize);
  return { cost: scaled(text, 2 * traversalFactor), size: plus(times(count, bySize), kept) };
};

/** The number that an argument is written as. */
function literalInt(node: CostNode | undefined): number | undefined {
  const expr = node?.expr;
  return expr?.kind === 'literal' && typeof expr.value === 'bigint' ? Number(expr.value) : undefined;
}

const split: Estimate = (call) => {
  if (call.target === undefined) return undefined;
  const size = sizeOf(call, call.target);
  return { cost: scaled(size, 2 * traversalFactor), size: { min: 0, max: literalInt(call.args[1]) ?? size.max } };
};

const join: Estimate = (call) => {
  const { target, args } = call;
  if (target === undefined) return undefined;
  const count = sizeOf(call, target);
  const item = itemNode(target);
  let size = item === undefined ? fixed(0) : times(count, sizeOf(call, item));
  const [separator] = args;
  if (separator !== undefined) {
    const separators = { min: Math.max(0, count.min - 1), max: Math.max(0, count.max - 1) };
    size = plus(size, times(sizeOf(call, separator), separators));
  }
  return { cost: traversal(size), size };
};

const search: Estimate = (call) => {
  const [pattern] = call.args;
  if (call.target === undefined || pattern === undefined) return undefined;
  const size = sizeOf(call, call.target);
  return { cost: searchCost(size, sizeOf(call, pattern)), size: { min: 0, max: size.max } };
};

const addressSize: CostRange = { min: 4, max: 16 };

const contains =
  (extra: CostRange): Estimate =>
  (call) => {
    const [other] = call.args;
    if (other === undefined) return undefined;
    const compared = plus(traversal(plus(addressSize, addressSize)), extra);
    return { cost: call.overload.endsWith('_string') ? plus(compared, traversal(sizeOf(call, other))) : compared };
  };

const maxNameFormatRegexSize = 128;
const maxFormatSize = 64;

const validate: Estimate = (call) => {
  const [arg] = call.args;
  return arg === undefined ? undefined : { cost: scaled(traversal(sizeOf(call, arg)), maxNameFormatRegexSize * regexFactor) };
};

const cheaplyCompared = new Set([
  'net.IP',
  'net.CIDR',
  'kubernetes.Quantity',
  'kubernetes.Semver',
  'kubernetes.authorization.Authorizer',
  'kubernetes.authorization.PathCheck',
  'kubernetes.authorization.GroupCheck',
  'kubernetes.authorization.ResourceCheck',
  'kubernetes.authorization.Decision',
]);

const equality: Estimate = ({ args }) => {
  const [a, b] = args;
  if (a === undefined || b === undefined || !sameType(a.type, b.type)) return undefined;
  if (cheaplyCompared.has(a.type.name)) return { cost: fixed(1) };
  if (a.type.name === 'kubernetes.NamedFormat') return { cost: traversal({ min: 1, max: maxFormatSize }) };
  return a.type.name === 'kubernetes.URL' ? { cost: traversal({ min: 1, max: b.size?.max ?? 1 }) } : undefined;
};

const builtList = (factor: number, size: CostRange): CallEstimate => ({
  cost: plus(scaled(size, factor), fixed(1 + listCost)),
  size,
});

const sorted =
  (ofTarget: boolean): Estimate =>
  (call) => {
    const node = ofTarget ? call.target : call.args[0];
    if (node === undefined) return undefined;
    const size = sizeOf(call, node);
    const isText = /^list_(string|bytes)_/.test(call.overload);
    return builtList(isText ? 2 + traversalFactor : 2, times(size, size));
  };

const ofTargetSize =
  (factor: (call: CostedCall) => number, square = false): Estimate =>
  (call) => {
    if (call.target === undefined) return undefined;
    const size = sizeOf(call, call.target);
    return builtList(factor(call), square ? times(size, size) : size);
  };

const slice: Estimate = (call) => {
  if (call.target === undefined) return undefined;
  const [start, end] = [literalInt(call.args[0]) ?? 0, literalInt(call.args[1]) ?? sizeOf(call, call.target).max];
  return builtList(1, fixed(Math.max(0, end - start)));
};

const sets =
  (factor: number): Estimate =>
  (call) => {
    const [a, b] = call.args;
    if (a === undefined || b === undefined) return undefined;
    return { cost: plus(scaled(times(sizeOf(call, a), sizeOf(call, b)), factor), fixed(1)) };
  };

const each = (names: string, estimate: Estimate): readonly (readonly [string, Estimate])[] =>
  names.split(' ').map((name): readonly [string, Estimate] => [name, estimate]);

/** By overload: these come first. */
const byOverload: ReadonlyMap<string, Estimate> = new Map([
  ...each('list_slice', slice),
  ...each(
    'list_flatten',
    ofTargetSize(() => 1),
  ),
  ...each(
    'list_flatten_int',
    ofTargetSize(({ args }) => literalInt(args[0]) ?? unbounded),
  ),
  ...each('lists_range', ({ args }) => builtList(1, fixed(literalInt(args[0]) ?? unbounded))),
  ...each(
    'list_reverse',
    ofTargetSize(() => 1),
  ),
  ...each(
    'list_distinct',
    ofTargetSize(() => 2, true),
  ),
  ...each('list_sets_contains_list list_sets_intersects_list', sets(1)),
  ...each('list_sets_equivalent_list', sets(2)),
]);

/** By the name of the function. */
const byFunction: ReadonlyMap<string, Estimate> = new Map([
  ...each('check', () => ({ cost: fixed(350_000) })),
  ...each('serviceAccount path group resource subresource namespace name allowed reason error errored', nominal),
  ...each('fieldSelector labelSelector', selector),
  ...each('isSorted sum max min indexOf lastIndexOf', listScan),
  ...each('url jsonpatch.escapeKey lowerAscii upperAscii substring trim', reads(1, true)),
  ...each('replace', replace),
  ...each('split', split),
  ...each('join', join),
  ...each('find findAll', search),
  ...each('cidr isIP isCIDR quantity isQuantity semver isSemver', readsArgument),
  ...each('ip', (call) => (call.overload === 'cidr_ip' ? nominal(call) : readsArgument(call))),
  ...each('ip.isCanonical', reads(2, false)),
  ...each('masked prefixLength family isUnspecified isLoopback isLinkLocalMulticast isLinkLocalUnicast isGlobalUnicast', nominal),
  ...each('containsIP', contains(fixed(0))),
  ...each('containsCIDR', contains(plus(traversal(addressSize), fixed(1)))),
  ...each('validate', validate),
  ...each('format.named', nominal),
  ...each('sign asInteger isInteger asApproximateFloat isGreaterThan isLessThan compareTo add sub major minor patch', nominal),
  ...each('getScheme getHostname getHost getPort getEscapedPath getQuery', nominal),
  ...each('_==_', equality),
  ...each('sort', sorted(true)),
  ...each('@sortByAssociatedKeys', sorted(false)),
]);

/** What the libraries say of a call; undefined leaves it to the standard costs. */
export const libraryCallCost = (call: CostedCall): CallEstimate | undefined =>
  byOverload.get(call.overload)?.(call) ?? byFunction.get(call.fn)?.(call);

const compared = /^(less|less_equals|greater|greater_equals)_(string|bytes)$|^(not_)?equals$/;

/**
 * The costs of the standard functions. `sizeOrUnknown` knows no estimator: as cel-go, sizes come from expressions
 * here.
 */
export function standardCallCost({ overload, target, args }: CostedCall): CallEstimate {
  const size = (node: CostNode | undefined): CostRange => node?.size ?? unknownSize;
  const [a, b] = args;
  switch (overload) {
    case 'string_format':
      return { cost: traversal(size(target)) };
    case 'string_to_bytes':
      return { cost: traversal(size(a)), size: { min: size(a).min, max: Math.min(unbounded, size(a).max * 4) } };
    case 'bytes_to_string':
      return { cost: traversal(size(a)), size: { min: Math.floor(size(a).min / 4), max: size(a).max } };
    case 'strings_quote':
      return { cost: traversal(size(a)), size: { min: size(a).min + 2, max: Math.min(unbounded, size(a).max * 2 + 2) } };
    case 'starts_with_string':
    case 'ends_with_string':
      return { cost: traversal(size(a)) };
    case 'in_list':
      return { cost: size(b) };
    case 'matches_string':
      return { cost: searchCost(size(target), size(a)) };
    case 'contains_string':
      return { cost: times(traversal(size(target)), traversal(size(a))) };
    case 'add_list':
      return { cost: fixed(1), size: plus(size(a), size(b)) };
    case 'add_string':
    case 'add_bytes':
      return { cost: traversal(plus(size(a), size(b))), size: plus(size(a), size(b)) };
  }
  if (!compared.test(overload)) return { cost: fixed(1) };
  const smallest = Math.min(size(a).max, size(b).max);
  return { cost: traversal({ min: smallest > 0 ? 1 : 0, max: smallest }) };
}

export const unionSize = (a: CostRange | undefined, b: CostRange | undefined): CostRange | undefined =>
  a === undefined || b === undefined ? (a ?? b) : union(a, b);
