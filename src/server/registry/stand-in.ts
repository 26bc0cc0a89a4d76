/**
 * Sub-resources that show an object as another type, a stand-in, and accept changes of it: scale. Source:
 * pkg/registry/apps/deployment/storage (ScaleREST).
 */
import { FieldPath } from '../../api/field-error.ts';
import type { JsonObject } from '../../api/json.ts';
import { scaleKind } from '../../api/kinds/autoscaling/scale.ts';
import type { KubeObject } from '../../api/object.ts';
import { asJson, asObject, withMeta } from '../../api/object-fields.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { Entry } from '../store/store.ts';
import { gateOf } from './admit.ts';
import { configOf, decoded, tellRepetitions } from './apply.ts';
import { decodeAs } from './codec.ts';
import { keyOf, unstoredEntry } from './commit.ts';
import type { StandIn } from './managed-fields.ts';
import { applyPatch } from './patch.ts';
import { type ChangeRequest, managerOf, requireName } from './prepare.ts';
import type { Body, MutateOptions, PatchRequest, WriteAnswer } from './registry.ts';
import { resourceOf } from './store-errors.ts';
import { currentEntry } from './stored-form.ts';
import { change, requireSameUid } from './update.ts';

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
  if (patch.type === 'apply') return applyStandIn(request, standIn, patch, options);
  const format = request.parts.formats.ofType(standIn.body);
  return changeByStandIn(request, standIn, options, (before) => ({
    json: applyPatch(asJson(before), patch, format),
    text: undefined,
    ...(patch.strictErrors === undefined ? {} : { strictErrors: patch.strictErrors }),
  }));
}

const showForChange = (standIn: StandIn, object: KubeObject): JsonObject => standIn.showForChange?.(object) ?? standIn.show(object);

async function applyStandIn(request: ChangeRequest, standIn: StandIn, patch: PatchRequest, options: MutateOptions): Promise<WriteAnswer> {
  const { parts, context, target } = request;
  const config = configOf(patch.body);
  const { force } = patch;
  const write = { standIn, target, manager: options.fieldManager, config, force };
  return storeStandIn(request, standIn, options, async (before) => {
    const json = await parts.fields.applyStandIn({ ...write, live: before });
    const sent = decoded(() => received(request, standIn, { json, text: undefined }, { ...options, fieldValidation: 'Ignore' }));
    tellRepetitions(context, patch, options);
    return asObject(sent);
  });
}

async function changeByStandIn(
  request: ChangeRequest,
  standIn: StandIn,
  options: MutateOptions,
  edit: (before: KubeObject) => Body,
): Promise<WriteAnswer> {
  const { fields } = request.parts;
  const manager = managerOf(request.context, options);
  return storeStandIn(request, standIn, options, async (before) => {
    const object = asObject(received(request, standIn, edit(before), options));
    return fields.updateStandIn({ standIn, target: request.target, live: before, object, manager });
  });
}

/** Changes the stored object by the stand-in that `next` makes, with its managed fields, from the one before. */
async function storeStandIn(
  request: ChangeRequest,
  standIn: StandIn,
  options: MutateOptions,
  next: (before: KubeObject) => Promise<KubeObject>,
): Promise<WriteAnswer> {
  const { fields } = request.parts;
  const main: ChangeRequest = { ...request, target: { ...request.target, subresource: '' } };
  const { mutate, validate, settle } = gateOf(request, options);
  const show = (object: KubeObject): KubeObject => asObject(showForChange(standIn, object));
  const { entry } = await change(main, options, {
    wanted: async (current) => {
      const { object } = current;
      const before = fields.shown(standIn, main.target, object);
      const sent = await mutate(await next(before), show(object));
      requireValid(request, standIn, sent);
      const taken = standIn.take(asJson(sent), object);
      const { resourceVersion = '', uid = object.metadata.uid } = sent.metadata;
      requireSameUid(main, sent, current);
      return withMeta(taken, {
        // Without one the change is of the object as it is now.
        resourceVersion: resourceVersion === '' ? object.metadata.resourceVersion : resourceVersion,
        uid,
        managedFields: fields.fromStandIn(standIn, main.target, object, sent),
      });
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
function requireValid({ target }: ChangeRequest, { body: { kind }, validate }: StandIn, sent: KubeObject): void {
  const errors = validate(asJson(sent), FieldPath.root);
  // Of old versions, too, the group is that of the current one.
  if (errors.length > 0) throw statusErrors.invalid({ group: scaleKind.group, kind }, target.name, errors);
}
