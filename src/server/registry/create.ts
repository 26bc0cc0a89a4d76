/** The create verb. Source: apiserver pkg/endpoints/handlers/create.go, pkg/registry/generic/registry/store.go (Create). */
import { generateName } from '../../api/names.ts';
import type { KubeObject } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import { StatusError, statusErrors } from '../../api/status-error.ts';
import { rfc3339 } from '../../api/time.ts';
import { admitMutating, admitValidating } from './admit.ts';
import { decodeBody } from './codec.ts';
import { atRevision, commit, keyOf, unstoredEntry, withReservation } from './commit.ts';
import { type ChangeRequest, inNamespace, prepareForCreate, sentResourceVersion, withoutSystemMeta, withUniqueOwners } from './prepare.ts';
import type { Body, MutateOptions, WriteAnswer } from './registry.ts';
import { resourceOf } from './store-errors.ts';

/** How often a generated name is tried. Source: apiserver pkg/registry/generic/registry/store.go (maxNameGenerationCreateAttempts). */
const nameAttempts = 8;

/** Creates from a request's body. Rejects with StatusError. */
export async function create(request: ChangeRequest, body: Body, options: MutateOptions): Promise<WriteAnswer> {
  const { parts, context, target } = request;
  const decoded = await decodeBody(parts, context, target, { ...body, fieldValidation: options.fieldValidation });
  const received = withUniqueOwners(context, inNamespace(target, withoutSystemMeta(decoded)), false);
  const name = received.metadata.name ?? '';
  const base = received.metadata.generateName ?? '';
  requireCreatable(request, received);
  const admitted = await admit({ ...request, target: { ...target, name } }, received, options);
  if (name !== '' || base === '') return createAdmitted({ ...request, target: { ...target, name } }, admitted, options);
  for (let attempt = 1; ; attempt++) {
    const generated = generateName(base, () => parts.random());
    try {
      return await createAdmitted({ ...request, target: { ...target, name: generated } }, withMeta(admitted, { name: generated }), options);
    } catch (error) {
      if (!(error instanceof StatusError) || error.reason !== 'AlreadyExists') throw error;
      if (attempt === nameAttempts) throw statusErrors.generateNameConflict(resourceOf(target), generated);
    }
  }
}

function requireCreatable({ target }: ChangeRequest, received: KubeObject): void {
  if (target.kind.scope === 'Namespaced' && target.namespace === '') {
    throw statusErrors.badRequest('an empty namespace may not be set during creation');
  }
  if (sentResourceVersion(received) !== '' && sentResourceVersion(received) !== '0') {
    throw new StatusError({ code: 500, message: 'resourceVersion should not be set on objects to be created' });
  }
}

/** Creates what an update named but did not find. */
export async function createOnUpdate(
  request: ChangeRequest,
  received: KubeObject,
  options: Pick<MutateOptions, 'dryRun'>,
): Promise<WriteAnswer> {
  return createAdmitted(request, await admit(request, received, options), options);
}

/** Mutating admission; comes before a name is generated, as plugins upstream see it. */
async function admit(request: ChangeRequest, received: KubeObject, { dryRun }: Pick<MutateOptions, 'dryRun'>): Promise<KubeObject> {
  return withUniqueOwners(request.context, await admitMutating(request, received, undefined, dryRun), true);
}

async function createAdmitted(
  request: ChangeRequest,
  admitted: KubeObject,
  { dryRun }: Pick<MutateOptions, 'dryRun'>,
): Promise<WriteAnswer> {
  const { parts, target } = request;
  const object = withMeta(admitted, { uid: parts.newUid(), creationTimestamp: rfc3339(parts.now()), resourceVersion: undefined });
  const behaviour = parts.behaviours.get(target.kind.resourceName);
  const reserve = behaviour?.beginCreate?.bind(behaviour);
  return withReservation(object, reserve, async (reserved) => {
    const finished = prepareForCreate(request, reserved);
    await admitValidating(request, { object: finished, oldObject: undefined, dryRun });
    return store(request, finished, dryRun);
  });
}

async function store(request: ChangeRequest, object: KubeObject, dryRun: boolean): Promise<WriteAnswer> {
  const { parts, target } = request;
  const key = keyOf({ ...target, namespace: object.metadata.namespace ?? '', name: object.metadata.name });
  const existing = parts.store.get(key);
  if (existing !== undefined) throw alreadyExists(request, existing.object);
  if (dryRun) return { entry: unstoredEntry(key, atRevision(object, 0), 0), created: true };
  const entry = await commit(parts, { key, object, expectedRevision: 0 });
  if (entry === undefined) throw alreadyExists(request, parts.store.get(key)?.object);
  return { entry, created: true };
}

function alreadyExists({ target }: ChangeRequest, existing: KubeObject | undefined): StatusError {
  const error = statusErrors.alreadyExists(resourceOf(target), target.name);
  if (existing?.metadata.deletionTimestamp === undefined) return error;
  return new StatusError({ ...error.status, message: `object is being deleted: ${error.message}` });
}
