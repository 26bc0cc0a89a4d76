/** Combines the verbs to the Registry that the HTTP layer and the in-process client call. */
import { randomUUID } from 'node:crypto';
import type { ObjectFormats } from '../../api/object-format.ts';
import { statusErrors } from '../../api/status-error.ts';
import { subresourcesIn } from '../../api/subresource.ts';
import { systemClock } from '../../client/clock.ts';
import type { AdmissionChain } from '../admission/admission.ts';
import type { Entry, Store } from '../store/store.ts';
import { connect } from './connect.ts';
import { create } from './create.ts';
import { deleteOne, warnOfDefault } from './delete.ts';
import { deleteCollection } from './delete-collection.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import type { StandIn } from './managed-fields.ts';
import { carryOut } from './order.ts';
import { patch } from './patch.ts';
import type { ChangeRequest } from './prepare.ts';
import type { KindSet, Registry, RequestContext, Target } from './registry.ts';
import type { RegistryParts, ResourceBehaviour } from './registry-parts.ts';
import { servedBy } from './served-version.ts';
import { getStandIn, patchStandIn, updateStandIn } from './stand-in.ts';
import { resourceOf } from './store-errors.ts';
import { TrackedFields } from './tracked-fields.ts';
import { untilFresh } from './until-fresh.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';
import { WatchBookmarks } from './watch-bookmarks.ts';

export interface RegistryOptions {
  readonly store: Store;
  readonly kinds: KindSet;
  readonly formats: ObjectFormats;
  readonly admission: AdmissionChain;
  /** By resource name; see `createBehaviours`. */
  readonly behaviours: ReadonlyMap<string, ResourceBehaviour>;
  /** Milliseconds since the epoch. Default: the system's clock. */
  readonly now?: () => number;
  /** In [0, 1). Default: Math.random. */
  readonly random?: () => number;
  /** Default: random UUIDs. */
  readonly newUid?: () => string;
  /** Timers of bookmarks. Default: the system's, which do not keep the process alive. */
  readonly setTimer?: (delayMs: number, callback: () => void) => () => void;
}

/** Makes the registry over a store. */
export function createRegistry(options: RegistryOptions): Registry {
  const setTimer = options.setTimer ?? systemClock.setTimer;
  const now = options.now ?? systemClock.now;
  const parts: RegistryParts = {
    store: options.store,
    kinds: options.kinds,
    admission: options.admission,
    formats: options.formats,
    fields: new TrackedFields(options.formats, options.kinds, now),
    behaviours: options.behaviours,
    departures: new WeakMap(),
    bookmarks: new WatchBookmarks(options.store, setTimer),
    now,
    random: options.random ?? Math.random,
    newUid: options.newUid ?? randomUUID,
    setTimer,
  };
  return new VerbRegistry(parts);
}

class VerbRegistry implements Registry {
  readonly #parts: RegistryParts;

  constructor(parts: RegistryParts) {
    this.#parts = parts;
  }

  get kinds(): KindSet {
    return this.#parts.kinds;
  }

  async get(context: RequestContext, target: Target, options: Parameters<Registry['get']>[2]): Promise<Entry> {
    const fresh = untilFresh(this.#parts, options.resourceVersion);
    if (fresh !== undefined) await fresh;
    const standIn = standInOf(target);
    return standIn === undefined ? get(this.#parts, target, options) : getStandIn(this.#request(context, target), standIn);
  }

  async list(_context: RequestContext, target: Target, request: Parameters<Registry['list']>[2]) {
    const fresh = untilFresh(this.#parts, request.resourceVersion);
    if (fresh !== undefined) await fresh;
    return list(this.#parts, target, request);
  }

  untilFresh(resourceVersion: string): Promise<void> | undefined {
    return untilFresh(this.#parts, resourceVersion);
  }

  watch(...[context, target, request, deliver]: Parameters<Registry['watch']>) {
    return watch(this.#parts, context, target, request, deliver);
  }

  create(...[context, target, body, options]: Parameters<Registry['create']>) {
    return create(this.#request(context, target), body, options);
  }

  async update(...[context, target, body, options]: Parameters<Registry['update']>) {
    const request = this.#request(context, target);
    const standIn = standInOf(target);
    return standIn === undefined ? update(request, body, options) : updateStandIn(request, standIn, body, options);
  }

  async patch(...[context, target, body, options]: Parameters<Registry['patch']>) {
    const request = this.#request(context, target);
    const standIn = standInOf(target);
    return standIn === undefined ? patch(request, body, options) : patchStandIn(request, standIn, body, options);
  }

  async delete(...[context, target, options]: Parameters<Registry['delete']>) {
    const refused = target.kind.delete?.refusal?.(target.name);
    if (refused !== undefined) throw statusErrors.forbidden(resourceOf(target), target.name, refused);
    warnOfDefault(context, target, options);
    return deleteOne(this.#request(context, target), options);
  }

  deleteCollection(...[context, target, request, options]: Parameters<Registry['deleteCollection']>) {
    warnOfDefault(context, target, options);
    return deleteCollection(this.#request(context, target), request, options);
  }

  order(...[context, target, body, options, code]: Parameters<Registry['order']>) {
    return carryOut(this.#request(context, target), body, options, code);
  }

  connect(...[context, target, query]: Parameters<Registry['connect']>) {
    return connect(this.#request(context, target), query);
  }

  #request(context: RequestContext, target: Target): ChangeRequest {
    return { parts: this.#parts, context, target };
  }
}

/**
 * Declaration of a sub-resource that stands in for the object (scale); undefined when the target shows the object
 * itself.
 */
function standInOf(target: Target): StandIn | undefined {
  const { kind, subresource } = target;
  const declared = subresource === '' ? undefined : subresourcesIn(kind, servedBy(target))[subresource];
  return declared?.does === 'stand-in' ? declared : undefined;
}
