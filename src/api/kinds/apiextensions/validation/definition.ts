/**
 * What is wrong with a CustomResourceDefinition. Source: apiextensions-apiserver
 * pkg/apis/apiextensions/validation/validation.go.
 */

import { withPrunedDefaults } from '../../../custom-resources/shape.ts';
import { isEmbedded, isIntOrString, type JsonSchema, schemaHas, structuralProblem } from '../../../custom-resources/structural.ts';
import { structuralErrors } from '../../../custom-resources/structural-errors.ts';
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, FieldPath, fieldErrors } from '../../../field-error.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../../../generated/apiextensions/v1.ts';
import { isDns1035Label, isDns1123Subdomain } from '../../../names.ts';
import { immutable, requiredOneOf, requiredText } from '../../../validation/common.ts';
import { approvalErrors } from '../api-approval.ts';
import { isTrue } from '../conditions.ts';
import { internalSpec, shownVersions } from '../internal-spec.ts';
import { type ConversionTolerance, conversionErrors } from './conversion.ts';
import { namesErrors } from './names.ts';
import { hasInvalidType, isNonAtomicSet, mapListKeyErrors, noTolerance, type SchemaTolerance } from './schema.ts';
import { selectableFieldErrors } from './selectable-fields.ts';
import { columnErrors, subresourceErrors } from './subresources.ts';
import { type SchemaContext, validationErrors } from './version-schema.ts';

type Errors = readonly FieldError[];

interface Tolerance extends SchemaTolerance, ConversionTolerance {
  readonly missingSchema: boolean;
  readonly nonStructural: boolean;
  readonly unprunedDefaults: boolean;
  /** Versions whose schema was so before; '' stands for what all versions share. */
  readonly unchanged: (version: string) => boolean;
  /** Versions that had too many selectable fields before; '' stands for what all versions share. */
  readonly manySelectable: (version: string) => boolean;
}

const strict: Tolerance = {
  ...noTolerance,
  missingSchema: false,
  nonStructural: false,
  unprunedDefaults: false,
  unknownReviewVersions: false,
  invalidCaBundle: true,
  unchanged: () => false,
  manySelectable: () => false,
};

/** Definitions of v1beta1 could be without a schema, or with one that is not structural. */
const lenient: Tolerance = { ...strict, anyType: true, missingSchema: true, nonStructural: true };

/** The errors of a new definition. */
export function definitionErrors(object: CustomResourceDefinition, at: FieldPath, isLegacy: boolean): Errors {
  return [
    ...specErrors(object.spec, isLegacy ? lenient : strict, at.field('spec')),
    ...statusErrors(object, at),
    ...approvalErrors(object, undefined, at),
    ...(isLegacy ? [] : preserveErrors(object, undefined, at)),
  ];
}

/** The errors of a change. */
export function definitionUpdateErrors(next: CustomResourceDefinition, previous: CustomResourceDefinition, at: FieldPath): Errors {
  const specAt = at.field('spec');
  const [spec, before] = [next.spec, previous.spec];
  return [
    ...specErrors(spec, toleranceAfter(next, previous), specAt),
    ...(isTrue(previous, 'Established')
      ? [
          ...immutable(spec.scope, before.scope, specAt.field('scope')),
          ...immutable(spec.names.kind, before.names.kind, specAt.field('names', 'kind')),
        ]
      : []),
    ...immutable(spec.group, before.group, specAt.field('group')),
    ...immutable(spec.names.plural, before.names.plural, specAt.field('names', 'plural')),
    ...statusErrors(next, at),
    ...approvalErrors(next, previous, at),
    ...preserveErrors(next, previous, at),
  ];
}

/** The names that were accepted. */
export const acceptedNamesErrors = ({ status }: CustomResourceDefinition, at: FieldPath): Errors =>
  namesErrors(status.acceptedNames, at.field('status', 'acceptedNames'));

const statusErrors = (object: CustomResourceDefinition, at: FieldPath): Errors => [
  ...acceptedNamesErrors(object, at),
  ...storedVersionErrors(object, at.field('status', 'storedVersions')),
];

function storedVersionErrors({ spec, status }: CustomResourceDefinition, at: FieldPath): Errors {
  const storedVersions = status.storedVersions ?? [];
  if (storedVersions.length === 0) return [fieldErrors.invalid(at, null, 'must have at least one stored version')];
  const missing = spec.versions.filter(({ storage, name }) => storage && !storedVersions.includes(name));
  const names = new Set(spec.versions.map(({ name }) => name));
  const gone = storedVersions.filter((name) => !names.has(name));
  return [
    ...missing.map(({ name }) => fieldErrors.invalid(at, storedVersions, `must have the storage version ${name}`)),
    ...gone.map((name) =>
      fieldErrors.invalid(
        at.index(storedVersions.lastIndexOf(name)),
        name,
        `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`,
      ),
    ),
  ];
}

function preserveErrors({ spec }: CustomResourceDefinition, previous: CustomResourceDefinition | undefined, at: FieldPath): Errors {
  if (spec.preserveUnknownFields !== true || previous?.spec.preserveUnknownFields === true) return [];
  return [
    fieldErrors.invalid(
      at.field('spec', 'preserveUnknownFields'),
      true,
      'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
    ),
  ];
}

const schemaOf = (version: CustomResourceDefinitionVersion): JsonSchema | undefined => version.schema?.openAPIV3Schema;

const anySchema = (spec: CustomResourceDefinitionSpec, test: (schema: JsonSchema) => boolean): boolean =>
  spec.versions.some((version) => schemaHas(schemaOf(version), test));

/** What a definition may keep because it had it before. */
function toleranceAfter(next: CustomResourceDefinition, previous: CustomResourceDefinition): Tolerance {
  const { spec } = previous;
  const [before, after] = [versionsByName(previous), versionsByName(next)];
  const reviews = spec.conversion?.webhook?.conversionReviewVersions ?? [];
  return {
    anyType: spec.versions.some((version) => hasInvalidType(schemaOf(version))),
    nonAtomicSets: anySchema(spec, isNonAtomicSet),
    mapListKeys: anySchema(spec, (schema) => mapListKeyErrors(schema, FieldPath.root).length > 0),
    missingSchema: spec.versions.some((version) => schemaOf(version) === undefined),
    nonStructural: spec.versions.some((version) => isNonStructural(schemaOf(version))),
    unprunedDefaults: spec.versions.some((version) => hasUnprunedDefaults(schemaOf(version))),
    unknownReviewVersions: reviews.length > 0 && !reviews.some((version) => version === 'v1' || version === 'v1beta1'),
    invalidCaBundle: !isTrue(previous, 'Established'),
    unchanged: (name) => {
      const version = after(name);
      const old = version === undefined ? undefined : before(version.name);
      return old !== undefined && deepEqual(version?.schema, old.schema);
    },
    manySelectable: (name) => {
      const fields = before(name)?.selectableFields ?? [];
      return fields.length > 8 && deepEqual(fields, after(name)?.selectableFields ?? []);
    },
  };
}

/** Looks the versions of a definition up; without a name, the first one. Of equal names the first counts. */
function versionsByName({ spec }: CustomResourceDefinition): (name: string) => CustomResourceDefinitionVersion | undefined {
  const named = new Map(spec.versions.toReversed().map((version) => [version.name, version]));
  return (name) => (name === '' ? spec.versions[0] : named.get(name));
}

const isNonStructural = (schema: JsonSchema | undefined): boolean =>
  schema !== undefined && (structuralProblem(schema) !== undefined || structuralErrors(schema, FieldPath.root).length > 0);

const hasUnprunedDefaults = (schema: JsonSchema | undefined): boolean =>
  schema !== undefined && schemaHas(schema, hasDefault) && !isNonStructural(schema) && withPrunedDefaults(schema) !== schema;

const hasDefault = (schema: JsonSchema): boolean => schema.default !== undefined;

const hasExtension = (schema: JsonSchema): boolean =>
  isEmbedded(schema) ||
  isIntOrString(schema) ||
  schema['x-kubernetes-preserve-unknown-fields'] !== undefined ||
  schema['x-kubernetes-list-type'] !== undefined ||
  (schema['x-kubernetes-list-map-keys'] ?? []).length > 0 ||
  (schema['x-kubernetes-validations'] ?? []).length > 0;

function specErrors(spec: CustomResourceDefinitionSpec, tolerates: Tolerance, at: FieldPath): Errors {
  const { shared, versions } = internalSpec(spec);
  const prunes = spec.preserveUnknownFields !== true;
  const structural = !tolerates.nonStructural || prunes || anySchema(spec, hasDefault) || anySchema(spec, hasExtension);
  const context: VersionContext = { tolerates, structural };
  const unique = new Set(versions.map(({ name }) => name)).size === versions.length;
  const statusEnabled = versions.some((version) => version.subresources?.status !== undefined);
  return [
    ...groupErrors(spec.group, at.field('group')),
    ...requiredOneOf(spec.scope, ['Cluster', 'Namespaced'], at.field('scope')),
    ...missingSchemaErrors(spec, tolerates, at),
    ...(prunes || !anySchema(spec, hasDefault)
      ? []
      : [fieldErrors.invalid(at.field('preserveUnknownFields'), true, 'must be false in order to use defaults in the schema')]),
    ...versions.flatMap((version, i) =>
      versionErrors(version, (version.subresources ?? shared.subresources)?.status !== undefined, context, at.field('versions').index(i)),
    ),
    ...(unique ? [] : [fieldErrors.invalid(at.field('versions'), shownVersions(spec, versions), 'must contain unique version names')]),
    ...(versions.filter(({ storage }) => storage).length === 1
      ? []
      : [
          fieldErrors.invalid(
            at.field('versions'),
            shownVersions(spec, versions),
            'must have exactly one version marked as storage version',
          ),
        ]),
    ...(versions[0] === undefined || versions[0].name === '' ? [] : versionNameErrors(versions[0].name, at.field('version'))),
    ...(['plural', 'singular', 'kind', 'listKind'] as const).flatMap((name) => requiredText(spec.names[name], at.field('names', name))),
    ...namesErrors(spec.names, at.field('names')),
    ...validationErrors(
      shared.schema,
      { statusEnabled: shared.subresources?.status !== undefined || statusEnabled, unchanged: tolerates.unchanged('') },
      context,
      at.field('validation'),
    ),
    ...subresourceErrors(shared.subresources, at.field('subresources')),
    ...(shared.additionalPrinterColumns ?? []).flatMap((column, i) => columnErrors(column, at.field('additionalPrinterColumns').index(i))),
    ...selectableFieldErrors(shared.selectableFields, shared.schema?.openAPIV3Schema, tolerates.manySelectable(''), {
      at: at.field('selectableFields'),
      missing: 'may only be set when validations.schema is included',
    }),
    ...(spec.conversion !== undefined && spec.conversion.strategy !== 'None' && !prunes
      ? [
          fieldErrors.invalid(
            at.field('conversion', 'strategy'),
            spec.conversion.strategy,
            'must be None if spec.preserveUnknownFields is true',
          ),
        ]
      : []),
    ...conversionErrors(spec.conversion, tolerates, at.field('conversion')),
  ];
}

function groupErrors(group: string, at: FieldPath): Errors {
  if (group === '') return [fieldErrors.required(at)];
  const complaints = isDns1123Subdomain(group);
  if (complaints.length > 0) return [fieldErrors.invalid(at, group, complaints.join(','))];
  return group.includes('.') ? [] : [fieldErrors.invalid(at, group, 'should be a domain with at least one dot')];
}

function missingSchemaErrors(spec: CustomResourceDefinitionSpec, { missingSchema }: Tolerance, at: FieldPath): Errors {
  const { shared, versions } = internalSpec(spec);
  if (shared.schema?.openAPIV3Schema !== undefined) return [];
  const pathOf = (i: number): FieldPath => at.field('versions').index(i).field('schema', 'openAPIV3Schema');
  return versions.flatMap((version, i) => {
    if (schemaOf(version) !== undefined) return [];
    if (!missingSchema) return [fieldErrors.required(pathOf(i))];
    const pruned = spec.preserveUnknownFields !== true && version.served;
    return pruned ? [fieldErrors.required(pathOf(i), 'because otherwise all fields are pruned')] : [];
  });
}

interface VersionContext extends SchemaContext {
  readonly tolerates: Tolerance;
}

function versionErrors(version: CustomResourceDefinitionVersion, statusEnabled: boolean, context: VersionContext, at: FieldPath): Errors {
  return [
    ...versionNameErrors(version.name, at.field('name')),
    ...deprecationErrors(version, at.field('deprecationWarning')),
    ...validationErrors(
      version.schema,
      { statusEnabled, unchanged: context.tolerates.unchanged(version.name) },
      context,
      at.field('schema'),
    ),
    ...subresourceErrors(version.subresources, at.field('subresources')),
    ...(version.additionalPrinterColumns ?? []).flatMap((column, i) => columnErrors(column, at.field('additionalPrinterColumns').index(i))),
    ...selectableFieldErrors(version.selectableFields, version.schema?.openAPIV3Schema, context.tolerates.manySelectable(version.name), {
      at: at.field('selectableFields'),
      missing: 'may only be set when `version.schema.openAPIV3Schema` is not included',
    }),
  ];
}

function versionNameErrors(name: string, at: FieldPath): Errors {
  const complaints = isDns1035Label(name);
  return complaints.length === 0 ? [] : [fieldErrors.invalid(at, name, complaints.join(','))];
}

function deprecationErrors({ deprecated, deprecationWarning: warning }: CustomResourceDefinitionVersion, at: FieldPath): Errors {
  const complain = (detail: string): FieldError => fieldErrors.invalid(at, warning ?? null, detail);
  if (warning === undefined) return [];
  if (deprecated !== true) return [complain('can only be set for deprecated versions')];
  const bad = [...warning].findIndex((char) => /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(char));
  return [
    ...(new TextEncoder().encode(warning).length > 256 ? [complain('must be <= 256 characters long')] : []),
    ...(warning === '' ? [complain('must not be an empty string')] : []),
    ...(bad < 0 ? [] : [complain(`must only contain printable UTF-8 characters; non-printable character found at index ${bad}`)]),
  ];
}
