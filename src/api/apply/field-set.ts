/**
 * Sets of field paths. A set is the tree that FieldsV1 writes: a node is a member when it has the key `.` or no keys at
 * all, and its other keys, in canonical order, lead to nodes below. The root is never a member, so `{}` is the empty
 * set. Sets are immutable; every operation returns its first argument when it changes nothing, so that callers compare
 * by identity. Source: structured-merge-diff fieldpath/set.go, serialize.go.
 */
import { isObject, type JsonValue } from '../json.ts';
import { canonicalElement, compareElements, PathElementError, printElement } from './path-element.ts';

export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** A set while it is made. */
export interface GrowingSet {
  [element: string]: GrowingSet;
}

export type Path = readonly string[];

const self = '.';
export const emptySet: FieldSet = Object.freeze({});
/** A member with nothing below: the same thing as an empty set in JSON, and another in meaning. */
export const leaf: FieldSet = Object.freeze({});

export function isEmptySet(set: FieldSet): boolean {
  for (const _ in set) return false;
  return true;
}

const isMember = (node: FieldSet | undefined): boolean => node !== undefined && (node[self] !== undefined || isEmptySet(node));

/** The elements below a node, in order. */
export function elementsOf(node: FieldSet): readonly string[] {
  const keys = Object.keys(node);
  return keys[0] === self ? keys.slice(1) : keys;
}

/** A node of children that have been put together; undefined when nothing is left of it. */
function nodeOf(member: boolean, children: GrowingSet, any: boolean): FieldSet | undefined {
  if (!any) return member ? leaf : undefined;
  return member ? { [self]: leaf, ...children } : children;
}

/** The set of some paths. */
export function setOf(...paths: readonly Path[]): FieldSet {
  return paths.reduce((set, path) => union(set, pathSet(path)), emptySet);
}

const pathSet = (path: Path): FieldSet => path.reduceRight<FieldSet>((below, element) => ({ [element]: below }), leaf);

export function hasPath(set: FieldSet, path: Path): boolean {
  let node: FieldSet | undefined = set;
  for (const element of path) {
    node = node?.[element];
    if (node === undefined) return false;
  }
  return path.length > 0 && isMember(node);
}

/** The part of a set below an element; empty when there is none. */
export function below(set: FieldSet, element: string): FieldSet {
  const node = set[element];
  if (node === undefined || node[self] === undefined) return node ?? emptySet;
  const { [self]: _, ...rest } = node;
  return rest;
}

/** The elements of two nodes in canonical order, each once. */
function mergedElements(a: readonly string[], b: readonly string[]): readonly string[] {
  const out: string[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [left, right] = [a[i], b[j]];
    const order = left === undefined ? 1 : right === undefined ? -1 : compareElements(left, right);
    if (order <= 0 && left !== undefined) out.push(left);
    else if (right !== undefined) out.push(right);
    if (order <= 0) i++;
    if (order >= 0) j++;
  }
  return out;
}

export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a;
  return isEmptySet(a) ? b : unionOf(a, b, false);
}

function unionOf(a: FieldSet, b: FieldSet, member: boolean): FieldSet {
  const [left, right] = [elementsOf(a), elementsOf(b)];
  let changed = member !== (a[self] !== undefined);
  let elements = left;
  for (const element of right) {
    const before = a[element];
    const after = b[element];
    if (before === undefined) elements = elements === left ? mergedElements(left, right) : elements;
    changed ||= before === undefined || (after !== undefined && unionNode(before, after) !== before);
  }
  if (!changed) return a;
  const out: GrowingSet = {};
  for (const element of elements) {
    const [before, after] = [a[element], b[element]];
    const node = before === undefined ? after : after === undefined ? before : unionNode(before, after);
    if (node !== undefined) out[element] = node as GrowingSet;
  }
  return nodeOf(member, out, elements.length > 0) ?? leaf;
}

function unionNode(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  const [alone, other] = [isEmptySet(a), isEmptySet(b)];
  if (alone && other) return a;
  if (other) return a[self] === undefined ? { [self]: leaf, ...a } : a;
  if (alone) return b[self] === undefined ? { [self]: leaf, ...b } : b;
  return unionOf(a, b, a[self] !== undefined || b[self] !== undefined);
}

/** What is in `a` and not in `b`. Members are taken away one by one: what lies below a member of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return without(a, b, { root: true, recursive: false }) ?? emptySet;
}

/** What is in `a`, less the members of `b` and all that lies below them. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return without(a, b, { root: true, recursive: true }) ?? emptySet;
}

function without(a: FieldSet, b: FieldSet, how: { readonly root: boolean; readonly recursive: boolean }): FieldSet | undefined {
  if (!how.root && how.recursive && isMember(b)) return undefined;
  const elements = elementsOf(a);
  const was = !how.root && (a[self] !== undefined || elements.length === 0);
  const member = was && !isMember(b);
  const inner = { ...how, root: false };
  let changed = was !== member;
  let any = false;
  const out: GrowingSet = {};
  for (const element of elements) {
    const before = a[element];
    const taken = b[element];
    const node = before === undefined || taken === undefined ? before : without(before, taken, inner);
    changed ||= node !== before;
    if (node === undefined) continue;
    any = true;
    out[element] = node as GrowingSet;
  }
  return changed ? nodeOf(member, out, any) : a;
}

export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return common(a, b, true) ?? emptySet;
}

function common(a: FieldSet, b: FieldSet, root: boolean): FieldSet | undefined {
  const out: GrowingSet = {};
  let any = false;
  for (const element of elementsOf(a)) {
    const [left, right] = [a[element], b[element]];
    const node = left === undefined || right === undefined ? undefined : common(left, right, false);
    if (node === undefined) continue;
    any = true;
    out[element] = node as GrowingSet;
  }
  return nodeOf(!root && isMember(a) && isMember(b), out, any);
}

/** Calls back with every path of a set: a node's members first, then what lies below them. */
export function eachPath(set: FieldSet, visit: (path: Path) => void, prefix: Path = []): void {
  const elements = elementsOf(set);
  for (const element of elements) if (isMember(set[element])) visit([...prefix, element]);
  for (const element of elements) {
    const node = set[element];
    if (node !== undefined && !isEmptySet(node)) eachPath(node, visit, [...prefix, element]);
  }
}

export const printPath = (path: Path): string => path.map(printElement).join('');

/** Reads FieldsV1. Returns the value itself when it is canonical. Throws PathElementError. */
export function readFieldSet(value: JsonValue): FieldSet {
  if (value === null) return emptySet;
  return readNode(value).children ?? emptySet;
}

interface ReadNode {
  readonly member: boolean;
  readonly children: FieldSet | undefined;
  readonly node: FieldSet;
}

function readNode(value: JsonValue): ReadNode {
  if (value !== null && !isObject(value)) throw new PathElementError('ReadMapCB: expect { or n');
  const source = value ?? {};
  const out: GrowingSet = {};
  const found: [string, FieldSet][] = [];
  let member = false;
  let canonical = true;
  Object.entries(source).forEach(([key, item = null], index) => {
    if (key === self) {
      member = true;
      canonical &&= index === 0 && isObject(item) && isEmptySet(item as FieldSet);
      return;
    }
    const element = canonicalElement(key);
    canonical &&= element === key;
    if (element === undefined) return;
    const read = readNode(item);
    canonical &&= read.node === item;
    canonical &&= found.length === 0 || compareElements(found.at(-1)?.[0] ?? '', element) < 0;
    found.push([element, read.node]);
  });
  if (found.length === 0)
    return { member: true, children: undefined, node: canonical && !member && isObject(value) ? (value as FieldSet) : leaf };
  // A JSON object in canonical form is a set.
  if (canonical && isObject(value)) {
    const node = value as unknown as FieldSet;
    return { member, children: member ? below({ x: node }, 'x') : node, node };
  }
  for (const [element, node] of found.sort(([a], [b]) => compareElements(a, b))) {
    const before = out[element];
    out[element] = (before === undefined ? node : unionNode(before, node)) as GrowingSet;
  }
  return { member, children: out, node: member ? { [self]: leaf, ...out } : out };
}
