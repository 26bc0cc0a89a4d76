/**
 * How a value is merged by server-side apply: which parts of it have owners of their own. A format says this of its
 * objects (`ObjectFormat.mergeType`); an object whose format is silent is merged by the shape of its values
 * (`deducedType`). Source: structured-merge-diff schema/elements.go.
 */
import { isObject, type JsonValue } from '../json.ts';
import { compareBytes } from './path-element.ts';

export type ScalarType = 'numeric' | 'string' | 'boolean' | 'untyped';

/** What a value may be. More than one of the three: the value itself decides. */
export interface MergeType {
  readonly scalar?: ScalarType;
  readonly list?: ListType;
  readonly map?: MapType;
}

export interface ListType {
  /** True: the list has one owner. */
  readonly atomic: boolean;
  /** The fields by which items are told apart, sorted; none: a set of scalars. */
  readonly keys: readonly string[];
  element(): MergeType;
}

export interface MapField {
  readonly name: string;
  /** The field as a path element: `f:name`. */
  readonly element: string;
  /** Stands for an absent key of an associative list. */
  readonly default: JsonValue | undefined;
  type(): MergeType;
}

/** A struct, a map, or a mixture of both. */
export interface MapType {
  /** True: the whole has one owner. */
  readonly atomic: boolean;
  /** Declared fields, sorted by name. */
  readonly fields: readonly MapField[];
  /** The declared field of a name. */
  field(name: string): MapField | undefined;
  /** The type of values whose keys are not declared; undefined: there may be none. */
  element(): MergeType | undefined;
}

/** Computes on first use, so that types may contain themselves. */
export function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

export const scalarOf = (scalar: ScalarType): MergeType => ({ scalar });

export const listOf = (element: () => MergeType, keys: readonly string[] | 'set' | 'atomic'): MergeType => ({
  list: {
    atomic: keys === 'atomic',
    keys: typeof keys === 'string' ? [] : [...keys].sort(compareBytes),
    element: lazily(element),
  },
});

export interface MapParts {
  readonly atomic?: boolean;
  readonly fields?: readonly { readonly name: string; readonly type: () => MergeType; readonly default?: JsonValue | undefined }[];
  readonly element?: () => MergeType | undefined;
}

export function mapOf({ atomic = false, fields = [], element = () => undefined }: MapParts): MergeType & { readonly map: MapType } {
  const sorted = [...fields]
    .sort((a, b) => compareBytes(a.name, b.name))
    .map((field): MapField => ({ name: field.name, element: `f:${field.name}`, default: field.default, type: lazily(field.type) }));
  const byName = new Map(sorted.map((field) => [field.name, field]));
  return { map: { atomic, fields: sorted, field: (name) => byName.get(name), element: lazily(element) } };
}

/** A copy of a type whose map or list has one owner, or not. Scalars stay as they are. */
export function asRelated(type: MergeType, atomic: boolean): MergeType {
  if (type.map !== undefined) return { ...type, map: { ...type.map, atomic } };
  return type.list === undefined ? type : { ...type, list: { ...type.list, atomic } };
}

/** Anything, with one owner. */
export const untypedType: MergeType = {
  scalar: 'untyped',
  list: { atomic: true, keys: [], element: () => untypedType },
  map: { atomic: true, fields: [], field: () => undefined, element: () => untypedType },
};

/** Anything: every key of an object has its owner, lists have one. */
export const deducedType: MergeType = {
  scalar: 'untyped',
  list: { atomic: true, keys: [], element: () => untypedType },
  map: { atomic: false, fields: [], field: () => undefined, element: () => deducedType },
};

export type ValueKind = 'map' | 'scalar' | 'list';

/** As what a value is looked at, given its type; null and absent values are what their type says first. */
export function kindOf(type: MergeType, value: JsonValue | undefined): ValueKind {
  if (typeof value === 'object' && value !== null) {
    if (Array.isArray(value)) {
      if (type.list !== undefined) return 'list';
    } else if (type.map !== undefined) return 'map';
  } else if (value !== undefined && value !== null && type.scalar !== undefined) return 'scalar';
  return type.map !== undefined ? 'map' : type.scalar !== undefined ? 'scalar' : 'list';
}

/** The keys of one or two objects, sorted. */
export function sortedKeys(a: JsonValue | undefined, b?: JsonValue): readonly string[] {
  const left = isObject(a) ? Object.keys(a) : [];
  const right = isObject(b) ? Object.keys(b) : [];
  if (right.length === 0) return sortedUnlessSorted(left);
  if (left.length === 0) return sortedUnlessSorted(right);
  return sortedUnlessSorted([...new Set([...left, ...right])]);
}

function sortedUnlessSorted(keys: string[]): readonly string[] {
  for (let i = 1; i < keys.length; i++) if (compareBytes(keys[i - 1] ?? '', keys[i] ?? '') > 0) return keys.sort(compareBytes);
  return keys;
}
