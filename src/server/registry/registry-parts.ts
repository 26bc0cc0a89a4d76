/** What the registry's procedures are made of: injected once, handed to every verb. */
import type { JsonObject, JsonValue } from '../../api/json.ts';
import type { GroupVersionKind, KubeObject } from '../../api/object.ts';
import type { AdmissionChain } from '../admission/admission.ts';
import type { Entry, Store, StoreEvent } from '../store/store.ts';
import type { FieldManagement } from './managed-fields.ts';
import type { KindSet, MutateOptions, Order } from './registry.ts';
import type { WatchBookmarks } from './watch-bookmarks.ts';

/** A body to be decoded as an object of some type. */
export interface BodyToDecode {
  /** What the object calls itself. */
  readonly type: GroupVersionKind;
  /** The type's model in the schema data. */
  readonly model: string;
  readonly json: JsonValue;
  readonly text: string | undefined;
  /** As in `Body`. */
  readonly strictErrors?: readonly string[];
  readonly fieldValidation: MutateOptions['fieldValidation'];
  /** The stored object in the version that the request names: fields of `json` that are its very own are canonical already. */
  readonly canonical?: JsonObject | undefined;
}

/** Decoding by schema; throws StatusError (400). */
export interface BodyDecoder {
  /** The object in the type's shape, with `apiVersion` and `kind`, and the texts of warnings. */
  decode(body: BodyToDecode): { readonly object: JsonObject; readonly warnings: readonly string[] };
  /** Options in a query, as an object of their type. Source: apimachinery pkg/conversion/queryparams. */
  decodeQuery(type: GroupVersionKind, query: Iterable<readonly [name: string, value: string]>): JsonObject;
  /** The model of a type that has one. Throws an Error (a bug of the declaration) when it has none. */
  modelOf(type: GroupVersionKind): string;
}

/** Patches by type; the strategic one needs the schema of the served version. All throw `StatusError`, never mutate. */
export interface Patcher {
  json(document: JsonObject, patch: JsonValue): JsonObject;
  merge(document: JsonObject, patch: JsonValue): JsonObject;
  strategic(document: JsonObject, patch: JsonValue, model: string): JsonObject;
}

/** Something held for a write that is under way (an IP address, a port); released when the write has failed or is visible in the store. */
export interface Reservation {
  /** The object with what was reserved filled in. */
  readonly object: KubeObject;
  release(): void;
}

/** Code that a Kind needs beyond its declaration, because it reads other objects or holds state; what is pure belongs to the Kind. */
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
  readonly decoder: BodyDecoder;
  readonly patcher: Patcher;
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
