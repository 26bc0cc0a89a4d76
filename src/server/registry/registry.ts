/**
 * The registry: one procedure per verb for all Kinds, in upstream's order: decode, strict field validation, defaults, mutating admission,
 * prepare, validate, validating admission, store, encode. This file is the port that the HTTP layer and the in-process client call.
 * Source: apiserver pkg/endpoints/handlers/*.go, pkg/registry/generic/registry/store.go.
 */
import type { JsonObject, JsonValue } from '../../api/json.ts';
import type { AnyKind } from '../../api/kind.ts';
import type { DeleteOptions, PatchType } from '../../api/request-options.ts';
import type { Entry, StoreEvent } from '../store/store.ts';

export interface UserInfo {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Who asks and how; made once per request by the HTTP layer or by the in-process client. */
export interface RequestContext {
  readonly user: UserInfo;
  readonly userAgent: string;
  /** Adds a `Warning:` header (code 299). */
  warn(text: string): void;
  readonly signal: AbortSignal;
}

/** What a request is about. `version` names the served group/version it used; absent: the stored one. */
export interface Target {
  readonly kind: AnyKind;
  readonly served?: { readonly group: string; readonly version: string };
  /** '' for cluster scope or all namespaces. */
  readonly namespace: string;
  readonly name: string;
  /** '' for the main resource. */
  readonly subresource: string;
}

export interface MutateOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
  /** Of an update that turns out to create: whether the user may do that, too. Rejects with StatusError when not. Default: so it is. */
  authorizeCreate?(): Promise<void> | void;
}

export interface ReadOptions {
  /** '' any, '0' any cached; else not older than. */
  readonly resourceVersion: string;
}

export interface ListRequest {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  /** 0: no limit. */
  readonly limit: number;
  readonly continue: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan';
}

/** Objects as stored entries: the HTTP layer writes their bytes (converting only for another served version). */
export interface ListAnswer {
  readonly entries: readonly Entry[];
  readonly resourceVersion: string;
  readonly continue: string;
  /** Undefined when unknown (selectors) or zero. */
  readonly remainingItemCount: number | undefined;
}

export interface WatchRequest {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: '' | 'NotOlderThan';
  readonly allowBookmarks: boolean;
  /** Undefined when not said. */
  readonly sendInitialEvents: boolean | undefined;
}

/** An event of a watch after selection: an object that leaves the selection is DELETED, one that enters ADDED. */
export type WatchOutput =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly entry: Entry }
  | { readonly type: 'BOOKMARK'; readonly revision: number; readonly initialEventsEnd: boolean };

/** A started watch: `deliver` is called with batches synchronously after commits until `close`. */
export interface WatchSession {
  close(): void;
}

/** The outcome of a write: a stored entry, or on dry run one that was not stored. `created` chooses 201. */
export interface WriteAnswer {
  readonly entry: Entry;
  readonly created: boolean;
}

/** The outcome of a delete: the object when it lives on (grace, finalizers), else a Success status. */
export type DeleteAnswer = { readonly type: 'object'; readonly entry: Entry } | { readonly type: 'deleted'; readonly entry: Entry };

export interface PatchRequest {
  readonly type: PatchType;
  readonly body: JsonValue;
  readonly force: boolean;
  /** What strict validation has found in the patch itself (fields given twice). Default: nothing. */
  readonly strictErrors?: readonly string[];
}

/** Bodies arrive as parsed JSON with their text, since duplicate fields are only visible in the text. */
export interface Body {
  readonly json: JsonValue;
  readonly text: string | undefined;
  /** What strict validation has found already while parsing (duplicate keys of YAML). Default: nothing. */
  readonly strictErrors?: readonly string[];
}

export interface Registry {
  /** The Kinds served, in discovery order; grows at run time with custom resources. */
  readonly kinds: KindSet;
  get(context: RequestContext, target: Target, options: ReadOptions): Promise<Entry>;
  list(context: RequestContext, target: Target, request: ListRequest): Promise<ListAnswer>;
  /**
   * Settles once the store is as new as a resource version, or after 3 s, when the verb refuses it; undefined when there is nothing to wait for.
   * Gets and lists wait by themselves; who starts a watch with initial events has to.
   */
  untilFresh(resourceVersion: string): Promise<void> | undefined;
  watch(context: RequestContext, target: Target, request: WatchRequest, deliver: (batch: readonly WatchOutput[]) => void): WatchSession;
  create(context: RequestContext, target: Target, body: Body, options: MutateOptions): Promise<WriteAnswer>;
  update(context: RequestContext, target: Target, body: Body, options: MutateOptions): Promise<WriteAnswer>;
  patch(context: RequestContext, target: Target, patch: PatchRequest, options: MutateOptions): Promise<WriteAnswer>;
  delete(context: RequestContext, target: Target, options: DeleteOptions): Promise<DeleteAnswer>;
  deleteCollection(context: RequestContext, target: Target, request: ListRequest, options: DeleteOptions): Promise<ListAnswer>;
  /**
   * Carries out an order: POST of a sub-resource that takes one (binding, eviction, token), or of a resource that stores nothing. Answers the response's
   * body. `code` is for orders that the registry cannot carry out itself; default: by its behaviours.
   */
  order(context: RequestContext, target: Target, body: Body, options: MutateOptions, code?: OrderCode): Promise<JsonObject>;
  /** Asks for leave to connect to the target's sub-resource, with the options in a query. Rejects with StatusError when plugins refuse. */
  connect(context: RequestContext, target: Target, query: Iterable<readonly [name: string, value: string]>): Promise<void>;
}

/** An order as its code gets it: decoded, and past the mutating plugins. */
export interface Order {
  readonly context: RequestContext;
  readonly target: Target;
  readonly options: MutateOptions;
  /** The body: a Binding, a TokenRequest, an Eviction. */
  readonly object: JsonObject;
  /** Asks the validating plugins for leave; to be called when the order is known to be well-formed, before anything is done. */
  admit(object: JsonObject): Promise<void>;
}

/** Carries out an order; its answer is the response's body. */
export type OrderCode = (order: Order) => Promise<JsonObject>;

/** The served Kinds with the look-ups that routes and clients need. */
export interface KindSet {
  readonly all: readonly AnyKind[];
  byResource(group: string, version: string, plural: string): AnyKind | undefined;
  byKind(group: string, version: string, kind: string): AnyKind | undefined;
  byResourceName(resourceName: string): AnyKind | undefined;
}

export type { StoreEvent };
