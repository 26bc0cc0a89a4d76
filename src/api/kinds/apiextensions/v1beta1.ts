/**
 * Definitions as apiextensions.k8s.io/v1beta1, which the server stopped serving in Kubernetes 1.22. Source:
 * apiextensions-apiserver pkg/apis/apiextensions/{v1beta1/defaults,v1/conversion}.go.
 */
import { deepEqual } from '../../deep-equal.ts';
import { isObject, type JsonArray, type JsonObject, type JsonValue } from '../../json.ts';
import type { ServedVersion } from '../../kind.ts';

const objectOf = (value: JsonValue | undefined): JsonObject => (isObject(value) ? value : {});
const objectsOf = (value: JsonValue | undefined): readonly JsonObject[] => (Array.isArray(value) ? (value as JsonArray).map(objectOf) : []);

/** The members that are not undefined. */
const present = (members: Readonly<Record<string, JsonValue | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));

/** v1beta1 writes `JSONPath`, v1 `jsonPath`. */
const renamed = (columns: JsonValue | undefined, from: string, to: string): JsonValue | undefined =>
  columns === undefined ? undefined : objectsOf(columns).map(({ [from]: path, ...column }) => present({ ...column, [to]: path }));

/** What may stand above all versions: the name in v1beta1, and the one in a version. */
const shared = [
  ['validation', 'schema'],
  ['subresources', 'subresources'],
  ['additionalPrinterColumns', 'additionalPrinterColumns'],
  ['selectableFields', 'selectableFields'],
] as const;

function toStoredSpec(spec: JsonObject): JsonObject {
  const { version, versions, validation, subresources, additionalPrinterColumns, selectableFields, conversion, ...rest } = spec;
  const above: JsonObject = present({
    validation,
    subresources,
    additionalPrinterColumns: renamed(additionalPrinterColumns, 'JSONPath', 'jsonPath'),
    selectableFields,
  });
  const named = objectsOf(versions);
  const given: readonly JsonObject[] =
    named.length === 0 && typeof version === 'string' && version !== '' ? [{ name: version, served: true, storage: true }] : named;
  return present({
    ...rest,
    scope: rest.scope === undefined || rest.scope === '' ? 'Namespaced' : rest.scope,
    versions: given.map((one) => ({
      ...one,
      ...present({ additionalPrinterColumns: renamed(one.additionalPrinterColumns, 'JSONPath', 'jsonPath') }),
      ...Object.fromEntries(shared.filter(([top]) => above[top] !== undefined).map(([top, inVersion]) => [inVersion, above[top]])),
    })),
    conversion: conversion === undefined ? undefined : toStoredConversion(objectOf(conversion)),
    // True unless it is said otherwise; false is left out, as v1 writes it.
    preserveUnknownFields: rest.preserveUnknownFields === false ? undefined : true,
  });
}

function toStoredConversion({ strategy, webhookClientConfig, conversionReviewVersions }: JsonObject): JsonObject {
  const versions = conversionReviewVersions ?? (strategy === 'Webhook' ? ['v1beta1'] : undefined);
  if (webhookClientConfig === undefined && versions === undefined) return present({ strategy });
  return present({ strategy, webhook: present({ clientConfig: webhookClientConfig, conversionReviewVersions: versions ?? [] }) });
}

function fromStoredSpec(spec: JsonObject): JsonObject {
  const { versions, conversion, ...rest } = spec;
  const all = objectsOf(versions);
  const [first = {}] = all;
  const same = shared.filter(([, member]) => all.every((version) => deepEqual(version[member], first[member])));
  const moved = new Set<string>(same.map(([, member]) => member));
  const columns = (value: JsonValue | undefined): JsonValue | undefined => renamed(value, 'jsonPath', 'JSONPath');
  const top = Object.fromEntries(
    same.map(([name, member]) => [name, name === 'additionalPrinterColumns' ? columns(first[member]) : first[member]]),
  );
  return present({
    ...rest,
    version: first.name,
    ...top,
    versions: all.map((version) =>
      present({
        ...Object.fromEntries(Object.entries(version).filter(([member]) => !moved.has(member))),
        additionalPrinterColumns: moved.has('additionalPrinterColumns') ? undefined : columns(version.additionalPrinterColumns),
      }),
    ),
    conversion: conversion === undefined ? undefined : fromStoredConversion(objectOf(conversion)),
    preserveUnknownFields: rest.preserveUnknownFields ?? false,
  });
}

function fromStoredConversion({ strategy, webhook }: JsonObject): JsonObject {
  const { clientConfig, conversionReviewVersions } = objectOf(webhook);
  return present({ strategy, webhookClientConfig: clientConfig, conversionReviewVersions });
}

export const v1beta1: ServedVersion = {
  version: 'v1beta1',
  old: true,
  schema: 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1beta1.CustomResourceDefinition',
  toStored: ({ spec, ...object }) => ({ ...object, spec: toStoredSpec(objectOf(spec)) }),
  fromStored: ({ spec, ...object }) => ({ ...object, spec: fromStoredSpec(objectOf(spec)) }),
  deprecation:
    'apiextensions.k8s.io/v1beta1 CustomResourceDefinition is deprecated in v1.16+, unavailable in v1.22+; use apiextensions.k8s.io/v1 CustomResourceDefinition',
};
