/** The update verb, and the read-change-write loop that patches share. Source: apiserver pkg/registry/generic/registry/store.go (Update). */

import { FieldPath, fieldErrors } from '../../api/field-error.ts';
import type { KubeObject } from '../../api/object.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { Entry } from '../store/store.ts';
import { admitMutating, admitValidating } from './admit.ts';
import { decodeBody } from './codec.ts';
import { atRevision, commit, keyOf, unstoredEntry, withReservation } from './commit.ts';
import { createOnUpdate } from './create.ts';
import {
  type ChangeRequest,
  inNamespace,
  prepareForUpdate,
  requireName,
  sentResourceVersion,
  withoutSystemMeta,
  withUniqueOwners,
} from './prepare.ts';
import type { Body, MutateOptions, WriteAnswer } from './registry.ts';
import { preconditionFailed, resourceOf } from './store-errors.ts';

/** Replaces from a request's body. Rejects with StatusError. */
export async function update(request: ChangeRequest, body: Body, options: MutateOptions): Promise<WriteAnswer> {
  const { parts, context, target } = request;
  const existing = parts.store.get(keyOf(target));
  const decoded = await decodeBody(parts, context, target, { ...body, fieldValidation: options.fieldValidation }, existing?.object);
  const received = withUniqueOwners(context, inNamespace(target, decoded), false);
  requireName(target, received);
  const { uid } = received.metadata;
  if (existing === undefined && target.kind.update?.createsAbsent === true && target.subresource === '') {
    if (uid !== undefined && uid !== '') throw preconditionFailed(target, 'UID', uid, '');
    return createOnUpdate(request, withoutSystemMeta(received), options);
  }
  return change(request, options, () => Promise.resolve(received));
}

/** Makes the wanted object from the stored one; called again when another write came between. */
export type Changed = (current: Entry) => Promise<KubeObject>;

/** Reads, changes, checks and writes until no other write comes between. An update that empties the finalizers of a deleted object removes it. */
export async function change(request: ChangeRequest, options: Pick<MutateOptions, 'dryRun'>, changed: Changed): Promise<WriteAnswer> {
  const { parts, target } = request;
  for (;;) {
    const existing = parts.store.get(keyOf(target));
    if (existing === undefined) throw statusErrors.notFound(resourceOf(target), target.name);
    const answer = await tryChange(request, options, existing, await changed(existing));
    if (answer !== undefined) return answer;
  }
}

/** One round: undefined when another write came between. */
async function tryChange(
  request: ChangeRequest,
  { dryRun }: Pick<MutateOptions, 'dryRun'>,
  existing: Entry,
  wanted: KubeObject,
): Promise<WriteAnswer | undefined> {
  const { parts, context, target } = request;
  requireSameUid(request, wanted, existing);
  const admitted = withUniqueOwners(context, await admitMutating(request, wanted, existing.object, dryRun), true);
  requireCurrent(request, admitted, existing);
  const behaviour = parts.behaviours.get(target.kind.resourceName);
  const reserve = target.subresource === '' ? behaviour?.beginUpdate : undefined;
  const begin = reserve === undefined ? undefined : (object: KubeObject) => reserve.call(behaviour, object, existing.object);
  return withReservation(atRevision(admitted, existing.revision), begin, async (reserved) => {
    const object = prepareForUpdate(request, reserved, existing.object);
    await admitValidating(request, { object, oldObject: existing.object, dryRun });
    const removed = isRemoval(object, existing.object) && (target.kind.delete?.mayRemove?.(object) ?? true);
    if (dryRun) return { entry: unstoredEntry(existing.key, object, existing.revision), created: false };
    const entry = await commit(parts, { key: existing.key, object: removed ? undefined : object, expectedRevision: existing.revision });
    if (entry === undefined) return undefined;
    return { entry: removed ? unstoredEntry(existing.key, object, existing.revision) : entry, created: false };
  });
}

function requireSameUid({ target }: ChangeRequest, { metadata }: KubeObject, { object }: Entry): void {
  const { uid } = metadata;
  if (uid === undefined || uid === '' || uid === object.metadata.uid) return;
  throw preconditionFailed(target, 'UID', uid, object.metadata.uid);
}

function requireCurrent({ target }: ChangeRequest, wanted: KubeObject, existing: Entry): void {
  const sent = sentResourceVersion(wanted);
  if (sent === '' || sent === '0') {
    if (target.kind.update?.unconditional ?? true) return;
    const at = FieldPath.root.field('metadata', 'resourceVersion');
    const { group, resource } = resourceOf(target);
    throw statusErrors.invalid({ group, kind: resource }, target.name, [fieldErrors.invalid(at, 0, 'must be specified for an update')]);
  }
  if (sent !== String(existing.revision)) throw statusErrors.modified(resourceOf(target), target.name);
}

/** Source: apiserver pkg/registry/generic/registry/store.go (ShouldDeleteDuringUpdate). */
function isRemoval(next: KubeObject, previous: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = previous.metadata;
  return deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0 && (deletionGracePeriodSeconds ?? 0) === 0;
}
