/**
 * The update verb, and the read-change-write loop that it shares with patches. Source: apiserver
 * pkg/registry/generic/registry/store.go (Update).
 */

import { deepEqual } from '../../api/deep-equal.ts';
import { FieldPath, fieldErrors } from '../../api/field-error.ts';
import type { KubeObject } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import { isAlreadyExists, statusErrors } from '../../api/status-error.ts';
import type { Entry } from '../store/store.ts';
import { type Gate, gateOf, storedThrough } from './admit.ts';
import { decodeBody } from './codec.ts';
import { atRevision, commit, keyOf, unstoredEntry, withReservation } from './commit.ts';
import { createAbsent } from './create.ts';
import {
  type ChangeRequest,
  inNamespace,
  managerOf,
  prepareForUpdate,
  requireName,
  sentResourceVersion,
  withUniqueOwners,
} from './prepare.ts';
import type { Body, MutateOptions, Target, WriteAnswer } from './registry.ts';
import { preconditionFailed, resourceOf } from './store-errors.ts';
import { currentEntry, storedObject } from './stored-form.ts';

/** Replaces an object by a request's body. Rejects with StatusError. */
export async function update(request: ChangeRequest, body: Body, options: MutateOptions): Promise<WriteAnswer> {
  const { parts, context, target } = request;
  const existing = await currentEntry(target.kind, parts.store.get(keyOf(target)));
  const decoded = await decodeBody(parts, context, target, { ...body, fieldValidation: options.fieldValidation }, existing?.object);
  const received = withUniqueOwners(context, inNamespace(target, decoded), false);
  requireName(target, received);
  const creates = target.kind.update?.createsAbsent === true && target.subresource === '';
  return change(request, options, {
    wanted: async (current) => {
      requireSameUid(request, received, current);
      return received;
    },
    ...(creates ? { absent: async () => createAbsent(request, withoutUid(target, received), options) } : {}),
  });
}

/** Refuses a uid for an object that does not exist yet. Throws StatusError (409). */
function withoutUid(target: Target, received: KubeObject): KubeObject {
  const { uid } = received.metadata;
  if (uid !== undefined && uid !== '')
    throw preconditionFailed({ ...target, ...resourceOf(target), folder: target.kind.names.etcdFolder }, 'UID', uid, '');
  return received;
}

/** A change of a stored object. */
export interface Change {
  /** Makes the wanted object from the stored one. Called again when another write came in between. */
  wanted(current: Entry): Promise<KubeObject>;
  /**
   * Creates the object when there is none: for a PUT of Kinds that allow it, and for apply. Absent: it is an error that
   * the object does not exist.
   */
  absent?(): Promise<WriteAnswer>;
  /**
   * Set when the managed fields are known already, and when admission must see another object than the stored one: a
   * stand-in, which has already passed the mutating plugins. Default: field management, and then admission, see the
   * object itself.
   */
  readonly gate?: Gate;
}

/**
 * Reads, changes, checks and writes, and repeats this until no other write comes in between. An update that removes the
 * last finalizer of an object that is being deleted removes the object.
 */
export async function change(request: ChangeRequest, options: MutateOptions, wish: Change): Promise<WriteAnswer> {
  const { parts, target } = request;
  const gate = wish.gate ?? managing(request, options);
  for (;;) {
    const existing = await currentEntry(target.kind, parts.store.get(keyOf(target)));
    if (existing !== undefined) {
      const answer = await tryChange(request, gate, options, existing, await wish.wanted(existing));
      if (answer !== undefined) return answer;
      continue;
    }
    if (wish.absent === undefined) throw statusErrors.notFound(resourceOf(target), target.name);
    const answer = await unlessExisting(wish.absent());
    if (answer !== undefined) return answer;
  }
}

/** Runs field management, then the gate of the object itself. */
function managing(request: ChangeRequest, options: MutateOptions): Gate {
  const { parts, context, target } = request;
  const gate = gateOf(request, options);
  const manager = managerOf(context, options);
  return { ...gate, mutate: async (object, live) => gate.mutate(await parts.fields.update({ target, live, object, manager }), live) };
}

/** Undefined when another request has created the object meanwhile. */
async function unlessExisting(creating: Promise<WriteAnswer>): Promise<WriteAnswer | undefined> {
  try {
    return await creating;
  } catch (error) {
    if (isAlreadyExists(error)) return undefined;
    throw error;
  }
}

/** One attempt; undefined when another write came in between. */
async function tryChange(
  request: ChangeRequest,
  gate: Gate,
  { dryRun }: MutateOptions,
  existing: Entry,
  wanted: KubeObject,
): Promise<WriteAnswer | undefined> {
  const { parts, context, target } = request;
  const admitted = withUniqueOwners(context, await gate.mutate(wanted, existing.object), true);
  const behaviour = parts.behaviours.get(target.kind.resourceName);
  behaviour?.guard?.({ context, target, object: admitted, previous: existing.object });
  requireCurrent(request, admitted, existing);
  const reserve = target.subresource === '' ? behaviour?.beginUpdate : undefined;
  const begin = reserve === undefined ? undefined : (object: KubeObject) => reserve.call(behaviour, object, existing.object, dryRun);
  const stamped = behaviour?.stamp?.(parts, { context, target, object: admitted, previous: existing.object }) ?? admitted;
  return withReservation(atRevision(stamped, existing.revision), begin, async (reserved) => {
    const object = sameButForTimes(prepareForUpdate(request, reserved, existing.object), existing.object);
    return storedThrough(gate, gate.validate(object, existing.object), async () => {
      const removed = isRemoval(object, existing.object) && (target.kind.delete?.mayRemove?.(object) ?? true);
      const stored = removed ? undefined : await storedObject(parts, target.kind, object);
      if (dryRun) return { entry: unstoredEntry(existing.key, stored ?? object, existing.revision), created: false };
      const entry = await commit(parts, { key: existing.key, object: stored, expectedRevision: existing.revision });
      if (entry === undefined) return undefined;
      return { entry: removed ? unstoredEntry(existing.key, object, existing.revision) : entry, created: false };
    });
  });
}

/**
 * The object with the old times of its managed fields, when nothing else has changed: such an update must not write.
 * Source: apiserver pkg/endpoints/handlers/fieldmanager/equality.go (IgnoreManagedFieldsTimestampsTransformer).
 */
function sameButForTimes(next: KubeObject, previous: KubeObject): KubeObject {
  const [entries, before] = [next.metadata.managedFields ?? [], previous.metadata.managedFields ?? []];
  if (entries === before || entries.length === 0 || entries.length !== before.length) return next;
  if (entries.every(({ time }, index) => time === before[index]?.time)) return next;
  if (!entries.every((entry, index) => deepEqual({ ...entry, time: before[index]?.time }, before[index]))) return next;
  const restored = withMeta(next, { managedFields: before });
  return deepEqual(restored, previous) ? restored : next;
}

/** Throws StatusError (409) when a client means another object of this name. Patches mean none. */
export function requireSameUid({ target }: ChangeRequest, { metadata }: KubeObject, { object }: Entry): void {
  const { uid } = metadata;
  if (uid === undefined || uid === '' || uid === object.metadata.uid) return;
  throw preconditionFailed({ ...target, ...resourceOf(target), folder: target.kind.names.etcdFolder }, 'UID', uid, object.metadata.uid);
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

/**
 * True when an update must remove the object. Source: apiserver pkg/registry/generic/registry/store.go
 * (ShouldDeleteDuringUpdate).
 */
function isRemoval(next: KubeObject, previous: KubeObject): boolean {
  const { deletionTimestamp, deletionGracePeriodSeconds } = previous.metadata;
  return deletionTimestamp !== undefined && (next.metadata.finalizers ?? []).length === 0 && (deletionGracePeriodSeconds ?? 0) === 0;
}
