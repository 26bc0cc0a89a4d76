/**
 * The create verb. Source: apiserver pkg/endpoints/handlers/create.go, pkg/registry/generic/registry/store.go (Create).
 */
import { generateName } from '../../api/names.ts';
import type { KubeObject } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import { StatusError, statusErrors } from '../../api/status-error.ts';
import { rfc3339 } from '../../api/time.ts';
import { type Gate, gateOf, storedThrough } from './admit.ts';
import { decodeBody } from './codec.ts';
import { commit, keyOf, unstoredEntry, withReservation } from './commit.ts';
import {
  type ChangeRequest,
  inNamespace,
  managerOf,
  prepareForCreate,
  sentResourceVersion,
  withoutSystemMeta,
  withUniqueOwners,
} from './prepare.ts';
import type { Body, MutateOptions, WriteAnswer } from './registry.ts';
import { resourceOf } from './store-errors.ts';
import { storedObject } from './stored-form.ts';

/**
 * How many generated names are tried. Source: apiserver pkg/registry/generic/registry/store.go
 * (maxNameGenerationCreateAttempts).
 */
const nameAttempts = 8;

interface CreateOptions extends MutateOptions {
  /** The resourceVersion of what was sent to be created; absent where that may have one. */
  readonly sentVersion?: string;
}

/** Creates from a request's body. Rejects with StatusError. */
export async function create(request: ChangeRequest, body: Body, options: MutateOptions): Promise<WriteAnswer> {
  const { parts, context, target } = request;
  const decoded = await decodeBody(parts, context, target, { ...body, fieldValidation: options.fieldValidation });
  const received = inNamespace(target, withoutSystemMeta(decoded));
  requireNamespace(request);
  const own = { ...options, sentVersion: sentResourceVersion(received) };
  const { name = '', generateName: base = '' } = received.metadata;
  const gate = gateOf({ ...request, target: { ...target, name } }, options);
  const admitted = await admit(request, gate, received, options);
  if (name !== '' || base === '') return createAdmitted({ ...request, target: { ...target, name } }, gate, admitted, own);
  for (let attempt = 1; ; attempt++) {
    const generated = target.kind.create?.generatesName === false ? base : generateName(base, () => parts.random());
    const named = { ...request, target: { ...target, name: generated } };
    try {
      return await createAdmitted(named, gateOf(named, options), withMeta(admitted, { name: generated }), own);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
      if (attempt === nameAttempts) throw statusErrors.generateNameConflict(resourceOf(target), generated);
    }
  }
}

function requireNamespace({ target }: ChangeRequest): void {
  if (target.kind.scope === 'Namespaced' && target.namespace === '') {
    throw statusErrors.badRequest('an empty namespace may not be set during creation');
  }
}

/**
 * Only upstream's storage refuses a resourceVersion, after admission and validation, and a dry run does not reach it.
 * Source: apiserver pkg/storage/etcd3/store.go (Create).
 */
function requireNoVersion({ sentVersion = '', dryRun }: CreateOptions): void {
  if (!dryRun && sentVersion !== '' && sentVersion !== '0') {
    throw new StatusError({ code: 500, message: 'resourceVersion should not be set on objects to be created' });
  }
}

/** Creates an object that a PUT or an apply named but did not find. */
export async function createAbsent(request: ChangeRequest, received: KubeObject, options: MutateOptions): Promise<WriteAnswer> {
  const gate = gateOf(request, options);
  return createAdmitted(request, gate, await admit(request, gate, withoutSystemMeta(received), options), options);
}

/** Creates an object from a configuration that was applied, whose managed fields are set. */
export async function createApplied(request: ChangeRequest, received: KubeObject, options: MutateOptions): Promise<WriteAnswer> {
  requireUnrefused(request, received);
  const gate = gateOf(request, options);
  return createAdmitted(request, gate, await admittedBy(request, gate, withoutSystemMeta(received)), options);
}

function requireUnrefused({ target }: ChangeRequest, { metadata }: KubeObject): void {
  const { refusal } = target.kind.create ?? {};
  if (refusal !== undefined) throw statusErrors.forbidden(resourceOf(target), metadata.name ?? '', refusal);
}

async function admittedBy({ parts, context, target }: ChangeRequest, gate: Gate, managed: KubeObject): Promise<KubeObject> {
  const admitted = withUniqueOwners(context, await gate.mutate(managed, undefined), true);
  parts.behaviours.get(target.kind.resourceName)?.guard?.({ context, target, object: admitted, previous: undefined });
  return admitted;
}

/** Runs field management and mutating admission. They run before a name is generated, as upstream's plugins see it. */
async function admit(request: ChangeRequest, gate: Gate, received: KubeObject, options: MutateOptions): Promise<KubeObject> {
  const { parts, context, target } = request;
  requireUnrefused(request, received);
  const unique = withUniqueOwners(context, received, false);
  const managed = await parts.fields.update({ target, live: undefined, object: unique, manager: managerOf(context, options) });
  return admittedBy(request, gate, managed);
}

async function createAdmitted(request: ChangeRequest, gate: Gate, admitted: KubeObject, options: CreateOptions): Promise<WriteAnswer> {
  const { parts, target } = request;
  const behaviour = parts.behaviours.get(target.kind.resourceName);
  // What a client sends to a dry run comes back, as from upstream.
  const resourceVersion = options.dryRun ? admitted.metadata.resourceVersion : undefined;
  const made = withMeta(admitted, { uid: parts.newUid(), creationTimestamp: rfc3339(parts.now()), resourceVersion });
  const object = behaviour?.stamp?.(parts, { ...request, object: made, previous: undefined }) ?? made;
  const reserve = behaviour?.beginCreate;
  const begin = reserve === undefined ? undefined : (sent: KubeObject) => reserve.call(behaviour, sent, options.dryRun);
  return withReservation(object, begin, async (reserved) => {
    const finished = prepareForCreate(request, reserved);
    await options.authorizeCreate?.();
    return storedThrough(gate, gate.validate(finished, undefined), () => {
      requireNoVersion(options);
      return store(request, finished, options.dryRun);
    });
  });
}

async function store(request: ChangeRequest, object: KubeObject, dryRun: boolean): Promise<WriteAnswer> {
  const { parts, target } = request;
  const key = keyOf({ ...target, namespace: object.metadata.namespace ?? '', name: object.metadata.name });
  const stored = await storedObject(parts, target.kind, object);
  if (dryRun) {
    const existing = parts.store.get(key);
    if (existing !== undefined) throw alreadyExists(request, existing.object);
    return { entry: unstoredEntry(key, stored, 0), created: true };
  }
  const entry = await commit(parts, { key, object: stored, expectedRevision: 0 });
  if (entry === undefined) throw alreadyExists(request, parts.store.get(key)?.object);
  return { entry, created: true };
}

function alreadyExists({ target }: ChangeRequest, existing: KubeObject | undefined): StatusError {
  const error = statusErrors.alreadyExists(resourceOf(target), target.name);
  if (existing?.metadata.deletionTimestamp === undefined) return error;
  return new StatusError({ ...error.status, message: `object is being deleted: ${error.message}` });
}
