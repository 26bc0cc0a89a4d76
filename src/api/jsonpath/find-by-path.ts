/**
 * Finds values by a JSONPath. Source: client-go util/jsonpath/jsonpath.go. Differs: where upstream visits the keys of a
 * map in random order (wildcard, recursive descent), keys are sorted.
 */
import { goType, goValue, sortedKeys } from '../go-format.ts';
import type { JsonValue } from '../json.ts';
import type { PathNode } from './parse-path.ts';

/** A path that does not fit the object; the message is upstream's. */
export class JsonPathError extends Error {}

const fail = (message: string): never => {
  throw new JsonPathError(message);
};

const isMap = (value: JsonValue): value is Readonly<Record<string, JsonValue>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);

/** The elements of a list or map; of a text, its bytes. */
function children(value: JsonValue): readonly JsonValue[] {
  if (isList(value)) return value;
  if (isMap(value)) return sortedKeys(value).map((key) => value[key] ?? null);
  return typeof value === 'string' ? [...Buffer.from(value)] : [];
}

type BasicKind = 'bool' | 'int' | 'float' | 'string';

function basicKind(value: JsonValue): BasicKind {
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return typeof value === 'string' ? 'string' : fail('invalid type for comparison');
}

/** -1, 0 or 1; NaN for booleans, which have no order. */
function compare(left: JsonValue, right: JsonValue, ordered: boolean): number {
  const kind = basicKind(left);
  if (kind !== basicKind(right)) fail('incompatible types for comparison');
  if (kind === 'bool' && ordered) fail('invalid type for comparison');
  if (kind === 'string') return Buffer.from(String(left)).compare(Buffer.from(String(right)));
  return Math.sign(Number(left) - Number(right));
}

function holds(operator: string, left: JsonValue, right: JsonValue): boolean {
  switch (operator) {
    case '<':
      return compare(left, right, true) < 0;
    case '<=':
      return compare(left, right, true) <= 0;
    case '>':
      return compare(left, right, true) > 0;
    case '>=':
      return compare(left, right, true) >= 0;
    case '==':
      return compare(left, right, false) === 0;
    case '!=':
      return compare(left, right, false) !== 0;
    default:
      return fail(`unrecognized filter operator ${operator}`);
  }
}

class Evaluator {
  readonly #allowMissing: boolean;
  #beginRange = 0;
  #inRange = 0;
  #endRange = 0;
  #lastEnd: PathNode | undefined;

  constructor(allowMissing: boolean) {
    this.#allowMissing = allowMissing;
  }

  run(nodes: readonly PathNode[], value: JsonValue | undefined): (readonly JsonValue[])[] {
    const full: (readonly JsonValue[])[] = [];
    const input = value === undefined ? [] : [value];
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i];
      if (node === undefined) break;
      const results = this.#walk(input, node);
      if (this.#endRange > 0 && this.#endRange <= this.#inRange) {
        this.#endRange -= 1;
        this.#lastEnd = node;
        break;
      }
      if (this.#beginRange > 0) {
        this.#beginRange -= 1;
        this.#inRange += 1;
        const body = nodes.slice(i + 1);
        for (const result of results) full.push(...this.run(body, result));
        // Without results the body is still walked, to find where it ends.
        if (results.length === 0) this.run(body, undefined);
        this.#inRange -= 1;
        const end = nodes.findIndex((n, k) => k > i && n === this.#lastEnd);
        if (end !== -1) i = end;
        continue;
      }
      full.push(results);
    }
    return full;
  }

  #walkAll(values: readonly JsonValue[], nodes: readonly PathNode[]): readonly JsonValue[] {
    return nodes.reduce((current, node) => this.#walk(current, node), values);
  }

  #walk(values: readonly JsonValue[], node: PathNode): readonly JsonValue[] {
    switch (node.type) {
      case 'list':
        return this.#walkAll(values, node.nodes);
      case 'text':
        return [node.text];
      case 'literal':
        return values.map(() => node.value);
      case 'field':
        return this.#field(values, node.name);
      case 'array':
        return values.flatMap((value) => (value === null ? [] : slice(value, node.params)));
      case 'filter':
        return values.flatMap((value) => this.#filter(value, node));
      case 'wildcard':
        return values.flatMap(children);
      case 'recursive':
        return values.flatMap(descend);
      case 'union':
        return node.lists.flatMap((list) => this.#walkAll(values, list));
      case 'identifier':
        return this.#identifier(values, node.name);
    }
  }

  #identifier(values: readonly JsonValue[], name: string): readonly JsonValue[] {
    if (name === 'range') {
      this.#beginRange += 1;
      return values;
    }
    if (name !== 'end') return fail(`unrecognized identifier ${name}`);
    if (this.#inRange === 0) return fail('not in range, nothing to end');
    this.#endRange += 1;
    return [];
  }

  #field(values: readonly JsonValue[], name: string): readonly JsonValue[] {
    if (values.length === 0) return [];
    const found = values.flatMap((value) => (isMap(value) && Object.hasOwn(value, name) ? [value[name] ?? null] : []));
    if (found.length === 0 && !this.#allowMissing) fail(`${name} is not found`);
    return found;
  }

  #filter(value: JsonValue, node: Extract<PathNode, { type: 'filter' }>): readonly JsonValue[] {
    if (!isList(value)) return fail(`${goValue(value)} is not array or slice and cannot be filtered`);
    return value.filter((element) => {
      if (node.operator === 'exists') return this.#exists(element, node.left);
      const left = this.#operand(element, node.left);
      if (left === undefined) return false;
      const right = this.#operand(element, node.right);
      return right !== undefined && holds(node.operator, left, right);
    });
  }

  #exists(element: JsonValue, path: readonly PathNode[]): boolean {
    try {
      return this.#walkAll([element], path).length > 0;
    } catch (error) {
      if (error instanceof JsonPathError) return false;
      throw error;
    }
  }

  #operand(element: JsonValue, path: readonly PathNode[]): JsonValue | undefined {
    const found = this.#walkAll([element], path);
    if (found.length > 1) fail('can only compare one element at a time');
    return found[0];
  }
}

function slice(value: JsonValue, [first, second, third]: Extract<PathNode, { type: 'array' }>['params']): readonly JsonValue[] {
  if (!isList(value)) return fail(`${goType(value)} is not array or slice`);
  const { length } = value;
  let start = first.known ? first.value : 0;
  if (start < 0) start += length;
  let end = second.known ? second.value : length;
  if (end < 0 || (end === 0 && second.derived)) end += length;
  if (start === end) return [];
  if (start >= length || start < 0) fail(`array index out of bounds: index ${start}, length ${length}`);
  if (end > length || end < 0) fail(`array index out of bounds: index ${end - 1}, length ${length}`);
  if (start > end) fail(`starting index ${start} is greater than ending index ${end}`);
  if (third.known && third.value <= 0) fail('step must be > 0');
  const step = third.known ? third.value : 1;
  return value.slice(start, end).filter((_, i) => i % step === 0);
}

/** A value and everything below it that holds something. */
function descend(value: JsonValue): readonly JsonValue[] {
  const inner = children(value);
  return inner.length === 0 ? [] : [value, ...inner.flatMap(descend)];
}

/** What each action of a path finds. Throws JsonPathError. */
export const findByPath = (nodes: readonly PathNode[], value: JsonValue, allowMissing: boolean): readonly (readonly JsonValue[])[] =>
  new Evaluator(allowMissing).run(nodes, value);
