/** Long lists cost as much as they are long: no list or map of any Kind lets a client freeze the server. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { beforeCreate, beforeUpdate } from '../before-write.ts';
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import type { GoType } from '../schema/facts.ts';
import { loadSchemas } from '../schema/load.ts';
import { deref, type Schema, type SchemaField } from '../schema/schema.ts';
// First, so that it counts the work of all others.
import { growthOfEight } from '../testing/growth.ts';
import { allSamples } from './testing/all-samples.ts';
import { received } from './testing/objects.ts';
import type { KindSamples } from './testing/samples.ts';

const schemas = loadSchemas(brotliDecompressSync);
const deepest = 7;
/** More than this per eightfold size is looked at again with longer lists, where a fixed bound shows. */
const suspicious = 11;

/** A list or map of a sample. */
interface Growable {
  readonly path: readonly (string | number)[];
  readonly type: GoType & { readonly kind: 'list' | 'map' };
  /** The struct and field, which many Kinds may share. */
  readonly name: string;
  readonly value: JsonValue | undefined;
}

function* growable(schema: Schema, value: JsonObject, path: Growable['path'] = []): Generator<Growable> {
  if (path.length > deepest) return;
  for (const field of schema.fields) {
    const type = deref(field.type);
    const [inner, here] = [value[field.name], [...path, field.name]];
    if (field.name === 'status' || field.name === 'managedFields') continue;
    if (type.kind === 'list' || type.kind === 'map') {
      yield { path: here, type, name: `${field.declaredIn}.${field.name}`, value: inner };
      const item = Array.isArray(inner) ? (inner as readonly JsonValue[])[0] : undefined;
      const of = deref(type.of);
      if (of.kind === 'named' && isObject(item)) yield* growable(schemas.get(of.model), item, [...here, 0]);
    } else if (type.kind === 'named' && isObject(inner)) yield* growable(schemas.get(type.model), inner, here);
  }
}

const identifying =
  /^(name|key|ip|.*[pP]ort|hostname|mountPath|devicePath|uid|host|path|topologyKey|resourceName|type|request|driver|device)$/;

/** The value of a field that tells items apart; equal for all items when `i` is undefined. */
const told = (field: SchemaField, i: number | undefined): JsonValue => {
  const type = deref(field.type);
  if (field.enum !== undefined) return field.enum[0] ?? '';
  if (type.kind === 'scalar' && type.name !== 'string') return type.name === 'bool' ? true : (i ?? 0) + 1;
  return `a${i ?? ''}`;
};

function item(type: GoType, sample: JsonValue | undefined, i: number | undefined): JsonValue {
  const of = deref(type);
  if (of.kind === 'scalar') return of.name === 'string' ? `a${i ?? ''}` : (i ?? 0) + 1;
  if (of.kind === 'special') return of.name === 'time' ? '2026-01-01T00:00:00Z' : of.name === 'bytes' ? 'YQ==' : '1';
  if (of.kind !== 'named') return sample ?? (of.kind === 'list' ? [] : {});
  const fields = schemas.get(of.model).fields.filter(({ name, type: own }) => identifying.test(name) && deref(own).kind === 'scalar');
  const known = isObject(sample) ? sample : undefined;
  const own = fields.filter(({ name }) => known === undefined || (i !== undefined && known[name] !== undefined));
  return { ...known, ...Object.fromEntries(own.map((field) => [field.name, told(field, i)])) };
}

/** The sample with `size` items, all alike or each with names of its own. */
function grown(valid: JsonObject, { path, type, value }: Growable, size: number, alike: boolean): JsonObject {
  const sample = isObject(value) ? Object.values(value)[0] : Array.isArray(value) ? (value[0] as JsonValue) : undefined;
  const items = Array.from({ length: size }, (_, i) => item(type.of, sample, alike ? undefined : i));
  const long: JsonValue = type.kind === 'map' ? Object.fromEntries(items.map((one, i) => [`a${i}`, one])) : items;
  const within = (at: JsonValue | undefined, [step = '', ...rest]: Growable['path']): JsonValue => {
    const inner = (next: JsonValue | undefined): JsonValue => (rest.length === 0 ? long : within(next, rest));
    if (Array.isArray(at)) return (at as readonly JsonValue[]).map((one, i) => (i === step ? inner(one) : one));
    const members = isObject(at) ? at : {};
    return { ...members, [step]: inner(members[step]) };
  };
  // A member of an object was replaced.
  return within(valid, path) as JsonObject;
}

/** Reads and checks the object as if it was created, and then replaced by itself; undefined when it cannot be read. */
function work({ kind }: KindSamples, json: JsonObject): (() => void) | undefined {
  try {
    received(kind, json);
  } catch {
    return undefined;
  }
  return () => {
    const object = received(kind, json);
    if (beforeCreate(kind, object).errors.length === 0) beforeUpdate(kind, object, object);
  };
}

const measured = new Set<string>();

for (const samples of await allSamples()) {
  const { kind, valid } = samples;
  it(kind.kind, () => {
    const schema = schemas.forKind(kind.group, kind.version, kind.kind);
    assert.ok(schema !== undefined);
    for (const list of growable(schema, { metadata: {}, ...valid })) {
      if (measured.has(list.name)) continue;
      measured.add(list.name);
      for (const alike of list.type.kind === 'map' ? [false] : [true, false]) {
        const prepare = (size: number) => work(samples, grown(valid, list, size, alike));
        if (prepare(1) === undefined) continue;
        const growth = (size: number) => growthOfEight(size, (length) => prepare(length) ?? (() => undefined));
        if (growth(32) < suspicious) continue;
        const longer = growth(512);
        assert.ok(longer < suspicious, `${list.path.join('.')}: eight times the items cost ${longer} times the work`);
      }
    }
  });
}
