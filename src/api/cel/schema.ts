/** The parts of a structural schema that CEL looks at, as a definition of a custom resource has them. */
import type { JsonValue } from '../json.ts';

export interface CelSchema {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, CelSchema>>;
  readonly additionalProperties?: CelSchema | boolean;
  readonly items?: CelSchema;
  readonly required?: readonly string[];
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly enum?: readonly JsonValue[];
  readonly default?: JsonValue;
  readonly nullable?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
}

const text: CelSchema = { type: 'string' };

/** What every whole object has, named in its schema or not. Source: apiserver pkg/cel/common/schemas.go. */
export function withTypeAndMetadata(schema: CelSchema): CelSchema {
  const { properties } = schema;
  const metadata = properties?.metadata;
  const isComplete =
    properties?.kind?.type === 'string' &&
    properties.apiVersion?.type === 'string' &&
    metadata?.type === 'object' &&
    metadata.properties?.name?.type === 'string' &&
    metadata.properties.generateName?.type === 'string';
  if (isComplete) return schema;
  const added = { kind: text, apiVersion: text, metadata: { type: 'object', properties: { name: text, generateName: text } } };
  return { ...schema, properties: { ...properties, ...added } };
}

export const valueSchemaOf = ({ additionalProperties }: CelSchema): CelSchema | undefined =>
  typeof additionalProperties === 'object' ? additionalProperties : undefined;
