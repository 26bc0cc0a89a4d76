/** The scale sub-resource: autoscaling/v1 Scale of whatever has replicas. Source: pkg/registry/apps/deployment/storage (ScaleREST). */
import { type FieldError, FieldPath, fieldErrors } from '../../api/field-error.ts';
import type { JsonObject, JsonValue } from '../../api/json.ts';
import type { ScaleMapping } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { type StatusError, statusErrors } from '../../api/status-error.ts';
import type { Entry } from '../store/store.ts';
import { keyOf, unstoredEntry } from './commit.ts';
import { asObject } from './object-fields.ts';
import { applyPatch, requireSupported } from './patch.ts';
import { type ChangeRequest, requireName } from './prepare.ts';
import type { Body, MutateOptions, PatchRequest, WriteAnswer } from './registry.ts';
import { servedScale } from './scale-object.ts';
import { resourceOf } from './store-errors.ts';
import { change } from './update.ts';

const scaleModel = 'io.k8s.api.autoscaling.v1.Scale';

function mappingOf({ target }: ChangeRequest): ScaleMapping<KubeObject> {
  const mapping = target.kind.subresources?.scale;
  if (mapping === undefined) throw statusErrors.noSuchResource();
  return mapping;
}

/** The Scale of a stored object. Throws StatusError (404). */
export function getScale(request: ChangeRequest): Entry {
  const { parts, target } = request;
  const entry = parts.store.get(keyOf(target));
  if (entry === undefined) throw statusErrors.notFound(resourceOf(target), target.name);
  return scaleEntry(request, entry);
}

function scaleEntry(request: ChangeRequest, entry: Entry): Entry {
  return unstoredEntry(entry.key, asObject(servedScale(mappingOf(request), entry.object)), entry.revision);
}

/** Sets the replicas from a Scale. Rejects with StatusError. */
export function updateScale(request: ChangeRequest, body: Body, options: MutateOptions): Promise<WriteAnswer> {
  return changeScale(request, options, () => body.json);
}

/** Patches the Scale of the stored object. Rejects with StatusError. */
export async function patchScale(request: ChangeRequest, body: PatchRequest, options: MutateOptions): Promise<WriteAnswer> {
  requireSupported(body);
  return changeScale(request, options, (scale) => applyPatch(request.parts, scale, body, scaleModel));
}

async function changeScale(request: ChangeRequest, options: MutateOptions, edit: (scale: JsonObject) => JsonValue): Promise<WriteAnswer> {
  const mapping = mappingOf(request);
  const main: ChangeRequest = { ...request, target: { ...request.target, subresource: '' } };
  const { entry } = await change(main, options, async ({ object }) => {
    const scale = readScale(edit(servedScale(mapping, object)));
    requireName(request.target, scale.object);
    const scaled = mapping.withReplicas(object, scale.replicas);
    const { resourceVersion, uid } = scale.object.metadata;
    return { ...scaled, metadata: { ...scaled.metadata, resourceVersion: resourceVersion ?? '', uid: uid ?? object.metadata.uid } };
  });
  return { entry: scaleEntry(request, entry), created: false };
}

function readScale(json: JsonValue): { readonly object: KubeObject; readonly replicas: number } {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw cannotBeHandled('json: cannot unmarshal value into Go value of type v1.Scale');
  const { metadata, spec, kind, apiVersion } = json as JsonObject;
  if (kind !== undefined && kind !== 'Scale') throw cannotBeHandled(`${String(apiVersion)}, Kind=${String(kind)} is not a Scale`);
  const replicas = typeof spec === 'object' && spec !== null ? ((spec as JsonObject).replicas ?? 0) : 0;
  if (typeof replicas !== 'number' || !Number.isInteger(replicas)) {
    throw cannotBeHandled(`json: cannot unmarshal ${typeof replicas} into Go struct field ScaleSpec.spec.replicas of type int32`);
  }
  const errors: FieldError[] = [];
  if (replicas < 0) {
    errors.push(fieldErrors.invalid(FieldPath.root.field('spec', 'replicas'), replicas, 'must be greater than or equal to 0'));
  }
  const object = asObject({ apiVersion: 'autoscaling/v1', kind: 'Scale', metadata: metadata ?? {} });
  if (errors.length > 0) throw statusErrors.invalid({ group: 'autoscaling', kind: 'Scale' }, object.metadata.name ?? '', errors);
  return { object, replicas };
}

const cannotBeHandled = (cause: string): StatusError =>
  statusErrors.badRequest(`Scale in version "v1" cannot be handled as a Scale: ${cause}`);
