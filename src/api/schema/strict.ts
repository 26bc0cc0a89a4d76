/**
 * Strict field validation: reports unknown fields and fields given twice, in document order and with upstream's
 * messages. Source: sigs.k8s.io/json internal/golang/encoding/json/kubernetes_patch.go.
 */
import type { JsonObject, JsonValue } from '../json.ts';
import { type DuplicateAwareValue, MultiObject, parseWithDuplicates } from './duplicates.ts';
import type { GoType } from './facts.ts';
import { deref, type Schema, type Schemas } from './schema.ts';

/** Upstream reports no more errors than this. */
const maxErrors = 100;

/** Counts the keys of all objects in a value. */
function countKeys(value: JsonValue | undefined): number {
  if (typeof value !== 'object' || value === null) return 0;
  let count = 0;
  if (Array.isArray(value)) for (const item of value) count += countKeys(item);
  else {
    for (const item of Object.values(value)) count += 1 + countKeys(item);
  }
  return count;
}

/** Counts the keys in JSON text: strings followed by a colon. The text is known to be valid. */
function countKeysInText(text: string): number {
  let count = 0;
  let at = text.indexOf('"');
  while (at >= 0) {
    let end = text.indexOf('"', at + 1);
    while (end > 0 && escaped(text, end)) end = text.indexOf('"', end + 1);
    let next = end + 1;
    while (text.charCodeAt(next) <= 32) next += 1;
    if (text.charCodeAt(next) === 58) count += 1;
    at = text.indexOf('"', next);
  }
  return count;
}

/** Whether the character at `at` follows an odd number of backslashes. */
function escaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === 92) slashes += 1;
  return slashes % 2 === 1;
}

class StrictWalk {
  readonly errors = new Set<string>();
  readonly #schemas: Schemas;

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  #report(what: 'unknown' | 'duplicate', path: string, name: string): void {
    if (this.errors.size < maxErrors) this.errors.add(`${what} field ${JSON.stringify(path === '' ? name : `${path}.${name}`)}`);
  }

  struct(schema: Schema, value: DuplicateAwareValue | undefined, path: string): void {
    const seen = new Set<string>();
    for (const [name, item] of entriesOf(value)) {
      const field = schema.byName.get(name);
      if (field === undefined) {
        this.#report('unknown', path, name);
        continue;
      }
      if (seen.has(name)) this.#report('duplicate', path, name);
      seen.add(name);
      this.#value(field.type, item, path === '' ? name : `${path}.${name}`);
    }
  }

  #value(pointed: GoType, value: DuplicateAwareValue | undefined, path: string): void {
    if (typeof value !== 'object' || value === null) return;
    const type = deref(pointed);
    if (type.kind === 'named') this.struct(this.#schemas.get(type.model), value, path);
    else if (type.kind === 'list' && type.of.kind !== 'scalar' && Array.isArray(value)) {
      for (const [i, item] of value.entries()) this.#value(type.of, item, `${path}[${i}]`);
    } else if (type.kind === 'map') this.#map(type.of, value, path);
  }

  #map(of: GoType, value: DuplicateAwareValue, path: string): void {
    const seen = new Set<string>();
    for (const [key, item] of entriesOf(value)) {
      if (seen.has(key)) this.#report('duplicate', path, key);
      seen.add(key);
      this.#value(of, item, `${path}.${key}`);
    }
  }
}

function entriesOf(value: DuplicateAwareValue | undefined): ReadonlyArray<readonly [string, DuplicateAwareValue | undefined]> {
  if (value instanceof MultiObject) return value.entries;
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? Object.entries(value as JsonObject) : [];
}

/** Reports the fields given twice in a value of unknown type. */
function untypedDuplicates(value: DuplicateAwareValue, path: string, errors: Set<string>): void {
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) untypedDuplicates(item, `${path}[${i}]`, errors);
    return;
  }
  if (!(value instanceof MultiObject)) return;
  const seen = new Set<string>();
  for (const [key, item] of value.entries) {
    const here = path === '' ? key : `${path}.${key}`;
    if (seen.has(key) && errors.size < maxErrors) errors.add(`duplicate field ${JSON.stringify(here)}`);
    seen.add(key);
    untypedDuplicates(item, here, errors);
  }
}

const operationFields: ReadonlySet<string> = new Set(['op', 'path', 'from', 'value']);

/**
 * The strict errors of a patch document: fields given twice, and in a JSON patch fields that are not part of any
 * operation. Source: apiserver pkg/endpoints/handlers/patch.go (applyJSPatch, strategicPatchObject).
 */
export function patchStrictErrors(patch: JsonValue, text: string, isJsonPatch: boolean): readonly string[] {
  const hasDuplicates = countKeysInText(text) !== countKeys(patch);
  const errors = new Set<string>();
  if (!isJsonPatch) {
    if (hasDuplicates) untypedDuplicates(parseWithDuplicates(text), '', errors);
    return [...errors];
  }
  if (!Array.isArray(patch)) return [];
  const operations = hasDuplicates ? parseWithDuplicates(text) : patch;
  for (const [i, operation] of Array.isArray(operations) ? operations.entries() : []) {
    const seen = new Set<string>();
    for (const [key] of entriesOf(operation)) {
      const what = operationFields.has(key) ? (seen.has(key) ? 'duplicate' : undefined) : 'unknown';
      if (what !== undefined && errors.size < maxErrors) errors.add(`json patch ${what} field ${JSON.stringify(`[${i}].${key}`)}`);
      seen.add(key);
    }
  }
  return [...errors];
}

/**
 * The strict errors of a document, e.g. `unknown field "spec.foo"`; none when it is valid. `text` is the JSON text that
 * was parsed; without it, duplicates cannot be found.
 */
export function strictErrors(schemas: Schemas, schema: Schema, value: JsonValue, text?: string): readonly string[] {
  const walk = new StrictWalk(schemas);
  const duplicates = text !== undefined && countKeysInText(text) !== countKeys(value);
  walk.struct(schema, duplicates ? parseWithDuplicates(text) : value, '');
  return [...walk.errors];
}
