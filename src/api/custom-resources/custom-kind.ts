/**
 * Makes the Kind of a custom resource from its definition: one for the stored version, with one for each other version
 * that is served. Source: apiextensions-apiserver pkg/apiserver/customresource_handler.go,
 * pkg/registry/customresource.
 */

import { deepEqual } from '../deep-equal.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionVersion,
} from '../generated/apiextensions/v1.ts';
import { goValue } from '../go-format.ts';
import type { JsonObject, JsonValue } from '../json.ts';
import { type AnyKind, defineKind, type Kind, type SelectableFields } from '../kind.ts';
import type { CustomObject } from '../object.ts';
import { asJson, asObject, withMeta, withStatusOf } from '../object-fields.ts';
import type { Decoder } from '../schema/decode.ts';
import type { Schemas } from '../schema/schema.ts';
import type { PartSubresource, Subresource } from '../subresource.ts';
import type { Table } from '../table.ts';
import { type ConversionWebhooks, createConversions } from './conversion.ts';
import { customColumns, findOne, pathOf } from './custom-columns.ts';
import { createCustomFormat } from './custom-format.ts';
import { customScale } from './custom-scale.ts';
import { CustomVersion } from './custom-version.ts';
import { deprecationOf } from './deprecation.ts';
import { finalizerWarnings } from './finalizer-warnings.ts';
import { createMetaCodec } from './meta-codec.ts';
import { publishSchema } from './publish-schema.ts';

export interface CustomKindParts {
  readonly schemas: Schemas;
  readonly decoder: Decoder;
  /** Calls the webhooks of definitions that are converted by one. */
  readonly webhooks: ConversionWebhooks;
}

/** What the server says about a definition, besides the definition itself. */
export interface CustomKindState {
  /** The store's revision from which on objects have been written by this definition. */
  readonly since: number;
  /** The definition is being deleted. */
  readonly terminating: boolean;
  /** The resource name; differs from the definition's name when a built-in Kind has that. */
  readonly resourceName: string;
}

/** `com.example.v1.Widget`. */
const modelOf = (group: string, version: string, kind: string): string => [...group.split('.').toReversed(), version, kind].join('.');

/** The Kind; undefined for a definition without a stored version, which validation refuses. */
export function customKind(definition: CustomResourceDefinition, parts: CustomKindParts, state: CustomKindState): AnyKind | undefined {
  const { versions } = definition.spec;
  const stored = versions.find(({ storage }) => storage);
  if (stored === undefined) return undefined;
  const metaCodec = createMetaCodec(parts.schemas, parts.decoder);
  const preserves = definition.spec.preserveUnknownFields ?? false;
  const all = new Map(versions.map((version) => [version.name, new CustomVersion(version, preserves, metaCodec)]));
  const conversions = createConversions({ definition, versions: all, stored: stored.name, since: state.since, webhooks: parts.webhooks });
  const make = (declared: CustomResourceDefinitionVersion, others?: readonly AnyKind[]): AnyKind | undefined => {
    const version = all.get(declared.name);
    if (version === undefined) return undefined;
    return versionKind({
      definition,
      version,
      metaCodec,
      form: conversions(version),
      state,
      others,
      served: declared.served,
      all: () => allVersions,
    });
  };
  const others = versions.filter((version) => version !== stored && version.served).map((version) => make(version));
  const kind = make(
    stored,
    others.filter((other) => other !== undefined),
  );
  const made = [...others, kind].filter((version) => version !== undefined);
  const allVersions = versions.filter(({ served }) => served).flatMap(({ name }) => made.filter(({ version }) => version === name));
  return kind;
}

interface VersionKind {
  readonly definition: CustomResourceDefinition;
  readonly version: CustomVersion;
  readonly metaCodec: ReturnType<typeof createMetaCodec>;
  readonly form: NonNullable<NonNullable<AnyKind['storage']>['form']>;
  readonly state: CustomKindState;
  readonly others: readonly AnyKind[] | undefined;
  readonly served: boolean;
  readonly all: () => readonly AnyKind[];
}

function versionKind({ definition, version, metaCodec, form, state, others, served, all }: VersionKind): Kind<CustomObject> {
  const { spec, status } = definition;
  const names = namesOf(status.acceptedNames, spec.names);
  const { declared } = version;
  const { terminating, since, resourceName } = state;
  const hasStatus = declared.subresources?.status !== undefined;
  const deprecation = deprecationOf(spec, declared);
  const select = selectableFields(declared);
  return defineKind<CustomObject>({
    group: spec.group,
    version: declared.name,
    kind: names.kind,
    plural: names.plural,
    scope: spec.scope === 'Cluster' ? 'Cluster' : 'Namespaced',
    storedAs: resourceName,
    definedSince: since,
    names: {
      singular: names.singular,
      shortNames: names.shortNames ?? [],
      categories: names.categories ?? [],
      list: names.listKind,
      etcdFolder: `${spec.group}/${names.plural}`,
    },
    codec: {
      schema: createCustomFormat({
        model: modelOf(spec.group, declared.name, names.kind),
        listModel: modelOf(spec.group, declared.name, names.listKind),
        version,
        preserveUnknownFields: spec.preserveUnknownFields ?? false,
        metaCodec,
        openApi: publishSchema({
          schema: declared.schema?.openAPIV3Schema,
          preserveUnknownFields: spec.preserveUnknownFields ?? false,
          selectableFields: (declared.selectableFields ?? []).map(({ jsonPath }) => jsonPath),
        }),
      }),
      defaults: (object) => asCustom(version.defaulted(asJson(object))),
      ...(deprecation === undefined ? {} : { deprecation }),
    },
    rules: {
      generation: true,
      looseMetadata: 'finalizers',
      warnings: (object, previous) => [...finalizerWarnings(object, previous), ...version.ruleWarnings(asJson(object))],
    },
    create: {
      ...(terminating ? { refusal: 'create not allowed while custom resource definition is terminating' } : {}),
      prepare: (object) => (hasStatus ? withoutStatus(object) : object),
      validate: (object, at) => version.createErrors(asJson(object), at),
    },
    update: {
      unconditional: false,
      prepare: (next, previous) => counted(next, previous),
      validate: (next, previous, at) => version.updateErrors(asJson(next), asJson(previous), at),
    },
    table: lazyTable(declared),
    ...(select === undefined ? {} : { select }),
    storage: { form },
    subresources: subresourcesOf(version, definition),
    allVersions: all,
    ...(others === undefined ? {} : { otherVersions: others, unserved: !served }),
  });
}

/** The accepted names; a definition that was established once keeps those it had. */
function namesOf(accepted: CustomResourceDefinitionNames, asked: CustomResourceDefinitionNames) {
  const {
    kind,
    plural,
    singular = kind.toLowerCase(),
    listKind = `${kind}List`,
    shortNames,
    categories,
  } = accepted.kind === '' ? asked : accepted;
  return { kind, plural, singular, listKind, shortNames, categories };
}

/** JSON in the shape of a resource. */
const asCustom = (json: JsonObject): CustomObject => asObject(json) as CustomObject;

const withoutStatus = ({ status: _, ...object }: CustomObject): CustomObject => object as CustomObject;

/** Everything but the metadata counts as desired, as far as it can be changed here. */
function counted(next: CustomObject, previous: CustomObject): CustomObject {
  const { metadata: _next, ...after } = next;
  const { metadata: _previous, ...before } = previous;
  return deepEqual(after, before)
    ? withMeta(next, { generation: previous.metadata.generation })
    : withMeta(next, { generation: (previous.metadata.generation ?? 0) + 1 });
}

/** Columns are parsed when they are first shown. */
function lazyTable(declared: CustomResourceDefinitionVersion): Table<CustomObject> {
  let columns: Table<CustomObject>['columns'] | undefined;
  return {
    get columns() {
      columns ??= customColumns(declared.additionalPrinterColumns);
      return columns;
    },
  };
}

function selectableFields({
  selectableFields: declared = [],
}: CustomResourceDefinitionVersion): SelectableFields<CustomObject> | undefined {
  if (declared.length === 0) return undefined;
  return Object.fromEntries(declared.map(({ jsonPath }) => [jsonPath.replace(/^\./, ''), selectBy(jsonPath)]));
}

function selectBy(jsonPath: string): (object: CustomObject) => string {
  const path = pathOf(jsonPath);
  const text = (value: JsonValue | undefined): string => (value === undefined || value === null ? '' : goValue(value));
  return (object) => (path === undefined ? '' : text(findOne(path, asJson(object))));
}

function subresourcesOf(version: CustomVersion, { spec }: CustomResourceDefinition): Readonly<Record<string, Subresource<CustomObject>>> {
  const { status, scale } = version.declared.subresources ?? {};
  return {
    ...(status === undefined ? {} : { status: statusOf(version) }),
    ...(scale === undefined ? {} : { scale: { ...customScale(scale), ownedField: replicasFieldOf(spec) } }),
  };
}

/** Where a version has the count that its Scale shows. */
const replicasFieldOf =
  ({ group, versions }: CustomResourceDefinition['spec']) =>
  (apiVersion: string): readonly string[] | undefined => {
    const scale = versions.find(({ name }) => `${group}/${name}` === apiVersion)?.subresources?.scale;
    return scale?.specReplicasPath.replace(/^\./, '').split('.');
  };

/** Writes the status, and no metadata at all. */
const statusOf = (version: CustomVersion): PartSubresource<CustomObject> => ({
  does: 'update',
  verbs: ['get', 'patch', 'update'],
  validatesWhole: false,
  resets: [['metadata'], ['spec']],
  take: (next, previous) => withMeta(withStatusOf(previous, next), { resourceVersion: next.metadata.resourceVersion }),
  validate: (next, previous, at) => version.statusErrors(asJson(next), asJson(previous), at),
});
