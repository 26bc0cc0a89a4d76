/**
 * Converts a request's body to an object in the stored version with defaults, and back. Source: apiserver
 * pkg/endpoints/handlers/rest.go.
 */
import { FieldPath, fieldErrors } from '../../api/field-error.ts';
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { type AnyKind, apiVersionOf, isCustom } from '../../api/kind.ts';
import type { GroupVersionKind, KubeObject } from '../../api/object.ts';
import { asJson, asObject } from '../../api/object-fields.ts';
import type { ObjectFormat } from '../../api/object-format.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { Body, KindSet, MutateOptions, RequestContext, Target } from './registry.ts';
import type { RegistryParts } from './registry-parts.ts';
import { conversionIn, conversionOf, servedApiVersion, servedBy, servedSchema } from './served-version.ts';

/** The format of the request's version. */
export const formatOf = ({ formats }: Pick<RegistryParts, 'formats'>, target: Target): ObjectFormat => formats.of(servedSchema(target));

/**
 * Decodes a body as the target's Kind, in the stored version and with defaults. Warnings are added to the context.
 * Throws StatusError (400). A body from a component of this process may share parts with the stored object (by
 * reference); those parts are not decoded again.
 */
export function decodeBody(
  parts: RegistryParts,
  context: RequestContext,
  target: Target,
  body: Body & { readonly fieldValidation: MutateOptions['fieldValidation'] },
  stored?: KubeObject,
): KubeObject {
  const type = { ...servedBy(target), kind: target.kind.kind };
  requireType(parts.kinds, type, body);
  const canonical = stored === undefined || conversionOf(target) !== undefined ? undefined : asJson(stored);
  const { object, warnings } = formatOf(parts, target).decode({ type, canonical, ...body, json: withReset(body.json) });
  for (const warning of warnings) context.warn(warning);
  return toStored(target, object);
}

/**
 * An empty list of managed fields asks to forget all owners, and decoding would drop it: the list with one empty entry
 * asks the same. Source: apimachinery pkg/util/managedfields/internal/fieldmanager.go (isResetManagedFields).
 */
function withReset(json: JsonValue): JsonValue {
  if (!isObject(json) || !isObject(json.metadata)) return json;
  const { managedFields } = json.metadata;
  return Array.isArray(managedFields) && managedFields.length === 0
    ? { ...json, metadata: { ...json.metadata, managedFields: [{}] } }
    : json;
}

/** Decodes a body of another type than the Kind's, for a sub-resource. Throws StatusError (400). */
export function decodeAs(
  { formats, kinds }: RegistryParts,
  context: RequestContext,
  type: GroupVersionKind,
  body: Body & { readonly fieldValidation: MutateOptions['fieldValidation'] },
): JsonObject {
  requireType(kinds, type, body);
  const { object, warnings } = formats.ofType(type).decode({ type, ...body });
  for (const warning of warnings) context.warn(warning);
  return object;
}

/**
 * Converts a decoded object from the request's version to the stored one and fills in defaults.
 */
export const toStored = ({ kind }: Target, object: JsonObject): KubeObject => defaulted(kind, convertToStored(kind, object));

/** Converts an object from the version that it names to the stored one, without defaults. */
export function convertToStored(kind: AnyKind, object: JsonObject): JsonObject {
  const conversion = conversionIn(kind, String(object.apiVersion));
  return conversion === undefined ? object : { ...conversion.toStored(object), apiVersion: kind.apiVersion, kind: kind.kind };
}

const defaulted = ({ codec }: AnyKind, object: JsonObject): KubeObject => codec.defaults?.(asObject(object)) ?? asObject(object);

/**
 * Converts a stored object to the request's version, in which patches are applied.
 */
export const toServed = (target: Target, object: KubeObject): JsonObject =>
  convertStored(target.kind, asJson(object), servedApiVersion(target));

/** Converts a stored object to a version that is served. */
export function convertStored(kind: AnyKind, object: JsonObject, apiVersion: string): JsonObject {
  const conversion = conversionIn(kind, apiVersion);
  return conversion === undefined ? object : { ...conversion.fromStored(object), apiVersion };
}

/**
 * Checks the apiVersion and kind of a body. Source: apimachinery pkg/runtime/serializer/versioning/versioning.go
 * (Decode), pkg/runtime/error.go; apiserver handlers/rest.go (transformDecodeError).
 */
function requireType(kinds: KindSet, type: GroupVersionKind, { json, text }: Pick<Body, 'json' | 'text'>): void {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    throw statusErrors.badRequest(
      `the object provided is unrecognized (must be of type ${type.kind}): couldn't get version/kind; json parse error: json: cannot unmarshal ${goTypeOf(json)} into Go value of type struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" } (${summary(json)})`,
    );
  }
  const { apiVersion, kind: sent } = json as JsonObject;
  const expected = apiVersionOf(type.group, type.version);
  const own = kinds.byKind(type.group, type.version, type.kind);
  if (own !== undefined && isCustom(own)) {
    requireCustomType(type, json as JsonObject, text);
    return;
  }
  const version = typeof apiVersion === 'string' && apiVersion !== '' ? apiVersion : expected;
  const name = typeof sent === 'string' && sent !== '' ? sent : type.kind;
  if (version === expected && name === type.kind) return;
  const slash = version.indexOf('/');
  const known = kinds.byKind(version.slice(0, Math.max(slash, 0)), version.slice(slash + 1), name);
  if (known === undefined || known !== own) {
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

/**
 * The same for a custom resource, whose decoder reads every kind. Source: apimachinery
 * pkg/apis/meta/v1/unstructured/helpers.go (Decode); apiserver pkg/endpoints/handlers/create.go;
 * apiextensions-apiserver pkg/registry/customresource/validator.go (ValidateTypeMeta).
 */
function requireCustomType({ group, version, kind }: GroupVersionKind, json: JsonObject, text: string | undefined): void {
  const sent = typeof json.kind === 'string' ? json.kind : '';
  if (sent === '') {
    const body = text ?? JSON.stringify(json);
    const start = body.length > 30 ? `${body.slice(0, 30)} ...` : body;
    throw statusErrors.badRequest(
      `the object provided is unrecognized (must be of type ${kind}): Object 'Kind' is missing in '${body}' (${start})`,
    );
  }
  const expected = apiVersionOf(group, version);
  const apiVersion = typeof json.apiVersion === 'string' ? json.apiVersion : '';
  if (apiVersion !== expected) {
    throw statusErrors.badRequest(`the API version in the data (${apiVersion}) does not match the expected API version (${expected})`);
  }
  if (sent === kind) return;
  const metadata = isObject(json.metadata) ? json.metadata : {};
  const errors = [fieldErrors.invalid(FieldPath.root.field('kind'), sent, `must be ${kind}`)];
  throw statusErrors.invalid({ group, kind: sent }, typeof metadata.name === 'string' ? metadata.name : '', errors);
}

const versionPart = (apiVersion: string): string => apiVersion.slice(apiVersion.indexOf('/') + 1);
/** The Go package of a kind's internal type: `core`, `apps`, `coordination`. */
export const internalPackage = ({ group }: GroupVersionKind): string => (group === '' ? 'core' : (group.split('.')[0] ?? group));
const goTypeOf = (json: JsonValue): string => (Array.isArray(json) ? 'array' : json === null ? 'null' : typeof json);

function summary(json: JsonValue): string {
  const text = Buffer.from(JSON.stringify(json));
  return text.length > 30 ? `${text.subarray(0, 30).toString('hex')} ...` : text.toString('hex');
}
