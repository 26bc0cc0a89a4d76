/** The patch verb: JSON, merge and strategic merge patches. Source: apiserver pkg/endpoints/handlers/patch.go. */

import { FieldPath, fieldErrors } from '../../api/field-error.ts';
import type { JsonObject, JsonValue } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import { copyObject, goFormat } from '../../api/patch/mutable-json.ts';
import { StatusError, statusErrors } from '../../api/status-error.ts';
import { decodeBody, servedModel, toServed } from './codec.ts';
import { type ChangeRequest, inNamespace, requireName } from './prepare.ts';
import type { MutateOptions, PatchRequest, WriteAnswer } from './registry.ts';
import type { RegistryParts } from './registry-parts.ts';
import { change } from './update.ts';

/** Patches the stored object. Rejects with StatusError; server-side apply is answered 415. */
export async function patch(request: ChangeRequest, body: PatchRequest, options: MutateOptions): Promise<WriteAnswer> {
  requireSupported(body);
  return change(request, options, { wanted: async ({ object }) => patched(request, object, body, options) });
}

/** The object after a patch, decoded and defaulted like one that was sent. Throws StatusError. */
export async function patched(request: ChangeRequest, object: KubeObject, body: PatchRequest, options: MutateOptions): Promise<KubeObject> {
  const { parts, context, target } = request;
  const json = applyPatch(parts, await toServed(target, object), body, servedModel(target));
  let decoded: KubeObject;
  try {
    const { strictErrors = [] } = body;
    decoded = await decodeBody(parts, context, target, { json, text: undefined, strictErrors, fieldValidation: options.fieldValidation });
  } catch (error) {
    // Upstream shows the patch for strategic merges, the outcome for the others.
    throw unreadable(error, body.type === 'strategic' ? goFormat(copyObject(asPatchObject(body.body))) : JSON.stringify(json));
  }
  const received = inNamespace(target, decoded);
  requireName(target, received);
  return received;
}

/** Applies a patch to JSON in the version that the request uses; `model` is that version's schema. */
export function applyPatch({ patcher }: RegistryParts, document: JsonObject, { type, body }: PatchRequest, model: string): JsonObject {
  switch (type) {
    case 'json':
      return patcher.json(document, body);
    case 'merge':
      return patcher.merge(document, body);
    case 'strategic':
      return patcher.strategic(document, body, model);
    case 'apply':
      throw unsupportedPatch();
  }
}

/** Throws StatusError (415) for a patch type that is not built, whether or not the object exists. */
export function requireSupported({ type }: PatchRequest): void {
  if (type === 'apply') throw unsupportedPatch();
}

const unsupportedPatch = (): StatusError =>
  statusErrors.unsupportedMediaType(
    'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json',
  );

/** A strategic merge patch that was applied is an object. */
const asPatchObject = (body: JsonValue): JsonObject => body as JsonObject;

/** What upstream answers when the patched object does not decode: Invalid, naming the patch. */
function unreadable(error: unknown, shown: string): unknown {
  if (!(error instanceof StatusError) || error.reason !== 'BadRequest') return error;
  const cause = error.message.replace(/^.*? cannot be handled as a [^:]+: /, '');
  return statusErrors.invalid({ group: '', kind: '' }, '', [fieldErrors.invalid(FieldPath.root.field('patch'), shown, cause)]);
}
