/**
 * YAML 1.1 as JSON, as every part of Kubernetes reads YAML: `yes` is a boolean, `1_000` a number, keys become strings
 * and are sorted, only the first of several documents is read. The work is proportional to the length of the text,
 * whatever it holds; expansion of aliases is bounded. Source: sigs.k8s.io/yaml yaml.go (YAMLToJSON, YAMLToJSONStrict);
 * go.yaml.in/yaml/v2 decode.go.
 */
import { Composer, type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type ParsedNode, Parser, type YAMLMap } from 'yaml';
import type { JsonValue } from '../json.ts';
import { YamlError } from './yaml-error.ts';
import { resolveScalar, type Scalar } from './yaml-scalar.ts';
import { syntaxError } from './yaml-words.ts';

export interface YamlDocument {
  readonly json: JsonValue;
  /** A line for each key that is given twice. The last value is used. */
  readonly duplicates: readonly string[];
}

/** The most repeated keys that are reported; a longer message helps nobody. */
const maxDuplicates = 100;

type Node = ParsedNode | null;
type Target = Record<string, JsonValue>;

/**
 * How much of a document may come from aliases, by the number of values decoded so far. Source: decode.go,
 * allowedAliasRatio.
 */
function allowedAliasRatio(values: number): number {
  const [low, high] = [400_000, 4_000_000];
  if (values <= low) return 0.99;
  return values >= high ? 0.1 : 0.99 - 0.89 * ((values - low) / (high - low));
}

/** The node that each alias refers to: the last anchor of that name before it. */
function bindAliases(root: Node): ReadonlyMap<Node, Node> {
  const anchors = new Map<string, Node>();
  const bound = new Map<Node, Node>();
  const visit = (node: Node): void => {
    if (node === null) return;
    if (isAlias(node)) {
      const found = anchors.get(node.source);
      if (found === undefined) throw new YamlError(`unknown anchor '${node.source}' referenced`);
      bound.set(node, found);
      return;
    }
    if (node.anchor !== undefined) anchors.set(node.anchor, node);
    if (isSeq<ParsedNode>(node)) for (const item of node.items) visit(item);
    else if (isMap<ParsedNode, Node>(node)) {
      for (const { key, value } of node.items) {
        visit(key);
        visit(value);
      }
    }
  };
  visit(root);
  return bound;
}

class Reader {
  readonly duplicates: string[] = [];
  readonly #bound: ReadonlyMap<Node, Node>;
  readonly #lineOf: (offset: number) => number;
  readonly #open = new Set<Node>();
  #values = 0;
  #aliased = 0;

  constructor(bound: ReadonlyMap<Node, Node>, lineOf: (offset: number) => number) {
    this.#bound = bound;
    this.#lineOf = lineOf;
  }

  value(node: Node): JsonValue {
    this.#count();
    if (node === null) return null;
    if (isAlias(node)) return this.#behind(node, (target) => this.value(target));
    if (isScalar(node)) return finite(scalarOf(node));
    if (isSeq<ParsedNode>(node)) return node.items.map((item) => this.value(item));
    return this.#mapping(node);
  }

  #count(): void {
    this.#values += 1;
    if (this.#open.size > 0) this.#aliased += 1;
    const excessive = this.#aliased > 100 && this.#values > 1000 && this.#aliased / this.#values > allowedAliasRatio(this.#values);
    if (excessive) throw new YamlError('document contains excessive aliasing');
  }

  #behind<T>(alias: Node, use: (target: Node) => T): T {
    const target = this.#bound.get(alias) ?? null;
    if (this.#open.has(alias)) throw new YamlError(`anchor '${isAlias(alias) ? alias.source : ''}' value contains itself`);
    this.#open.add(alias);
    const value = use(target);
    this.#open.delete(alias);
    return value;
  }

  #mapping(node: YAMLMap<ParsedNode, Node>): JsonValue {
    const values = new Map<string, JsonValue>();
    this.#entries(node, values, new Set());
    const out: Target = {};
    for (const name of [...values.keys()].sort()) {
      const value = values.get(name) ?? null;
      if (name === '__proto__') Object.defineProperty(out, name, { value, enumerable: true, configurable: true, writable: true });
      else out[name] = value;
    }
    return out;
  }

  #entries(node: YAMLMap<ParsedNode, Node>, into: Map<string, JsonValue>, seen: Set<Scalar>): void {
    for (const { key, value } of node.items) {
      if (isMerge(key)) {
        this.#merge(value, into, seen);
        continue;
      }
      const name = this.#key(key);
      const text = keyText(name);
      if (seen.has(name) && this.duplicates.length < maxDuplicates) {
        const at = value?.range?.[0] ?? key.range?.[0] ?? 0;
        this.duplicates.push(`  line ${this.#lineOf(at)}: key ${JSON.stringify(name)} already set in map`);
      }
      seen.add(name);
      into.set(text, this.value(value));
    }
  }

  /** A scalar key. Go can read maps and lists as keys, but JSON cannot hold them. */
  #key(node: Node): Scalar {
    this.#count();
    if (node === null) return null;
    if (isAlias(node)) return this.#behind(node, (target) => this.#key(target));
    if (isScalar(node)) return scalarOf(node);
    throw new YamlError(`invalid map key: ${JSON.stringify(this.value(node))}`);
  }

  /** Earlier maps of a list take precedence. */
  #merge(node: Node, into: Map<string, JsonValue>, seen: Set<Scalar>): void {
    this.#count();
    const maps = isSeq<ParsedNode>(node) ? node.items.toReversed() : [node];
    for (const each of maps) {
      if (isAlias(each)) this.#behind(each, (target) => this.#mergeOne(target, into, seen));
      else this.#mergeOne(each, into, seen);
    }
  }

  #mergeOne(node: Node, into: Map<string, JsonValue>, seen: Set<Scalar>): void {
    if (!isMap<ParsedNode, Node>(node)) throw new YamlError('map merge requires map or sequence of maps as the value');
    this.#entries(node, into, seen);
  }
}

const scalarOf = (node: Node): Scalar => {
  if (!isScalar(node)) return null;
  const { tag = '', source = '', type } = node;
  return resolveScalar({ text: source.toWellFormed(), tag, plain: type === 'PLAIN' || tag === '!' });
};

function isMerge(key: Node): boolean {
  if (!isScalar(key) || key.source !== '<<') return false;
  return key.tag === undefined ? key.type === 'PLAIN' : key.tag === '!' || key.tag === 'tag:yaml.org,2002:merge';
}

function finite(value: Scalar): Scalar {
  if (typeof value !== 'number' || Number.isFinite(value)) return value;
  throw new YamlError(`json: unsupported value: ${Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'}`);
}

function keyText(key: Scalar): string {
  if (key === null) throw new YamlError('unsupported map key of type: %!s(<nil>), key: <nil>');
  return typeof key === 'number' && !Number.isInteger(key) ? floatText(key) : String(key);
}

/** Go's `strconv.FormatFloat(value, 'g', -1, 32)`. */
function floatText(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? '.nan' : value > 0 ? '.inf' : '-.inf';
  const single = Math.fround(value);
  const digits = [1, 2, 3, 4, 5, 6, 7, 8].find((count) => Math.fround(Number(single.toPrecision(count))) === single) ?? 9;
  const [mantissa = '', exponent = '0'] = single.toExponential(digits - 1).split('e');
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(Number(single.toPrecision(digits)));
  return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
}

/** Characters that Go's reader refuses before it parses. Source: go.yaml.in/yaml/v2 readerc.go. */
const unreadable = /[^\t\n\r\x20-\x7e\x85\xa0-\ufffd\u{10000}-\u{10ffff}]/u;

/**
 * Composes the first document of a text. Leaves out type resolution and the library's check for repeated keys, which is
 * quadratic.
 */
function firstDocument(text: string, lines: LineCounter): Document.Parsed<ParsedNode, true> | undefined {
  const composer = new Composer<ParsedNode, true>({
    schema: 'failsafe',
    version: '1.1',
    resolveKnownTags: false,
    merge: false,
    uniqueKeys: false,
    prettyErrors: false,
    logLevel: 'silent',
  });
  for (const token of new Parser(lines.addNewLine).parse(text)) {
    // Nothing after the first document is read.
    for (const document of composer.next(token)) return document;
    if (token.type === 'document') break;
  }
  for (const document of composer.end(true, text.length)) return document;
  return undefined;
}

/** Reads the first document of a text; one without any is null. Throws YamlError. */
export function yamlToJson(text: string): YamlDocument {
  if (unreadable.test(text)) throw new YamlError('control characters are not allowed');
  const lines = new LineCounter();
  const lineOf = (offset: number): number => lines.linePos(offset).line;
  try {
    const document = firstDocument(text, lines);
    const [problem] = document?.errors ?? [];
    if (problem !== undefined) throw syntaxError(problem, lineOf(problem.pos[0]));
    const root = document?.contents ?? null;
    const reader = new Reader(bindAliases(root), lineOf);
    return { json: reader.value(root), duplicates: reader.duplicates };
  } catch (error) {
    if (error instanceof RangeError) throw new YamlError('exceeded max depth of 10000');
    throw error;
  }
}
