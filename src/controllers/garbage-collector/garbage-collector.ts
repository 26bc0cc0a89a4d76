/**
 * Deletes objects whose owners are all gone, completes foreground deletions, and orphans dependents. Works from the
 * caches of all Kinds that are served, custom resources included. It treats an owner as gone only after the API itself
 * has confirmed it. Source: pkg/controller/garbagecollector/garbagecollector.go
 */

import type { OwnerReference } from '../../api/generated/meta/v1.ts';
import type { AnyKind } from '../../api/kind.ts';
import { type KubeObject, refKey, refOf } from '../../api/object.ts';
import { sameJson } from '../../api/same-json.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import type { DeleteOptions } from '../../client/client.ts';
import { controllerAccount } from '../../client/identity.ts';
import { followKinds, type KindCatalog } from '../../client/kind-catalog.ts';
import { WorkQueue } from '../../client/work-queue.ts';
import { isCollectable } from '../kind-catalog.ts';
import { joinedKinds, noRemoteResources, type RemoteResources } from '../remote-resources.ts';
import type { BackgroundController, RunDeps, Running } from '../running.ts';
import {
  foregroundFinalizer,
  type GraphNode,
  hasFinalizer,
  isDeleting,
  isWaiting,
  OwnershipGraph,
  orphanFinalizer,
  ownerRef,
} from './ownership-graph.ts';

/** The garbage collector for the Kinds of a catalog, and for those of other servers that can be watched. */
export function garbageCollector(kinds: KindCatalog, remote: RemoteResources = noRemoteResources): BackgroundController {
  return {
    name: 'garbage-collector',
    identity: controllerAccount('generic-garbage-collector'),
    eventSource: 'garbage-collector-controller',
    start: (deps) => new GarbageCollector({ kinds, remote }, deps),
  };
}

const workers = 20;

interface Item {
  readonly kind: AnyKind;
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

const itemOf = ({ kind, object }: GraphNode): Item => ({ kind, uid: object.metadata.uid, ...refOf(object) });

/** The owner references of an object, by the state of their owners. */
interface Owners {
  readonly solid: readonly OwnerReference[];
  readonly dangling: readonly OwnerReference[];
  readonly waiting: readonly OwnerReference[];
}

class GarbageCollector implements Running {
  readonly #deps: RunDeps;
  readonly #graph: OwnershipGraph;
  readonly #queue: WorkQueue<Item>;
  readonly #unfollow: () => void;
  readonly #drained = Promise.withResolvers<void>();
  /**
   * How many informers have not synced yet. Nothing is decided before all have, but for those of other servers, which
   * may be down: an owner that a cache does not have is asked for.
   */
  #syncing = 0;
  #active = 0;

  constructor({ kinds, remote }: { readonly kinds: KindCatalog; readonly remote: RemoteResources }, deps: RunDeps) {
    this.#deps = { ...deps, log: deps.log.with({ controller: 'garbage-collector' }) };
    const isWatchable = (kind: AnyKind): boolean => remote.supports(kind, 'watch');
    const isFollowed = (kind: AnyKind): boolean => isCollectable(kind) && (!remote.all.includes(kind) || isWatchable(kind));
    this.#graph = new OwnershipGraph(joinedKinds(kinds, remote), isFollowed, deps.informers);
    this.#queue = new WorkQueue({ clock: deps.clock, key: ({ uid }) => uid, available: () => this.#pump() });
    deps.signal.addEventListener('abort', () => this.#stop(), { once: true });
    const unfollow = [
      followKinds(kinds, isCollectable, (kind) => this.#follow(kind, true)),
      followKinds(remote, isWatchable, (kind) => this.#follow(kind, false)),
    ];
    this.#unfollow = () => {
      for (const end of unfollow) end();
    };
  }

  get idle(): boolean {
    return this.#syncing === 0 && this.#active === 0 && this.#queue.length === 0;
  }

  stopped(): Promise<void> {
    return this.#drained.promise;
  }

  #stop(): void {
    this.#unfollow();
    this.#queue.close();
    if (this.#active === 0) this.#drained.resolve();
  }

  #follow(kind: AnyKind, awaited: boolean): () => void {
    const { informers, log } = this.#deps;
    this.#graph.track(kind);
    const informer = informers.informer(kind);
    const unfollow = informer.addHandlers({
      added: (object) => this.#added({ kind, object }),
      updated: (object, previous) => this.#updated({ kind, object }, previous),
      deleted: (object) => this.#deleted(object),
    });
    if (!awaited) return unfollow;
    this.#syncing++;
    informer
      .synced()
      .then(() => {
        this.#syncing--;
        this.#pump();
      })
      .catch((error: unknown) => log.error('garbage collector could not follow a kind', { error, kind: kind.kind }));
    return unfollow;
  }

  #added(node: GraphNode): void {
    if (this.#matters(node.object)) this.#queue.add(itemOf(node));
  }

  #updated(node: GraphNode, previous: KubeObject): void {
    const { object } = node;
    const changed =
      object.metadata.deletionTimestamp !== previous.metadata.deletionTimestamp ||
      !sameJson(object.metadata.ownerReferences ?? [], previous.metadata.ownerReferences ?? []) ||
      !sameJson(object.metadata.finalizers ?? [], previous.metadata.finalizers ?? []);
    if (!changed) return;
    if (this.#matters(object)) this.#queue.add(itemOf(node));
    this.#wakeOwners(previous);
  }

  #deleted(object: KubeObject): void {
    for (const dependent of this.#graph.dependentsOf(object.metadata.uid)) this.#queue.add(itemOf(dependent));
    this.#wakeOwners(object);
  }

  /** Enqueues owners in foreground deletion, which may have waited for this object. */
  #wakeOwners(object: KubeObject): void {
    for (const reference of object.metadata.ownerReferences ?? []) {
      const owner = this.#graph.owner(object, reference);
      if (owner !== undefined && isWaiting(owner.object)) this.#queue.add(itemOf(owner));
    }
  }

  #matters(object: KubeObject): boolean {
    if ((object.metadata.ownerReferences ?? []).length > 0) return true;
    return isDeleting(object) && (hasFinalizer(object, foregroundFinalizer) || hasFinalizer(object, orphanFinalizer));
  }

  #pump(): void {
    if (this.#syncing > 0 || this.#deps.signal.aborted) return;
    while (this.#active < workers) {
      const item = this.#queue.take();
      if (item === undefined) return;
      this.#active++;
      this.#work(item).catch((error: unknown) => this.#deps.log.error('garbage collector failed', { error }));
    }
  }

  async #work(item: Item): Promise<void> {
    try {
      await this.#process(item);
      this.#queue.forget(item);
    } catch (error) {
      const retryInMs = this.#queue.addRateLimited(item);
      if (!isConflict(error)) this.#deps.log.warn('object not collected', { ref: refKey(item), kind: item.kind.kind, error, retryInMs });
    } finally {
      this.#active--;
      this.#queue.done(item);
      if (!this.#deps.signal.aborted) this.#pump();
      else if (this.#active === 0) this.#drained.resolve();
    }
  }

  async #process({ kind, uid, ...ref }: Item): Promise<void> {
    const object = this.#graph.current(kind, ref);
    if (object === undefined || object.metadata.uid !== uid) return;
    const node = { kind, object };
    if (isDeleting(object)) {
      if (hasFinalizer(object, orphanFinalizer)) await this.#orphanDependents(node);
      else if (hasFinalizer(object, foregroundFinalizer)) await this.#deleteDependents(node);
      return;
    }
    if ((object.metadata.ownerReferences ?? []).length > 0) await this.#judge(node);
  }

  /** Removes the owner's reference from all its dependents, then removes the owner's finalizer. */
  async #orphanDependents(owner: GraphNode): Promise<void> {
    const { uid } = owner.object.metadata;
    await Promise.all(this.#graph.dependentsOf(uid).map((dependent) => this.#dropOwners(dependent, new Set([uid]))));
    await this.#removeFinalizer(owner, orphanFinalizer);
  }

  /** Removes the owner's finalizer when no dependent blocks it; otherwise deletes the dependents first. */
  async #deleteDependents(owner: GraphNode): Promise<void> {
    const { uid } = owner.object.metadata;
    const dependents = this.#graph.dependentsOf(uid);
    const blocking = dependents.filter(({ object }) =>
      (object.metadata.ownerReferences ?? []).some((reference) => reference.uid === uid && reference.blockOwnerDeletion === true),
    );
    if (blocking.length === 0) {
      await this.#removeFinalizer(owner, foregroundFinalizer);
      return;
    }
    for (const dependent of blocking) if (!isDeleting(dependent.object)) this.#queue.add(itemOf(dependent));
  }

  /** Decides what to do with an object by the state of its owners. */
  async #judge(node: GraphNode): Promise<void> {
    const { solid, dangling, waiting } = await this.#classify(node.object);
    if (solid.length > 0) {
      const gone = [...dangling, ...waiting];
      if (gone.length > 0) await this.#dropOwners(node, new Set(gone.map(({ uid }) => uid)));
      return;
    }
    const { object } = node;
    if (waiting.length > 0 && this.#graph.dependentsOf(object.metadata.uid).length > 0) {
      // The object's own dependents are deleted first. In a cycle of blocking references this would never end, so then
      // this object stops blocking its owners.
      const circular = this.#graph.dependentsOf(object.metadata.uid).some((dependent) => isWaiting(dependent.object));
      if (circular) await this.#unblockOwners(node);
      await this.#delete(node, 'Foreground');
      return;
    }
    const policy = hasFinalizer(object, orphanFinalizer)
      ? 'Orphan'
      : hasFinalizer(object, foregroundFinalizer)
        ? 'Foreground'
        : 'Background';
    await this.#delete(node, policy);
  }

  async #classify(object: KubeObject): Promise<Owners> {
    const solid: OwnerReference[] = [];
    const dangling: OwnerReference[] = [];
    const waiting: OwnerReference[] = [];
    for (const reference of object.metadata.ownerReferences ?? []) {
      const owner = this.#graph.owner(object, reference)?.object ?? (await this.#fetchOwner(object, reference));
      if (owner === undefined) dangling.push(reference);
      else if (isWaiting(owner)) waiting.push(reference);
      else solid.push(reference);
    }
    return { solid, dangling, waiting };
  }

  /**
   * Reads from the API an owner that the cache does not have; undefined when it certainly does not exist. Throws when
   * that cannot be determined.
   */
  async #fetchOwner(object: KubeObject, reference: OwnerReference): Promise<KubeObject | undefined> {
    const kind = this.#graph.ownerKind(reference);
    if (kind === undefined) throw new Error(`unable to get REST mapping for ${reference.apiVersion}/${reference.kind}.`);
    const ref = ownerRef(object, kind, reference);
    if (ref === undefined) throw new Error(`cluster-scoped object cannot be owned by namespaced ${reference.kind} ${reference.name}`);
    try {
      const owner = await this.#deps.client.resource(kind).get(ref);
      return owner.metadata.uid === reference.uid ? owner : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #delete({ kind, object }: GraphNode, propagationPolicy: NonNullable<DeleteOptions['propagationPolicy']>): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    await ignoringNotFound(
      this.#deps.client.resource(kind).delete(refOf(object), { propagationPolicy, preconditions: { uid, resourceVersion } }),
    );
  }

  async #dropOwners({ kind, object }: GraphNode, uids: ReadonlySet<string>): Promise<void> {
    const kept = (object.metadata.ownerReferences ?? []).filter(({ uid }) => !uids.has(uid)).map((reference) => ({ ...reference }));
    await this.#patchMeta({ kind, object }, { ownerReferences: kept.length === 0 ? null : kept });
  }

  async #unblockOwners({ kind, object }: GraphNode): Promise<void> {
    const ownerReferences = (object.metadata.ownerReferences ?? []).map((reference) => ({ ...reference, blockOwnerDeletion: false }));
    await this.#patchMeta({ kind, object }, { ownerReferences });
  }

  async #removeFinalizer({ kind, object }: GraphNode, name: string): Promise<void> {
    const finalizers = (object.metadata.finalizers ?? []).filter((finalizer) => finalizer !== name);
    await this.#patchMeta({ kind, object }, { finalizers: finalizers.length === 0 ? null : finalizers });
  }

  /**
   * A merge patch with the resourceVersion on which the decision was based. A change in between is a conflict, after
   * which the object is examined again.
   */
  async #patchMeta(
    { kind, object }: GraphNode,
    metadata: Readonly<Record<string, null | readonly (string | Readonly<Record<string, string | boolean | undefined>>)[]>>,
  ): Promise<void> {
    const { uid, resourceVersion } = object.metadata;
    const body = { metadata: { uid, resourceVersion, ...metadata } };
    await ignoringNotFound(this.#deps.client.resource(kind).patch(refOf(object), { type: 'merge', body }));
  }
}

async function ignoringNotFound(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}
