/**
 * The patch verb: JSON, merge and strategic merge patches; `apply.ts` has server-side apply. Source: apiserver
 * pkg/endpoints/handlers/patch.go.
 */

import { FieldPath, fieldErrors } from '../../api/field-error.ts';
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { isCustom } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import type { ObjectFormat } from '../../api/object-format.ts';
import { applyJsonPatch } from '../../api/patch/json-patch.ts';
import { applyMergePatch } from '../../api/patch/merge-patch.ts';
import { copyObject, goFormat } from '../../api/patch/mutable-json.ts';
import { StatusError, statusErrors } from '../../api/status-error.ts';
import { apply } from './apply.ts';
import { decodeBody, formatOf, toServed } from './codec.ts';
import { patchedText } from './patched-text.ts';
import { type ChangeRequest, inNamespace, requireName } from './prepare.ts';
import type { MutateOptions, PatchRequest, WriteAnswer } from './registry.ts';
import { change } from './update.ts';

/** Patches the stored object. Rejects with StatusError. */
export async function patch(request: ChangeRequest, body: PatchRequest, options: MutateOptions): Promise<WriteAnswer> {
  if (body.type === 'apply') return apply(request, body, options);
  return change(request, options, { wanted: async ({ object }) => patched(request, object, body, options) });
}

/** The object after a patch, decoded and with defaults, as if it had been sent whole. Throws StatusError. */
export async function patched(request: ChangeRequest, object: KubeObject, body: PatchRequest, options: MutateOptions): Promise<KubeObject> {
  const { parts, context, target } = request;
  if (options.fieldValidation !== 'Ignore') requirePatchShape(body);
  // Managed fields that a patch says nothing of are not copied, and stay the very same.
  const managedFields = namesManagedFields(body) ? undefined : object.metadata.managedFields;
  const source = managedFields === undefined ? object : withMeta(object, { managedFields: undefined });
  const json = applyPatch(toServed(target, source), body, formatOf(parts, target));
  let decoded: KubeObject;
  try {
    const { strictErrors = [] } = body;
    decoded = await decodeBody(parts, context, target, { json, text: undefined, strictErrors, fieldValidation: options.fieldValidation });
  } catch (error) {
    // Upstream's message shows the patch for strategic merge patches, and the patched object for others.
    const shown =
      body.type === 'strategic'
        ? goFormat(copyObject(asPatchObject(body.body)))
        : patchedText(whole(request, object, body), body, isCustom(target.kind));
    throw unreadable(error, shown);
  }
  const received = inNamespace(target, managedFields === undefined ? decoded : withMeta(decoded, { managedFields }));
  requireName(target, received);
  return received;
}

/** The patched object with all that it has, in the order of its type. */
function whole({ parts, target }: ChangeRequest, object: KubeObject, body: PatchRequest): JsonObject {
  const format = formatOf(parts, target);
  const document = toServed(target, object);
  return applyPatch(format.canonical?.(document) ?? document, body, format);
}

/** Whether a patch may read or change managed fields. */
const namesManagedFields = ({ body }: PatchRequest): boolean => {
  if (!Array.isArray(body))
    return (
      !isObject(body) ||
      (isObject(body.metadata)
        ? 'managedFields' in body.metadata || '$patch' in body.metadata
        : body.metadata !== undefined || '$patch' in body)
    );
  return (body as readonly JsonValue[]).some((step) => {
    const paths = isObject(step) ? [step.path, step.from] : [];
    return paths.some(
      (path) => typeof path === 'string' && (path === '' || path === '/metadata' || path.startsWith('/metadata/managedFields')),
    );
  });
};

/**
 * What Go's strict decoder wants each type of patch to be. Source: apiserver pkg/endpoints/handlers/patch.go
 * (applyJSPatch).
 */
const patchShapes = { json: '[]handlers.jsonPatchOp', merge: 'map[string]interface {}' } as const;

/** Throws StatusError (400) for a patch that is no list, or no object; null passes for either. */
function requirePatchShape({ type, body }: PatchRequest): void {
  if ((type !== 'json' && type !== 'merge') || body === null) return;
  const isList = Array.isArray(body);
  if (typeof body === 'object' && isList === (type === 'json')) return;
  const found = isList ? 'array' : typeof body === 'boolean' ? 'bool' : typeof body;
  throw statusErrors.badRequest(`error decoding patch: json: cannot unmarshal ${found} into Go value of type ${patchShapes[type]}`);
}

/** Applies a patch to an object as JSON in the request's version, whose format is given. */
export function applyPatch(document: JsonObject, { type, body }: PatchRequest, format: Pick<ObjectFormat, 'strategicMerge'>): JsonObject {
  switch (type) {
    case 'json':
      return applyJsonPatch(document, body);
    case 'merge':
      return applyMergePatch(document, body);
    case 'strategic':
      if (format.strategicMerge === undefined) throw unsupportedPatch(['json-patch+json', 'merge-patch+json', 'apply-patch+yaml']);
      return format.strategicMerge(document, body);
    case 'apply':
      throw new Error('a configuration is applied by field management');
  }
}

const unsupportedPatch = (accepted: readonly string[]): StatusError =>
  statusErrors.unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${accepted.map((type) => `application/${type}`).join(', ')}`,
  );

/** A strategic merge patch that has been applied is an object. */
const asPatchObject = (body: JsonValue): JsonObject => body as JsonObject;

/** The error when the patched object cannot be decoded: Invalid, naming the patch. */
function unreadable(error: unknown, shown: string): unknown {
  if (!(error instanceof StatusError) || error.reason !== 'BadRequest') return error;
  const cause = error.message.replace(/^.*? cannot be handled as a [^:]+: /, '');
  return statusErrors.invalid({ group: '', kind: '' }, '', [fieldErrors.invalid(FieldPath.root.field('patch'), shown, cause)]);
}
