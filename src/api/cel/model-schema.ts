/** The schemas of built-in types, as CEL sees them. Source: apiserver pkg/cel/openapi/resolver/definitions.go. */
import type { GoType } from '../schema/facts.ts';
import type { Schemas } from '../schema/schema.ts';
import type { CelSchema } from './schema.ts';

const scalars = {
  string: { type: 'string' },
  bool: { type: 'boolean' },
  int32: { type: 'integer' },
  int64: { type: 'integer' },
  float64: { type: 'number' },
};

const special: { readonly [name: string]: CelSchema } = {
  time: { type: 'string', format: 'date-time' },
  microtime: { type: 'string', format: 'date-time' },
  duration: { type: 'string' },
  quantity: { type: 'string' },
  intOrString: { 'x-kubernetes-int-or-string': true },
  bytes: { type: 'string', format: 'byte' },
  json: {},
  rawExtension: { type: 'object' },
  fieldsV1: { type: 'object' },
};

/** The schema of a model; undefined when there is none. A type inside of itself is not looked into. */
export function celSchemaOfModel(schemas: Schemas, model: string, outer: readonly string[] = []): CelSchema | undefined {
  const schema = schemas.find(model);
  if (schema === undefined) return undefined;
  if (outer.includes(model)) return { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  const inside = [...outer, model];
  const properties: Record<string, CelSchema> = {};
  if (schema.isKind) Object.assign(properties, { apiVersion: scalars.string, kind: scalars.string });
  for (const field of schema.fields) properties[field.name] = ofType(schemas, field.type, inside);
  return { type: 'object', properties, required: schema.fields.filter(({ optional }) => !optional).map(({ name }) => name) };
}

function ofType(schemas: Schemas, type: GoType, outer: readonly string[]): CelSchema {
  switch (type.kind) {
    case 'scalar':
      return scalars[type.name];
    case 'special':
      return special[type.name] ?? {};
    case 'pointer':
      return ofType(schemas, type.of, outer);
    case 'list':
      return { type: 'array', items: ofType(schemas, type.of, outer) };
    case 'map':
      return { type: 'object', additionalProperties: ofType(schemas, type.of, outer) };
    case 'named':
      return celSchemaOfModel(schemas, type.model, outer) ?? {};
  }
}
