/**
 * What is wrong with the schema of a version of a custom resource, whole: its shape, its members, its defaults, its
 * rules. Source: apiextensions-apiserver pkg/apis/apiextensions/validation/validation.go
 * (validateCustomResourceDefinitionValidation).
 */
import { defaultErrors } from '../../../custom-resources/default-errors.ts';
import { type JsonSchema, structuralProblem } from '../../../custom-resources/structural.ts';
import { structuralErrors } from '../../../custom-resources/structural-errors.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { CustomResourceValidation } from '../../../generated/apiextensions/v1.ts';
import { fieldsSentEmpty } from '../../../sent-empty.ts';
import { shownSchema } from '../internal-spec.ts';
import { ruleCostErrors } from './rules.ts';
import { openApiSchemaErrors, type SchemaTolerance } from './schema.ts';

type Errors = readonly FieldError[];

export interface SchemaContext {
  readonly tolerates: SchemaTolerance & { readonly unprunedDefaults: boolean };
  /** Whether schemas must be structural. */
  readonly structural: boolean;
}

/** What may stand at the root when the status is written apart: nothing that the status could break. */
const atRoot = [
  ...['Description', 'Type', 'Format', 'Title', 'Maximum', 'ExclusiveMaximum', 'Minimum', 'ExclusiveMinimum', 'MaxLength', 'MinLength'],
  ...['Pattern', 'MaxItems', 'MinItems', 'UniqueItems', 'MultipleOf', 'Required', 'Items', 'Properties', 'ExternalDocs', 'Example'],
  ...['XPreserveUnknownFields', 'XValidations'],
];

const goNameOf = (field: string): string => {
  if (field === 'x-kubernetes-preserve-unknown-fields') return 'XPreserveUnknownFields';
  if (field === 'x-kubernetes-validations') return 'XValidations';
  return `${field.slice(0, 1).toUpperCase()}${field.slice(1)}`;
};

function rootErrors(schema: JsonSchema, at: FieldPath): Errors {
  for (const field of [...Object.keys(schema), ...fieldsSentEmpty(schema)]) {
    if (field === 'type') {
      if (schema.type === 'object') continue;
      const detail = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
      return [fieldErrors.invalid(at.field('openAPIV3Schema.type'), schema.type, detail)];
    }
    if (!atRoot.includes(goNameOf(field))) {
      const detail = `only [${atRoot.join(' ')}] fields are allowed at the root of the schema if the status subresource is enabled`;
      return [fieldErrors.invalid(at.field('openAPIV3Schema'), shownSchema(schema), detail)];
    }
  }
  return [];
}

/** The errors of the schema of one version, or of all. */
export function validationErrors(
  validation: CustomResourceValidation | undefined,
  { statusEnabled, unchanged }: { readonly statusEnabled: boolean; readonly unchanged: boolean },
  context: SchemaContext,
  at: FieldPath,
): Errors {
  const schema = validation?.openAPIV3Schema;
  if (schema === undefined) return [];
  const schemaAt = at.field('openAPIV3Schema');
  const problem = context.structural ? structuralProblem(schema) : undefined;
  const shape = context.structural && problem === undefined ? shapeErrors(schema, context.tolerates, schemaAt) : [];
  const own = openApiSchemaErrors(schema, schemaAt, context.tolerates);
  const looksAtRules = context.structural && problem === undefined && shape.length === 0;
  const errors: Errors = [
    ...(statusEnabled ? rootErrors(schema, at) : []),
    ...(schema.nullable === true
      ? [fieldErrors.forbidden(at.field('openAPIV3Schema.nullable'), 'nullable cannot be true at the root')]
      : []),
    ...shape,
    ...own,
    ...(looksAtRules
      ? ruleCostErrors(
          schema,
          schemaAt,
          own.map(({ field }) => field),
          unchanged,
        )
      : []),
  ];
  return errors.length === 0 && problem !== undefined ? [fieldErrors.invalid(schemaAt, '', problem)] : errors;
}

/** Defaults are only looked at in schemas that are structural. */
function shapeErrors(schema: JsonSchema, { unprunedDefaults }: SchemaContext['tolerates'], at: FieldPath): Errors {
  const errors = structuralErrors(schema, at);
  return errors.length > 0 ? errors : defaultErrors(schema, at, !unprunedDefaults);
}
