/** The dependencies of the registry's procedures: injected once and passed to every verb. */
import type { FieldError } from '../../api/field-error.ts';
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ObjectFormats } from '../../api/object-format.ts';
import type { AdmissionChain } from '../admission/admission.ts';
import type { Entry, Store, StoreEvent } from '../store/store.ts';
import type { FieldManagement } from './managed-fields.ts';
import type { KindSet, Order, RequestContext, Target } from './registry.ts';
import type { WatchBookmarks } from './watch-bookmarks.ts';

/**
 * Something reserved for a write in progress (an IP address, a port). It is released when the write has failed or is
 * visible in the store.
 */
export interface Reservation {
  /** The object with the reserved values filled in. */
  readonly object: KubeObject;
  release(): void;
}

/** A write as a guard sees it. */
export interface GuardedWrite {
  readonly context: RequestContext;
  readonly target: Target;
  readonly object: KubeObject;
  /** Undefined for a creation. */
  readonly previous: KubeObject | undefined;
}

/** Refuses writes that the user may not make because of what the object says; throws StatusError. */
export type WriteGuard = (write: GuardedWrite) => void;

/** What the user may not write. */
export type WriteCheck = (write: GuardedWrite) => readonly FieldError[];

/**
 * Code that a Kind needs beyond its declaration because it reads other objects or holds state. Pure code belongs to the
 * Kind.
 */
export interface ResourceBehaviour {
  /** Runs on each create and update between mutating admission and validation. */
  readonly guard?: WriteGuard;
  /** Runs on each create and update, of sub-resources too; told before what validation finds. */
  readonly forbids?: WriteCheck;
  /** Runs on each create and update of the main resource, when validation has found nothing. */
  readonly check?: WriteCheck;
  /**
   * Fills in what depends on the user or on the time. Runs on each create and update, of sub-resources too, before
   * prepare and validation.
   */
  stamp?(parts: RegistryParts, write: GuardedWrite): KubeObject;
  /** Runs on a create before prepare and validation; throws StatusError. */
  beginCreate?(object: KubeObject, dryRun: boolean): Reservation;
  beginUpdate?(next: KubeObject, previous: KubeObject, dryRun: boolean): Reservation;
  /**
   * Implementations of sub-resources that only take creates, by name; '' is for a resource that does nothing else. See
   * `order.ts`.
   */
  readonly orders?: Readonly<Record<string, (parts: RegistryParts, order: Order) => Promise<JsonObject>>>;
}

export interface RegistryParts {
  readonly store: Store;
  readonly kinds: KindSet;
  readonly admission: AdmissionChain;
  readonly formats: ObjectFormats;
  readonly fields: FieldManagement;
  /**
   * The last states of objects that stopped matching a watch's selector. Watches share them, so that each is encoded
   * once.
   */
  readonly departures: WeakMap<StoreEvent, Entry>;
  readonly bookmarks: WatchBookmarks;
  /** By resource name. */
  readonly behaviours: ReadonlyMap<string, ResourceBehaviour>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** In [0, 1). */
  random(): number;
  newUid(): string;
  /** Calls back once after a delay in milliseconds; returns the cancel function. */
  setTimer(delayMs: number, callback: () => void): () => void;
}
