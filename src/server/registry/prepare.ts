/**
 * What every create and update goes through between admission and the store, for all Kinds: the server's own metadata, prepare hooks, validation, warnings.
 * Source: apiserver pkg/registry/rest/{create,update,meta}.go (BeforeCreate, BeforeUpdate).
 */
import { type FieldError, FieldPath } from '../../api/field-error.ts';
import type { AnyKind } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';
import { sameJson } from '../../api/same-json.ts';
import { statusErrors } from '../../api/status-error.ts';
import { rfc3339 } from '../../api/time.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../api/validation/object-meta.ts';
import { conversionOf } from './codec.ts';
import { sameDesired, withMeta, withStatusOf } from './object-fields.ts';
import type { RequestContext, Target } from './registry.ts';
import type { RegistryParts, SubresourceUpdate } from './registry-parts.ts';

/** Metadata that a client cannot set at creation, gone. */
export const withoutSystemMeta = (object: KubeObject): KubeObject =>
  withMeta(object, {
    uid: undefined,
    creationTimestamp: undefined,
    deletionTimestamp: undefined,
    deletionGracePeriodSeconds: undefined,
    selfLink: undefined,
    managedFields: undefined,
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

/** Drops owner references that are there twice, with upstream's warning. Source: apiserver pkg/endpoints/handlers/rest.go. */
export function withUniqueOwners(context: RequestContext, object: KubeObject, afterMutatingAdmission: boolean): KubeObject {
  const owners = object.metadata.ownerReferences ?? [];
  if (owners.length < 2) return object;
  const unique = owners.filter((owner, index) => !owners.slice(0, index).some((earlier) => sameJson(earlier, owner)));
  if (unique.length === owners.length) return object;
  const uids = owners.filter((owner) => !unique.includes(owner)).map(({ uid }) => uid);
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

const tracksGeneration = (kind: AnyKind): boolean => kind.generation ?? kind.subresources?.status ?? false;

/** The finished new object, given that its name and system metadata are set. Throws StatusError (422) on all that is wrong with it. */
export function prepareForCreate({ parts, context, target }: ChangeRequest, received: KubeObject): KubeObject {
  const { kind } = target;
  const named = inNamespace(target, received);
  const started = tracksGeneration(kind) ? withMeta(named, { generation: 1 }) : named;
  const object = kind.prepareForCreate?.(started, { now: rfc3339(parts.now()) }) ?? started;
  throwInvalid(kind, object, [
    ...validateObjectMeta(object.metadata, metaRules(kind), metaPath),
    ...kind.validate(object, FieldPath.root),
    ...(kind.validateCreate?.(object, FieldPath.root) ?? []),
    ...(conversionOf(target)?.validateCreate?.(object, FieldPath.root) ?? []),
  ]);
  warn({ parts, context, target }, object, undefined);
  return object;
}

function warn({ parts, context, target: { kind } }: ChangeRequest, object: KubeObject, previous: KubeObject | undefined): void {
  for (const warning of kind.warnings?.(object, previous) ?? []) context.warn(warning);
  for (const warning of parts.behaviours.get(kind.resourceName)?.warnings?.(object) ?? []) context.warn(warning);
}

/** The finished object of an update. Throws StatusError (422). */
export function prepareForUpdate(request: ChangeRequest, received: KubeObject, previous: KubeObject): KubeObject {
  const { parts, target } = request;
  const { kind, subresource } = target;
  const kept = keepSystemMeta(inNamespace(target, received), previous);
  const special = parts.behaviours.get(kind.resourceName)?.updates?.[subresource];
  const object = updated(request, kept, previous);
  throwInvalid(kind, object, [
    ...validateObjectMeta(object.metadata, metaRules(kind), metaPath),
    ...validateObjectMetaUpdate(object.metadata, previous.metadata, metaPath),
    ...specificErrors(kind, subresource, object, previous, special),
    ...(subresource === '' ? (conversionOf(target)?.validateUpdate?.(object, previous, FieldPath.root) ?? []) : []),
  ]);
  // Status strategies warn of nothing. Source: e.g. pkg/registry/core/pod/strategy.go (podStatusStrategy.WarningsOnUpdate).
  if (subresource === 'status') return object;
  // Upstream's strategies of sub-resources warn of nothing.
  if (subresource === '') warn(request, object, previous);
  return object;
}

function updated({ parts, target }: ChangeRequest, received: KubeObject, previous: KubeObject): KubeObject {
  const { kind, subresource } = target;
  if (subresource === 'status') return statusUpdate(kind, received, previous);
  const special = parts.behaviours.get(kind.resourceName)?.updates?.[subresource];
  if (special === undefined) return mainUpdate(kind, received, previous, { now: rfc3339(parts.now()) });
  return countChange(kind, special.apply(received, previous), previous);
}

function specificErrors(
  kind: AnyKind,
  subresource: string,
  object: KubeObject,
  previous: KubeObject,
  special: SubresourceUpdate | undefined,
): readonly FieldError[] {
  if (subresource === 'status') return kind.validateStatusUpdate?.(object, previous, FieldPath.root) ?? [];
  if (special !== undefined) return [...kind.validate(object, FieldPath.root), ...special.validate(object, previous)];
  return [...kind.validate(object, FieldPath.root), ...(kind.validateUpdate?.(object, previous, FieldPath.root) ?? [])];
}

/** What an update can never change, and what it keeps when it says nothing. */
function keepSystemMeta(object: KubeObject, { metadata }: KubeObject): KubeObject {
  const { metadata: next } = object;
  return withMeta(object, {
    generation: metadata.generation,
    uid: next.uid === undefined || next.uid === '' ? metadata.uid : next.uid,
    creationTimestamp: metadata.creationTimestamp,
    deletionTimestamp: metadata.deletionTimestamp ?? next.deletionTimestamp,
    deletionGracePeriodSeconds: next.deletionGracePeriodSeconds ?? metadata.deletionGracePeriodSeconds,
    selfLink: undefined,
    managedFields: undefined,
  });
}

/** A status update takes the status and the metadata, besides what the Kind keeps; nothing else. */
function statusUpdate({ keptByStatusUpdates = [] }: AnyKind, object: KubeObject, previous: KubeObject): KubeObject {
  const { metadata } = withMeta(object, Object.fromEntries(keptByStatusUpdates.map((field) => [field, previous.metadata[field]])));
  return withStatusOf({ ...previous, metadata }, object);
}

function mainUpdate(kind: AnyKind, object: KubeObject, previous: KubeObject, context: { readonly now: string }): KubeObject {
  const ours = kind.subresources?.status === true ? withStatusOf(object, previous) : object;
  const counted = countChange(kind, ours, previous);
  return kind.prepareForUpdate?.(counted, previous, context) ?? counted;
}

/** The next generation when the desired state differs. */
function countChange(kind: AnyKind, object: KubeObject, previous: KubeObject): KubeObject {
  const changed = tracksGeneration(kind) && !sameDesired(object, previous);
  return changed ? withMeta(object, { generation: (previous.metadata.generation ?? 0) + 1 }) : object;
}

const metaPath = FieldPath.root.field('metadata');

function metaRules(kind: AnyKind) {
  return { namespaced: kind.scope === 'Namespaced', ...(kind.validateName === undefined ? {} : { validateName: kind.validateName }) };
}

function throwInvalid(kind: AnyKind, object: KubeObject, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw statusErrors.invalid({ group: kind.group, kind: kind.kind }, object.metadata.name ?? '', errors);
}

/** The resource version that a client's object carries; '' when none. */
export const sentResourceVersion = (object: KubeObject): string => object.metadata.resourceVersion ?? '';
