/**
 * Rules for the declaration of every Kind: its names and types exist, its hooks are pure, its defaults are idempotent,
 * and the hand-written tables beside Kinds agree with it (the fields that are always defaulted, the descriptions of
 * fields whose type is another type).
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { brotliDecompressSync } from 'node:zlib';
import { alwaysDefaulted } from '../../../scripts/schema/always-defaulted.ts';
import { beforeCreate, beforeUpdate } from '../before-write.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { type AnyKind, apiVersionOf } from '../kind.ts';
import { asJson } from '../object-fields.ts';
import { loadDescriptions } from '../schema/descriptions.ts';
import type { GoType } from '../schema/facts.ts';
import { loadSchemas } from '../schema/load.ts';
import type { Schema, SchemaField } from '../schema/schema.ts';
import { created, received } from './testing/objects.ts';
import { type KindSamples, merged } from './testing/samples.ts';

const schemas = loadSchemas(brotliDecompressSync);
const descriptions = loadDescriptions(brotliDecompressSync);

/** Freezes the value, so that a hook that mutates its argument throws. */
function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

/** The struct that a type contains at any depth; undefined for scalars. */
function modelOf(type: GoType): string | undefined {
  if (type.kind === 'pointer' || type.kind === 'list' || type.kind === 'map') return modelOf(type.of);
  return type.kind === 'named' ? type.model : undefined;
}

/** Calls `visit` for every struct in a value, with its schema. */
function eachStruct(
  schema: Schema,
  value: JsonObject,
  path: string,
  visit: (schema: Schema, value: JsonObject, path: string) => void,
): void {
  visit(schema, value, path);
  for (const field of schema.fields) {
    const model = modelOf(field.type);
    const held = value[field.name];
    if (model === undefined || held === undefined || held === null) continue;
    for (const [at, one] of structsOf(held, field.type)) eachStruct(schemas.get(model), one, `${path}.${field.name}${at}`, visit);
  }
}

/** The structs of a field's value. */
function structsOf(value: JsonValue, type: GoType): readonly (readonly [at: string, value: JsonObject])[] {
  if (type.kind === 'pointer') return structsOf(value, type.of);
  if (type.kind === 'list')
    return (value as readonly JsonValue[]).flatMap((item, i) => structsOf(item, type.of).map(([at, one]) => [`[${i}]${at}`, one] as const));
  if (type.kind === 'map')
    return Object.entries(value as JsonObject).flatMap(([key, item]) =>
      structsOf(item ?? null, type.of).map(([at, one]) => [`[${key}]${at}`, one] as const),
    );
  // A decoded value has the shape of its type.
  return [['', value as JsonObject]];
}

/** Every model that a schema can hold, itself included. */
function reachable(schema: Schema, found = new Map<string, Schema>()): ReadonlyMap<string, Schema> {
  if (found.has(schema.model)) return found;
  found.set(schema.model, schema);
  for (const { type } of schema.fields) {
    const model = modelOf(type);
    if (model !== undefined) reachable(schemas.get(model), found);
  }
  return found;
}

/** The models in which a field may be declared; the fields of an embedded struct count as the model's own. */
const declaringModels = (schema: Schema): ReadonlySet<string> =>
  new Set([schema.model, ...schema.fields.map(({ declaredIn }) => declaredIn)]);

/** Built-in kinds name a model of the schema data. */
function modelNamed(schema: AnyKind['codec']['schema']): string {
  assert.ok(typeof schema === 'string');
  return schema;
}

/** The types whose fields upstream does not describe. */
const undescribed: ReadonlySet<string> = new Set(['JSONSchemaProps', 'ExternalDocumentation']);

function isDescribed(field: SchemaField): boolean {
  if (undescribed.has(field.declaredIn.slice(field.declaredIn.lastIndexOf('.') + 1))) return true;
  const held = modelOf(field.type);
  const text = descriptions.ofField(field);
  return text !== '' && (held === undefined || text !== descriptions.ofModel(held));
}

export function declarationContract({ kind, valid, change, grown = {}, notDefaulted = [] }: KindSamples): void {
  it('names types that exist', () => {
    const own = schemas.get(modelNamed(kind.codec.schema));
    assert.deepEqual([own.isKind, own.group ?? '', own.version, own.name], [true, kind.group, kind.version, kind.kind]);
    assert.equal(schemas.forKind(kind.group, kind.version, kind.names.list)?.isKind, true);
    assert.match(kind.plural, /^[a-z]+$/);
    for (const { schema } of kind.codec.alsoServed ?? []) assert.equal(schemas.get(modelNamed(schema)).name, kind.kind);
    for (const [name, declared] of Object.entries(kind.subresources)) {
      const type = 'body' in declared ? declared.body : 'options' in declared ? declared.options : undefined;
      if (type !== undefined)
        assert.ok(schemas.forKind(type.group, type.version, type.kind), `${name}: ${apiVersionOf(type.group, type.version)} ${type.kind}`);
    }
  });

  it('has a table that begins with a name, and describes its columns', () => {
    const columns = kind.table?.columns ?? [];
    assert.ok(columns.length === 0 || columns.some(({ name }) => name === 'Name'));
    for (const { name, description, descriptionOf } of columns) {
      const [model = '', field = ''] = descriptionOf ?? [];
      const described = description ?? schemas.find(model)?.byName.get(field);
      // An empty text is one of upstream's, whose description has another name.
      assert.ok(described !== undefined, name);
    }
  });

  it('has pure hooks, and defaults that running again does not change', () => {
    const object = deepFreeze(received(kind, valid));
    assert.deepEqual(kind.codec.defaults?.(object) ?? object, object);
    const { errors, object: stored } = beforeCreate(kind, object);
    assert.deepEqual(errors, []);
    assert.deepEqual(received(kind, asJson(deepFreeze(stored))), stored);
    const next = deepFreeze(received(kind, merged(asJson(stored), change)));
    assert.deepEqual(beforeUpdate(kind, next, stored).errors, []);
  });

  it('defaults what is said to be always defaulted', () => {
    const seen = new Set<string>();
    const missing: string[] = [];
    eachStruct(
      schemas.get(modelNamed(kind.codec.schema)),
      asJson(received(kind, merged(asJson(created(kind, valid)), grown))),
      kind.kind,
      (schema, value, path) => {
        for (const model of declaringModels(schema)) {
          seen.add(model);
          missing.push(...(alwaysDefaulted[model] ?? []).filter((name) => value[name] === undefined).map((name) => `${path}.${name}`));
        }
      },
    );
    assert.deepEqual(missing, []);
    const models = new Set(
      [...reachable(schemas.get(modelNamed(kind.codec.schema))).values()].flatMap((schema) => [...declaringModels(schema)]),
    );
    const excused = new Set(notDefaulted);
    const unseen = Object.keys(alwaysDefaulted).filter((model) => models.has(model) && !seen.has(model) && !excused.has(model));
    assert.deepEqual(unseen, [], 'the valid sample lacks these structs');
  });

  it('has a description for every field, in words of its own where the field holds another type', () => {
    const bare = [...reachable(schemas.get(modelNamed(kind.codec.schema))).values()].flatMap((schema) =>
      schema.fields.filter((field) => !isDescribed(field)).map(({ name }) => `${schema.name}.${name}`),
    );
    assert.deepEqual(bare, [], 'scripts/schema/reference-descriptions.ts lacks these');
  });
}
