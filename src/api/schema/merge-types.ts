/**
 * The merge types of built-in models, from the schema data. Source: kube-openapi pkg/schemaconv (the conversion of
 * OpenAPI schemas), pkg/generators/openapi.go (what markers become in them).
 */
import {
  asRelated,
  deducedType,
  lazily,
  listOf,
  type MapParts,
  type MergeType,
  mapOf,
  scalarOf,
  untypedType,
} from '../apply/merge-type.ts';
import type { JsonValue } from '../json.ts';
import type { GoType, SpecialName } from './facts.ts';
import type { Schema, SchemaField, Schemas } from './schema.ts';

/** Makes merge types on first use. */
export class MergeTypes {
  readonly #schemas: Schemas;
  readonly #byModel = new Map<string, () => MergeType>();

  constructor(schemas: Schemas) {
    this.#schemas = schemas;
  }

  of(model: string): MergeType {
    let type = this.#byModel.get(model);
    if (type === undefined) {
      type = lazily(() => this.#struct(this.#schemas.get(model)));
      this.#byModel.set(model, type);
    }
    return type();
  }

  #struct({ fields, structType }: Schema): MergeType {
    return mapOf({
      atomic: structType === 'atomic',
      fields: fields.map((field): NonNullable<MapParts['fields']>[number] => ({
        name: field.name,
        type: () => this.#field(field),
        default: defaultOf(field),
      })),
      // A struct without fields is an object about which nothing is known.
      ...(fields.length === 0 ? { element: () => deducedType } : {}),
    });
  }

  #field(field: SchemaField): MergeType {
    const type = pointee(field.type);
    if (type.kind === 'list') return listOf(() => this.#type(type.of), listKeys(field));
    const related = field.mapType ?? field.structType;
    return related === undefined ? this.#type(type) : asRelated(this.#type(type), related === 'atomic');
  }

  #type(given: GoType): MergeType {
    const type = pointee(given);
    switch (type.kind) {
      case 'named':
        return this.of(type.model);
      case 'scalar':
        return scalarOf(type.name === 'string' ? 'string' : type.name === 'bool' ? 'boolean' : 'numeric');
      case 'list':
        return listOf(() => this.#type(type.of), 'atomic');
      case 'map':
        return mapOf({ element: () => this.#type(type.of) });
      case 'special':
        return special(type.name);
    }
  }
}

const pointee = (type: GoType): Exclude<GoType, { kind: 'pointer' }> => (type.kind === 'pointer' ? pointee(type.of) : type);

function special(name: SpecialName): MergeType {
  switch (name) {
    case 'bytes':
    case 'duration':
      return scalarOf('string');
    case 'time':
    case 'microtime':
    case 'quantity':
    case 'intOrString':
      return scalarOf('untyped');
    case 'rawExtension':
      return untypedType;
    default:
      return deducedType;
  }
}

function listKeys({ listType, listMapKeys, patchStrategies, patchMergeKey }: SchemaField): readonly string[] | 'set' | 'atomic' {
  if (listType === 'map') return listMapKeys;
  if (listType !== undefined) return listType;
  if (!patchStrategies.includes('merge')) return 'atomic';
  return patchMergeKey === undefined ? 'set' : [patchMergeKey];
}

/** The default that OpenAPI documents tell: that of the marker, or the zero of a field that must be set. */
function defaultOf({ default: text, type, optional }: SchemaField): JsonValue | undefined {
  // The schema data holds JSON.
  if (text !== undefined) return JSON.parse(text) as JsonValue;
  if (optional || type.kind !== 'scalar') return undefined;
  return type.name === 'string' ? '' : type.name === 'bool' ? false : 0;
}
