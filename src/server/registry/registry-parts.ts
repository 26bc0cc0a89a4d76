/** What the registry's procedures are made of: injected once, handed to every verb. */
import type { JsonObject } from '../../api/json.ts';
import type { KubeObject } from '../../api/object.ts';
import type { ObjectFormats } from '../../api/object-format.ts';
import type { AdmissionChain } from '../admission/admission.ts';
import type { Entry, Store, StoreEvent } from '../store/store.ts';
import type { FieldManagement } from './managed-fields.ts';
import type { KindSet, Order } from './registry.ts';
import type { WatchBookmarks } from './watch-bookmarks.ts';

/**
 * Something held for a write that is under way (an IP address, a port); released when the write has failed or is
 * visible in the store.
 */
export interface Reservation {
  /** The object with what was reserved filled in. */
  readonly object: KubeObject;
  release(): void;
}

/**
 * Code that a Kind needs beyond its declaration, because it reads other objects or holds state; what is pure belongs to
 * the Kind.
 */
export interface ResourceBehaviour {
  /** Before prepare and validation of a create; throws StatusError. */
  beginCreate?(object: KubeObject): Reservation;
  beginUpdate?(next: KubeObject, previous: KubeObject): Reservation;
  /** Code of sub-resources that take orders, by name; '' is for a resource that does nothing else. */
  readonly orders?: Readonly<Record<string, (parts: RegistryParts, order: Order) => Promise<JsonObject>>>;
}

export interface RegistryParts {
  readonly store: Store;
  readonly kinds: KindSet;
  readonly admission: AdmissionChain;
  readonly formats: ObjectFormats;
  readonly fields: FieldManagement;
  /** Last states of objects that left a watch's selection: many watchers see the same departure, it is encoded once. */
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
