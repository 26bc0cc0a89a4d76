/**
 * What the registry does to an object before and after the pure pipeline of `api/before-write.ts`: names, namespaces,
 * owners, errors and warnings.
 */
import { beforeCreate, beforePartUpdate, beforeUpdate, type Finished } from '../../api/before-write.ts';
import type { AnyKind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import { statusErrors } from '../../api/status-error.ts';
import { rfc3339 } from '../../api/time.ts';
import type { MutateOptions, RequestContext, Target } from './registry.ts';
import type { RegistryParts } from './registry-parts.ts';
import { conversionOf } from './served-version.ts';

/** A copy without the metadata that a client cannot set on creation. */
export const withoutSystemMeta = (object: KubeObject): KubeObject =>
  withMeta(object, {
    uid: undefined,
    creationTimestamp: undefined,
    deletionTimestamp: undefined,
    deletionGracePeriodSeconds: undefined,
    selfLink: undefined,
    generation: undefined,
  });

/** Gives an object the namespace of the request. Throws StatusError (400) when the object names another. */
export function inNamespace({ kind, namespace }: Target, object: KubeObject): KubeObject {
  const wanted = kind.scope === 'Namespaced' ? namespace : '';
  const found = object.metadata.namespace ?? '';
  if (found === wanted) return object;
  if (found === '') return withMeta(object, { namespace: wanted });
  if (wanted === '') return withMeta(object, { namespace: undefined });
  throw statusErrors.badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

/** Throws StatusError (400) when the object's name differs from the name in the URL. */
export function requireName({ name }: Target, object: KubeObject): void {
  const found = object.metadata.name ?? '';
  if (found === '') {
    throw statusErrors.badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (found !== name) throw statusErrors.badRequest(`the name of the object (${found}) does not match the name on the URL (${name})`);
}

/** Drops repeated owner references, with upstream's warning. Source: apiserver pkg/endpoints/handlers/rest.go. */
export function withUniqueOwners(context: RequestContext, object: KubeObject, afterMutatingAdmission: boolean): KubeObject {
  const owners = object.metadata.ownerReferences ?? [];
  if (owners.length < 2) return object;
  const seen = new Set<string>();
  const uids: string[] = [];
  const unique = owners.filter((owner) => {
    const key = JSON.stringify([owner.apiVersion, owner.kind, owner.name, owner.uid, owner.controller, owner.blockOwnerDeletion]);
    if (seen.has(key)) uids.push(owner.uid);
    const first = !seen.has(key);
    seen.add(key);
    return first;
  });
  if (unique.length === owners.length) return object;
  const when = afterMutatingAdmission ? ' after mutating admission happens' : '';
  context.warn(
    `.metadata.ownerReferences contains duplicate entries${when}; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids.join(', ')}`,
  );
  return withMeta(object, { ownerReferences: unique });
}

export interface ChangeRequest {
  readonly parts: RegistryParts;
  readonly context: RequestContext;
  readonly target: Target;
}

/**
 * Finishes a new object whose name and system metadata are set. Throws StatusError (422) with all validation errors.
 */
export function prepareForCreate(request: ChangeRequest, received: KubeObject): KubeObject {
  const { context, target } = request;
  const finished = beforeCreate(target.kind, inNamespace(target, received), conversionOf(target));
  return accepted(target.kind, checked(request, finished, undefined), context);
}

/**
 * Finishes an update of the main resource, or of a sub-resource that takes a part of it. Throws StatusError (404, 422).
 */
export function prepareForUpdate(request: ChangeRequest, received: KubeObject, previous: KubeObject): KubeObject {
  const { parts, context, target } = request;
  const { kind, subresource } = target;
  const sent = inNamespace(target, received);
  if (subresource === '') {
    return accepted(kind, checked(request, beforeUpdate(kind, sent, previous, conversionOf(target)), previous), context);
  }
  const part = kind.subresources[subresource];
  if (part?.does !== 'update') throw statusErrors.noSuchResource();
  const finished = beforePartUpdate(kind, part, { received: sent, previous, now: rfc3339(parts.now()), version: conversionOf(target) });
  return accepted(kind, permitted(request, finished, previous), context);
}

/** Adds what the user may not write to a finished object: some of it in any case, the rest when the object is valid. */
function checked(request: ChangeRequest, finished: Finished<KubeObject>, previous: KubeObject | undefined): Finished<KubeObject> {
  const { parts, context, target } = request;
  const allowed = permitted(request, finished, previous);
  const check = allowed.errors.length > 0 ? undefined : parts.behaviours.get(target.kind.resourceName)?.check;
  return check === undefined ? allowed : { ...allowed, errors: check({ context, target, object: allowed.object, previous }) };
}

function permitted(
  { parts, context, target }: ChangeRequest,
  finished: Finished<KubeObject>,
  previous: KubeObject | undefined,
): Finished<KubeObject> {
  const forbids = parts.behaviours.get(target.kind.resourceName)?.forbids;
  if (forbids === undefined) return finished;
  const errors = [...forbids({ context, target, object: finished.object, previous }), ...finished.errors];
  return { ...finished, errors, ...(errors.length === 0 ? {} : { warnings: [] }) };
}

function accepted(kind: AnyKind, { object, errors, warnings }: Finished<KubeObject>, context: RequestContext): KubeObject {
  if (errors.length > 0) throw statusErrors.invalid({ group: kind.group, kind: kind.kind }, object.metadata.name ?? '', errors);
  for (const warning of warnings) context.warn(warning);
  return object;
}

/**
 * The field manager: as the request names it, or the program in the user agent. Source: apiserver
 * pkg/endpoints/handlers/create.go (managerOrUserAgent).
 */
export const managerOf = ({ userAgent }: RequestContext, { fieldManager }: MutateOptions): string =>
  fieldManager === '' ? userAgent.split('/', 1).join() : fieldManager;

/** The resource version in a client's object; '' when there is none. */
export const sentResourceVersion = (object: KubeObject): string => object.metadata.resourceVersion ?? '';
