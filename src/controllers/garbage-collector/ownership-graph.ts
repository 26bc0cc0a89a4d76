/**
 * Owners and dependents of all Kinds, read from the informers' caches. There is no separate graph that would have to be
 * kept up to date.
 */
import type { OwnerReference } from '../../api/generated/meta/v1.ts';
import type { AnyKind } from '../../api/kind.ts';
import type { KubeObject, ObjectRef } from '../../api/object.ts';
import type { InformerFactory } from '../../client/informer.ts';
import type { KindCatalog } from '../../client/kind-catalog.ts';
import { kindOf } from '../kind-catalog.ts';

export const foregroundFinalizer = 'foregroundDeletion';
export const orphanFinalizer = 'orphan';
const ownersIndex = 'owners';

/** An object together with its Kind. */
export interface GraphNode {
  readonly kind: AnyKind;
  readonly object: KubeObject;
}

export const isDeleting = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;

export const hasFinalizer = ({ metadata }: KubeObject, name: string): boolean => (metadata.finalizers ?? []).includes(name);

/** True for an object in foreground deletion, which waits for its dependents. */
export const isWaiting = (object: KubeObject): boolean => isDeleting(object) && hasFinalizer(object, foregroundFinalizer);

/**
 * The ref of an owner. An owner in another namespace, or a namespaced owner of a cluster-scoped object, cannot exist.
 */
export function ownerRef(dependent: KubeObject, ownerKind: AnyKind, { name }: OwnerReference): ObjectRef | undefined {
  if (ownerKind.scope === 'Cluster') return { namespace: '', name };
  const { namespace } = dependent.metadata;
  return namespace === undefined ? undefined : { namespace, name };
}

export class OwnershipGraph {
  readonly #kinds: KindCatalog;
  readonly #isFollowed: (kind: AnyKind) => boolean;
  readonly #informers: InformerFactory;

  /** `isFollowed` says whose objects are known; owners can be of any kind. */
  constructor(kinds: KindCatalog, isFollowed: (kind: AnyKind) => boolean, informers: InformerFactory) {
    this.#kinds = kinds;
    this.#isFollowed = isFollowed;
    this.#informers = informers;
  }

  /** The Kinds that the garbage collector covers. */
  get kinds(): readonly AnyKind[] {
    return this.#kinds.all.filter(this.#isFollowed);
  }

  /** Declares the indexes that the graph needs in a Kind's cache. */
  track(kind: AnyKind): void {
    this.#informers.informer(kind).addIndex(ownersIndex, ({ metadata }) => metadata.ownerReferences?.map(({ uid }) => uid) ?? []);
  }

  /** All objects that name this uid as an owner. */
  dependentsOf(uid: string): readonly GraphNode[] {
    return this.kinds.flatMap((kind) =>
      this.#informers
        .informer(kind)
        .cache.byIndex(ownersIndex, uid)
        .map((object) => ({ kind, object })),
    );
  }

  /** Undefined when it is not known. */
  current(kind: AnyKind, ref: ObjectRef): KubeObject | undefined {
    return this.#isFollowed(kind) ? this.#informers.informer(kind).cache.get(ref) : undefined;
  }

  ownerKind({ apiVersion, kind }: OwnerReference): AnyKind | undefined {
    return kindOf(this.#kinds, apiVersion, kind);
  }

  /** The cached owner, if it has the uid in the reference. */
  owner(dependent: KubeObject, reference: OwnerReference): GraphNode | undefined {
    const kind = this.ownerKind(reference);
    const ref = kind && ownerRef(dependent, kind, reference);
    const object = kind && ref && this.current(kind, ref);
    return kind !== undefined && object !== undefined && object.metadata.uid === reference.uid ? { kind, object } : undefined;
  }
}
