/**
 * Sub-resources that show an object as another type, a stand-in, and accept changes of it: scale. Source:
 * pkg/registry/apps/deployment/storage (ScaleREST).
 */
import { FieldPath } from '../../api/field-error.ts';
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import { asJson, asObject } from '../../api/object-fields.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { StandInSubresource } from '../../api/subresource.ts';
import type { Entry } from '../store/store.ts';
import { gateOf } from './admit.ts';
import { decodeAs } from './codec.ts';
import { keyOf, unstoredEntry } from './commit.ts';
import { applyPatch, requireSupported } from './patch.ts';
import { type ChangeRequest, requireName } from './prepare.ts';
import type { Body, MutateOptions, PatchRequest, WriteAnswer } from './registry.ts';
import { resourceOf } from './store-errors.ts';
import { currentEntry } from './stored-form.ts';
import { change } from './update.ts';

export type StandIn = StandInSubresource<KubeObject>;

/** The stand-in for a stored object. Throws StatusError (404). */
export async function getStandIn({ parts, target }: ChangeRequest, standIn: StandIn): Promise<Entry> {
  const entry = await currentEntry(target.kind, parts.store.get(keyOf(target)));
  if (entry === undefined) throw statusErrors.notFound(resourceOf(target), target.name);
  return shown(standIn, entry);
}

const shown = (standIn: StandIn, { key, object, revision }: Entry): Entry => unstoredEntry(key, asObject(standIn.show(object)), revision);

/** Changes the stored object as a complete stand-in asks. Rejects with StatusError. */
export function updateStandIn(request: ChangeRequest, standIn: StandIn, body: Body, options: MutateOptions): Promise<WriteAnswer> {
  return changeByStandIn(request, standIn, options, () => body);
}

/** Changes the stored object as a patch of its stand-in asks. Rejects with StatusError. */
export async function patchStandIn(
  request: ChangeRequest,
  standIn: StandIn,
  patch: PatchRequest,
  options: MutateOptions,
): Promise<WriteAnswer> {
  requireSupported(patch);
  const format = request.parts.formats.ofType(standIn.body);
  return changeByStandIn(request, standIn, options, (before) => ({
    json: applyPatch(before, patch, format),
    text: undefined,
    ...(patch.strictErrors === undefined ? {} : { strictErrors: patch.strictErrors }),
  }));
}

const showForChange = (standIn: StandIn, object: KubeObject): JsonObject => standIn.showForChange?.(object) ?? standIn.show(object);

async function changeByStandIn(
  request: ChangeRequest,
  standIn: StandIn,
  options: MutateOptions,
  edit: (before: JsonObject) => Body,
): Promise<WriteAnswer> {
  const main: ChangeRequest = { ...request, target: { ...request.target, subresource: '' } };
  const { mutate, validate, settle } = gateOf(request, options);
  const show = (object: KubeObject): KubeObject => asObject(showForChange(standIn, object));
  const { entry } = await change(main, options, {
    wanted: async ({ object }) => {
      const sent = await mutate(asObject(received(request, standIn, edit(showForChange(standIn, object)), options)), show(object));
      requireValid(request, standIn, sent);
      const taken = standIn.take(asJson(sent), object);
      const { resourceVersion, uid } = sent.metadata;
      return { ...taken, metadata: { ...taken.metadata, resourceVersion: resourceVersion ?? '', uid: uid ?? object.metadata.uid } };
    },
    gate: {
      mutate: async (object) => object,
      validate: (object, oldObject) => validate(show(object), oldObject === undefined ? undefined : show(oldObject)),
      settle,
    },
  });
  return { entry: shown(standIn, (await currentEntry(main.target.kind, entry)) ?? entry), created: false };
}

/** Decodes a stand-in. Throws StatusError (400). */
function received({ parts, context, target }: ChangeRequest, { body: type }: StandIn, body: Body, options: MutateOptions): JsonObject {
  const sent = decodeAs(parts, context, type, { ...body, fieldValidation: options.fieldValidation });
  requireName(target, asObject(sent));
  return sent;
}

/** Throws StatusError (422) when the stand-in is invalid. */
function requireValid({ target }: ChangeRequest, { body: { group, kind }, validate }: StandIn, sent: KubeObject): void {
  const errors = validate(asJson(sent), FieldPath.root);
  if (errors.length > 0) throw statusErrors.invalid({ group, kind }, target.name, errors);
}
