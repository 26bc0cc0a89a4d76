/**
 * What the registry does to an object before and after the pure pipeline of `api/before-write.ts`: names, namespaces,
 * owners, errors and warnings.
 */
import { beforeCreate, beforePartUpdate, beforeUpdate, type Finished } from '../../api/before-write.ts';
import type { AnyKind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import { statusErrors } from '../../api/status-error.ts';
import type { MutateOptions, RequestContext, Target } from './registry.ts';
import type { RegistryParts } from './registry-parts.ts';
import { conversionOf } from './served-version.ts';

/** Metadata that a client cannot set at creation, gone. */
export const withoutSystemMeta = (object: KubeObject): KubeObject =>
  withMeta(object, {
    uid: undefined,
    creationTimestamp: undefined,
    deletionTimestamp: undefined,
    deletionGracePeriodSeconds: undefined,
    selfLink: undefined,
    generation: undefined,
  });

/** Gives an object the namespace of the request. Throws StatusError (400) when it names another. */
export function inNamespace({ kind, namespace }: Target, object: KubeObject): KubeObject {
  const wanted = kind.scope === 'Namespaced' ? namespace : '';
  const found = object.metadata.namespace ?? '';
  if (found === wanted) return object;
  if (found === '') return withMeta(object, { namespace: wanted });
  if (wanted === '') return withMeta(object, { namespace: undefined });
  throw statusErrors.badRequest('the namespace of the provided object does not match the namespace sent on the request');
}

/** Throws StatusError (400) unless the object has the name on the URL. */
export function requireName({ name }: Target, object: KubeObject): void {
  const found = object.metadata.name ?? '';
  if (found === '') {
    throw statusErrors.badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (found !== name) throw statusErrors.badRequest(`the name of the object (${found}) does not match the name on the URL (${name})`);
}

/**
 * Drops owner references that are there twice, with upstream's warning. Source: apiserver
 * pkg/endpoints/handlers/rest.go.
 */
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
 * The finished new object, given that its name and system metadata are set. Throws StatusError (422) on all that is
 * wrong with it.
 */
export function prepareForCreate({ context, target }: ChangeRequest, received: KubeObject): KubeObject {
  return accepted(target.kind, beforeCreate(target.kind, inNamespace(target, received), conversionOf(target)), context);
}

/**
 * The finished object of an update, of the main resource or through one that takes a part of it. Throws StatusError
 * (404, 422).
 */
export function prepareForUpdate({ context, target }: ChangeRequest, received: KubeObject, previous: KubeObject): KubeObject {
  const { kind, subresource } = target;
  const sent = inNamespace(target, received);
  if (subresource === '') return accepted(kind, beforeUpdate(kind, sent, previous, conversionOf(target)), context);
  const part = kind.subresources[subresource];
  if (part?.does !== 'update') throw statusErrors.noSuchResource();
  return accepted(kind, beforePartUpdate(kind, part, sent, previous), context);
}

function accepted(kind: AnyKind, { object, errors, warnings }: Finished<KubeObject>, context: RequestContext): KubeObject {
  if (errors.length > 0) throw statusErrors.invalid({ group: kind.group, kind: kind.kind }, object.metadata.name ?? '', errors);
  for (const warning of warnings) context.warn(warning);
  return object;
}

/**
 * Who writes, for managed fields: as named, or the program. Source: apiserver pkg/endpoints/handlers/create.go
 * (managerOrUserAgent).
 */
export const managerOf = ({ userAgent }: RequestContext, { fieldManager }: MutateOptions): string =>
  fieldManager === '' ? userAgent.split('/', 1).join() : fieldManager;

/** The resource version that a client's object carries; '' when none. */
export const sentResourceVersion = (object: KubeObject): string => object.metadata.resourceVersion ?? '';
