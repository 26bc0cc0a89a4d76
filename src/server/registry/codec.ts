/** From a request's body to an object in the stored version, defaulted, and back. Source: apiserver pkg/endpoints/handlers/rest.go. */
import type { JsonObject, JsonValue } from '../../api/json.ts';
import { type AnyKind, apiVersionOf, type ServedVersion } from '../../api/kind.ts';
import type { GroupVersionKind, KubeObject } from '../../api/object.ts';
import { asJson, asObject } from '../../api/object-fields.ts';
import { applyJsonPatch } from '../../api/patch/json-patch.ts';
import { applyMergePatch } from '../../api/patch/merge-patch.ts';
import { PatchError, patchStatus } from '../../api/patch/patch-error.ts';
import { applyStrategicMergePatch } from '../../api/patch/strategic-merge-patch.ts';
import { Decoder } from '../../api/schema/decode.ts';
import { decodeRequest } from '../../api/schema/decode-request.ts';
import { queryOptions } from '../../api/schema/query-options.ts';
import type { Schemas } from '../../api/schema/schema.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { Body, KindSet, MutateOptions, RequestContext, Target } from './registry.ts';
import type { BodyDecoder, Patcher, RegistryParts } from './registry-parts.ts';

/** The group and version that a request uses. */
export const servedBy = ({ kind, served }: Pick<Target, 'kind' | 'served'>): { readonly group: string; readonly version: string } =>
  served ?? { group: kind.group, version: kind.version };

/** The conversions of a request's version; undefined when it is the stored one. */
export function conversionOf(target: Pick<Target, 'kind' | 'served'>): ServedVersion | undefined {
  const { group, version } = servedBy(target);
  return target.kind.codec.alsoServed?.find((other) => (other.group ?? target.kind.group) === group && other.version === version);
}

const modelOf = (kind: AnyKind, conversion: ServedVersion | undefined): string => conversion?.schema ?? kind.codec.schema;

/** Decodes built-in kinds by their schemas. */
export function createSchemaDecoder(schemas: Schemas): BodyDecoder {
  const decoder = new Decoder(schemas);
  return {
    decode: ({ type: { group, version, kind }, model, ...body }) =>
      decodeRequest(decoder, schemas, { schema: schemas.get(model), apiVersion: apiVersionOf(group, version), kind, ...body }),
    decodeQuery: (type, query) => queryOptions(schemas, type, query),
    modelOf: ({ group, version, kind }) => {
      const schema = schemas.forKind(group, version, kind);
      if (schema === undefined) throw new Error(`no schema for ${kind} of ${apiVersionOf(group, version)}`);
      return schema.model;
    },
  };
}

/** Patches as the server applies them, strategic ones by the schemas' merge keys. */
export function createPatcher(schemas: Schemas): Patcher {
  return {
    json: applyJsonPatch,
    merge: applyMergePatch,
    strategic: (document, patch, model) => {
      const schema = schemas.find(model);
      if (schema === undefined) {
        throw statusErrors.unsupportedMediaType(
          'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
        );
      }
      try {
        return ofSameType(document, applyStrategicMergePatch(document, patch, { schemas, schema }));
      } catch (error) {
        throw error instanceof PatchError ? patchStatus(error) : error;
      }
    },
  };
}

/**
 * Decodes a body as the target's Kind, in the stored version and with defaults; warnings go to the context. Throws StatusError (400).
 * What a component of this process sends may share parts with the object that is stored now: those are not decoded again.
 */
export async function decodeBody(
  parts: RegistryParts,
  context: RequestContext,
  target: Target,
  body: Body & { readonly fieldValidation: MutateOptions['fieldValidation'] },
  stored?: KubeObject,
): Promise<KubeObject> {
  const type = { ...servedBy(target), kind: target.kind.kind };
  requireType(parts.kinds, type, body.json);
  const canonical = stored === undefined || conversionOf(target) !== undefined ? undefined : asJson(stored);
  const { object, warnings } = parts.decoder.decode({ type, model: servedModel(target), canonical, ...body });
  for (const warning of warnings) context.warn(warning);
  return toStored(target, object);
}

/** Decodes a body that is of another type than the Kind's: of a sub-resource. Throws StatusError (400). */
export function decodeAs(
  { decoder, kinds }: RegistryParts,
  context: RequestContext,
  type: GroupVersionKind,
  body: Body & { readonly fieldValidation: MutateOptions['fieldValidation'] },
): JsonObject {
  requireType(kinds, type, body.json);
  const { object, warnings } = decoder.decode({ type, model: decoder.modelOf(type), ...body });
  for (const warning of warnings) context.warn(warning);
  return object;
}

/** The schema model of a type that is no Kind's. */
export const modelOfType = ({ decoder }: RegistryParts, type: GroupVersionKind): string => decoder.modelOf(type);

/** Converts a decoded object of the request's version to the stored one and fills in defaults. Rejects with what a conversion failed with. */
export async function toStored(target: Target, object: JsonObject): Promise<KubeObject> {
  const { kind } = target;
  const conversion = conversionOf(target);
  if (conversion === undefined) return defaulted(kind, object);
  const stored = conversion.remote === undefined ? conversion.toStored(object) : (await conversion.remote.toStored([object]))[0];
  return defaulted(kind, { ...stored, apiVersion: kind.apiVersion, kind: kind.kind });
}

const defaulted = ({ codec }: AnyKind, object: JsonObject): KubeObject => codec.defaults?.(asObject(object)) ?? asObject(object);

/** A stored object in the request's version, as patches see it. Rejects with what a conversion failed with. */
export async function toServed(target: Target, object: KubeObject): Promise<JsonObject> {
  const conversion = conversionOf(target);
  if (conversion === undefined) return asJson(object);
  const { group, version } = servedBy(target);
  const json = asJson(object);
  const served = conversion.remote === undefined ? conversion.fromStored(json) : (await conversion.remote.fromStored([json]))[0];
  return { ...served, apiVersion: apiVersionOf(group, version) };
}

/** The schema model of the request's version. */
export const servedModel = (target: Target): string => modelOf(target.kind, conversionOf(target));

/** Source: apimachinery pkg/runtime/serializer/versioning/versioning.go (Decode), pkg/runtime/error.go; apiserver handlers/rest.go (transformDecodeError). */
function requireType(kinds: KindSet, type: GroupVersionKind, json: JsonValue): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw statusErrors.badRequest(
      `the object provided is unrecognized (must be of type ${type.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${goTypeOf(json)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (${summary(json)})`,
    );
  }
  const { apiVersion, kind: sent } = json as JsonObject;
  const expected = apiVersionOf(type.group, type.version);
  const version = typeof apiVersion === 'string' && apiVersion !== '' ? apiVersion : expected;
  const name = typeof sent === 'string' && sent !== '' ? sent : type.kind;
  if (version === expected && name === type.kind) return;
  const slash = version.indexOf('/');
  const known = kinds.byKind(version.slice(0, Math.max(slash, 0)), version.slice(slash + 1), name);
  if (known === undefined || known !== kinds.byKind(type.group, type.version, type.kind)) {
    const cause =
      known === undefined
        ? `no kind ${JSON.stringify(name)} is registered for version ${JSON.stringify(version)} in scheme "pkg/api/legacyscheme/scheme.go:30"`
        : `converting (${versionPart(version)}.${name}) to (${internalPackage(type)}.${type.kind}): unknown conversion`;
    throw statusErrors.badRequest(
      `${name} in version ${JSON.stringify(versionPart(version))} cannot be handled as a ${type.kind}: ${cause}`,
    );
  }
  if (version !== expected) {
    throw statusErrors.badRequest(`the API version in the data (${version}) does not match the expected API version (${expected})`);
  }
}

const versionPart = (apiVersion: string): string => apiVersion.slice(apiVersion.indexOf('/') + 1);
/** The Go package of a kind's internal type: `core`, `apps`, `coordination`. */
const internalPackage = ({ group }: GroupVersionKind): string => (group === '' ? 'core' : (group.split('.')[0] ?? group));
const goTypeOf = (json: JsonValue): string => (Array.isArray(json) ? 'array' : json === null ? 'null' : typeof json);

function summary(json: JsonValue): string {
  const text = Buffer.from(JSON.stringify(json));
  return text.length > 30 ? `${text.subarray(0, 30).toString('hex')} ...` : text.toString('hex');
}

/** What a strategic merge patch calls its object counts for nothing. Source: apiserver handlers/patch.go (applyPatchToObject decodes into the type). */
const ofSameType = ({ apiVersion, kind }: JsonObject, patched: JsonObject): JsonObject => ({
  ...patched,
  ...(typeof patched.apiVersion === 'string' && apiVersion !== undefined ? { apiVersion } : {}),
  ...(typeof patched.kind === 'string' && kind !== undefined ? { kind } : {}),
});
