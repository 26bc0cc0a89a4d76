/**
 * Defines a custom resource. https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/custom-resources/
 * Source: apiextensions-apiserver pkg/registry/customresourcedefinition.
 */
import { isKnownFormat } from '../../custom-resources/formats.ts';
import { type JsonSchema, schemasIn } from '../../custom-resources/structural.ts';
import type {
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
} from '../../generated/apiextensions/v1.ts';
import { defineKind } from '../../kind.ts';
import { statusSubresource } from '../../subresource.ts';
import { withCondition } from './conditions.ts';
import { v1beta1 } from './v1beta1.ts';
import { acceptedNamesErrors, definitionErrors, definitionUpdateErrors } from './validation/definition.ts';

/** Holds a definition until its objects are deleted. */
export const cleanupFinalizer = 'customresourcecleanup.apiextensions.k8s.io';

/** Source: pkg/apis/apiextensions/v1/defaults.go. */
function withDefaults(object: CustomResourceDefinition): CustomResourceDefinition {
  const { spec, status } = object;
  const storedVersions = (status.storedVersions ?? []).length > 0 ? status.storedVersions : storageVersions(spec);
  return {
    ...object,
    spec: { ...spec, names: defaultNames(spec.names), conversion: defaultConversion(spec.conversion) },
    status: { ...status, storedVersions },
  };
}

function defaultNames(names: CustomResourceDefinitionNames): CustomResourceDefinitionNames {
  const { kind, singular = '', listKind = '' } = names;
  return {
    ...names,
    ...(singular === '' && kind !== '' ? { singular: kind.toLowerCase() } : {}),
    ...(listKind === '' && kind !== '' ? { listKind: `${kind}List` } : {}),
  };
}

function defaultConversion(conversion: CustomResourceConversion | undefined): CustomResourceConversion {
  if (conversion === undefined) return { strategy: 'None' };
  const { webhook } = conversion;
  const service = webhook?.clientConfig?.service;
  if (webhook === undefined || service === undefined || service.port !== undefined) return conversion;
  return { ...conversion, webhook: { ...webhook, clientConfig: { ...webhook.clientConfig, service: { ...service, port: 443 } } } };
}

/** The first version that is marked as the stored one. */
const storageVersions = ({ versions }: CustomResourceDefinitionSpec): readonly string[] =>
  versions
    .filter(({ storage }) => storage)
    .slice(0, 1)
    .map(({ name }) => name);

/** A new storage version is one that objects have been stored in from now on. */
function noteStorageVersion(object: CustomResourceDefinition): CustomResourceDefinition {
  const { spec, status } = object;
  const stored = status.storedVersions ?? [];
  const added = storageVersions(spec).filter((name) => !stored.includes(name));
  return added.length === 0 ? object : { ...object, status: { ...status, storedVersions: [...stored, ...added] } };
}

/** Formats that mean nothing to the server, as often as they are named. */
function unknownFormats({ spec }: CustomResourceDefinition): readonly string[] {
  const inSchema = (schema: JsonSchema): readonly string[] => [
    ...((schema.format ?? '') === '' || isKnownFormat(schema) ? [] : [schema.format ?? '']),
    ...schemasIn(schema).flatMap(inSchema),
  ];
  return spec.versions.flatMap(({ schema }) => (schema?.openAPIV3Schema === undefined ? [] : inSchema(schema.openAPIV3Schema)));
}

function formatWarnings(object: CustomResourceDefinition, previous: CustomResourceDefinition | undefined): readonly string[] {
  const before = new Set(previous === undefined ? [] : unknownFormats(previous));
  return unknownFormats(object)
    .filter((format) => !before.has(format))
    .map((format) => `unrecognized format ${JSON.stringify(format)}`);
}

/**
 * Marks a definition whose objects are to be deleted; this is no change of generation, and takes no grace period.
 * Source: pkg/registry/customresourcedefinition/etcd.go (Delete).
 */
function markDeleting(object: CustomResourceDefinition): CustomResourceDefinition {
  const { status } = object;
  const { deletionGracePeriodSeconds: _, ...metadata } = object.metadata;
  const finalizers = metadata.finalizers ?? [];
  const conditions = withCondition(
    status.conditions ?? [],
    {
      type: 'Terminating',
      status: 'True',
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon',
    },
    metadata.deletionTimestamp ?? '',
  );
  return {
    ...object,
    metadata: {
      ...metadata,
      generation: (metadata.generation ?? 1) - 1,
      finalizers: finalizers.includes(cleanupFinalizer) ? finalizers : [...finalizers, cleanupFinalizer],
    },
    status: { ...status, conditions },
  };
}

export const customResourceDefinition = defineKind<CustomResourceDefinition>({
  group: 'apiextensions.k8s.io',
  version: 'v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  scope: 'Cluster',
  names: {
    shortNames: ['crd', 'crds'],
    categories: ['api-extensions'],
    etcdFolder: 'apiextensions.k8s.io/customresourcedefinitions',
  },
  codec: {
    schema: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition',
    defaults: withDefaults,
    alsoServed: [v1beta1],
  },
  storage: { encoding: 'JSON' },
  rules: { looseMetadata: 'finalizers', warnings: formatWarnings },
  create: {
    prepare: (object) => ({
      ...object,
      status: { conditions: null, acceptedNames: { plural: '', kind: '' }, storedVersions: storageVersions(object.spec) },
    }),
    nameProblems: ({ spec }, name) => (name === `${spec.names.plural}.${spec.group}` ? [] : ['must be spec.names.plural+"."+spec.group']),
    validate: (object, at, version) => definitionErrors(object, at, version === 'v1beta1'),
  },
  update: { unconditional: false, prepare: noteStorageVersion, validate: definitionUpdateErrors },
  delete: {
    answersObject: true,
    mayRemove: ({ metadata }) => metadata.deletionTimestamp !== undefined,
    mark: markDeleting,
  },
  subresources: { status: statusSubresource({ resets: [['metadata']], validate: (next, _previous, at) => acceptedNamesErrors(next, at) }) },
});
