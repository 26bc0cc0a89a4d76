/** Owner references, and the adoption and release of dependents. Source: pkg/controller/controller_ref_manager.go. */
import type { OwnerReference } from '../api/generated/meta/v1.ts';
import type { Kind } from '../api/kind.ts';
import { type KubeObject, refOf } from '../api/object.ts';
import type { Selector } from '../api/selector.ts';
import { isInvalid, isNotFound } from '../api/status-error.ts';
import type { ResourceClient } from '../client/client.ts';

/** The reference to the controller owner of an object. */
export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata.ownerReferences?.find(({ controller }) => controller === true);

/** The owner reference that a controller sets on objects that it creates. */
export const newControllerRef = (owner: KubeObject, kind: Pick<Kind, 'apiVersion' | 'kind'>): OwnerReference => ({
  apiVersion: kind.apiVersion,
  kind: kind.kind,
  name: owner.metadata.name,
  uid: owner.metadata.uid,
  controller: true,
  blockOwnerDeletion: true,
});

export interface ClaimOptions<O extends KubeObject, T extends KubeObject> {
  readonly owner: O;
  readonly ownerKind: Kind<O>;
  readonly selector: Selector;
  /** Dependents that the owner controls or could adopt; others are ignored. */
  readonly candidates: readonly T[];
  /** Finalizers that adopted dependents get. */
  readonly finalizers?: readonly string[];
  readonly owners: Pick<ResourceClient<O>, 'get'>;
  readonly dependents: Pick<ResourceClient<T>, 'patch'>;
}

/**
 * The dependents that an owner controls, after it has adopted matching orphans and released those that no longer match.
 * Before an adoption it asks the API, not the cache, whether the owner still exists.
 */
export async function claim<O extends KubeObject, T extends KubeObject>(options: ClaimOptions<O, T>): Promise<readonly T[]> {
  const { owner, selector, candidates } = options;
  const claimed: T[] = [];
  let mayAdopt: Promise<void> | undefined;
  for (const object of candidates) {
    const controller = controllerOf(object);
    const matches = selector.matches(object.metadata.labels);
    if (controller !== undefined) {
      if (controller.uid !== owner.metadata.uid) continue;
      if (matches) claimed.push(object);
      else if (owner.metadata.deletionTimestamp === undefined) await release(options, object);
      continue;
    }
    if (!matches || owner.metadata.deletionTimestamp !== undefined || object.metadata.deletionTimestamp !== undefined) continue;
    mayAdopt ??= ensureAlive(options);
    await mayAdopt;
    const adopted = await adopt(options, object);
    if (adopted !== undefined) claimed.push(adopted);
  }
  return claimed;
}

async function ensureAlive<O extends KubeObject, T extends KubeObject>({ owner, ownerKind, owners }: ClaimOptions<O, T>): Promise<void> {
  const ref = refOf(owner);
  const fresh = await owners.get(ref);
  const name = `${ownerKind.kind} ${ref.namespace}/${ref.name}`;
  if (fresh.metadata.uid !== owner.metadata.uid) {
    throw new Error(`original ${name} is gone: got uid ${fresh.metadata.uid}, wanted ${owner.metadata.uid}`);
  }
  if (fresh.metadata.deletionTimestamp !== undefined) {
    throw new Error(`${ref.namespace}/${ref.name} has just been deleted at ${fresh.metadata.deletionTimestamp}`);
  }
}

async function adopt<O extends KubeObject, T extends KubeObject>(options: ClaimOptions<O, T>, object: T): Promise<T | undefined> {
  const reference = newControllerRef(options.owner, options.ownerKind);
  const { finalizers } = options;
  const body = {
    metadata: { uid: object.metadata.uid, ownerReferences: [{ ...reference }], ...(finalizers === undefined ? {} : { finalizers }) },
  };
  try {
    return await options.dependents.patch(refOf(object), { type: 'strategic', body });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

async function release<O extends KubeObject, T extends KubeObject>(options: ClaimOptions<O, T>, object: T): Promise<void> {
  const body = { metadata: { uid: object.metadata.uid, ownerReferences: [{ $patch: 'delete', uid: options.owner.metadata.uid }] } };
  try {
    await options.dependents.patch(refOf(object), { type: 'strategic', body });
  } catch (error) {
    // The object is gone, or was replaced by another one of the same name; in both cases it is released.
    if (!isNotFound(error) && !isInvalid(error)) throw error;
  }
}
