/**
 * The registry: one procedure per verb for all Kinds, in upstream's order: decode, strict field validation, defaults,
 * mutating admission, prepare, validate, validating admission, store, encode. This file is the interface that the HTTP
 * layer and the in-process client call. Source: apiserver pkg/endpoints/handlers/*.go,
 * pkg/registry/generic/registry/store.go.
 */
import type { JsonObject } from '../../api/json.ts';
import type { AnyKind } from '../../api/kind.ts';
import type {
  ApiVerbs,
  Body,
  DeleteAnswerOf,
  ListAnswerOf,
  MutateOptions,
  RequestContext,
  Target,
  WatchOutputOf,
  WriteAnswerOf,
} from '../../api/requests.ts';
import type { Entry, StoreEvent } from '../store/store.ts';

/** Lists of stored entries. The HTTP layer sends their bytes and converts them only for another served version. */
export type ListAnswer = ListAnswerOf<Entry>;
export type WatchOutput = WatchOutputOf<Entry>;
export type WriteAnswer = WriteAnswerOf<Entry>;
export type DeleteAnswer = DeleteAnswerOf<Entry>;

export interface Registry extends ApiVerbs<Entry> {
  /** The Kinds served, in discovery order; changes at run time with custom resources. */
  readonly kinds: KindSet;
  /**
   * Resolves when the store has reached a resource version, or after 3 s, when the verb will refuse it. Undefined when
   * there is nothing to wait for. Gets and lists wait by themselves; a caller that starts a watch with initial events
   * must call this first.
   */
  untilFresh(resourceVersion: string): Promise<void> | undefined;
  /**
   * See `ApiVerbs.order`. `code` carries out orders that the registry cannot (reviews); default: the Kind's behaviour.
   */
  order(context: RequestContext, target: Target, body: Body, options: MutateOptions, code?: OrderCode): Promise<JsonObject>;
  /**
   * Runs admission for a connection to the target's sub-resource; `query` holds the options. Rejects with StatusError
   * when a plugin refuses.
   */
  connect(context: RequestContext, target: Target, query: Iterable<readonly [name: string, value: string]>): Promise<void>;
}

/** An order as its implementation receives it: decoded and changed by the mutating plugins. */
export interface Order {
  readonly context: RequestContext;
  readonly target: Target;
  readonly options: MutateOptions;
  /** The body: a Binding, a TokenRequest, an Eviction. */
  readonly object: JsonObject;
  /**
   * Runs the validating plugins. Implementations call it once the order is known to be well-formed, before they act on
   * it.
   */
  admit(object: JsonObject): Promise<void>;
}

/** Carries out an order and returns the response's body. */
export type OrderCode = (order: Order) => Promise<JsonObject>;

/** The served Kinds with the look-ups that routes and clients need. */
export interface KindSet {
  readonly all: readonly AnyKind[];
  byResource(group: string, version: string, plural: string): AnyKind | undefined;
  byKind(group: string, version: string, kind: string): AnyKind | undefined;
  byResourceName(resourceName: string): AnyKind | undefined;
}

export type {
  Body,
  ListRequest,
  MutateOptions,
  PatchRequest,
  ReadOptions,
  RequestContext,
  Target,
  UserInfo,
  WatchRequest,
  WatchSession,
} from '../../api/requests.ts';
export type { StoreEvent };
