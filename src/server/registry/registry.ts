/**
 * The registry: one procedure per verb for all Kinds, in upstream's order: decode, strict field validation, defaults,
 * mutating admission, prepare, validate, validating admission, store, encode. This file is the port that the HTTP layer
 * and the in-process client call.
 * Source: apiserver pkg/endpoints/handlers/*.go, pkg/registry/generic/registry/store.go.
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

/** Objects as stored entries: the HTTP layer writes their bytes (converting only for another served version). */
export type ListAnswer = ListAnswerOf<Entry>;
export type WatchOutput = WatchOutputOf<Entry>;
export type WriteAnswer = WriteAnswerOf<Entry>;
export type DeleteAnswer = DeleteAnswerOf<Entry>;

export interface Registry extends ApiVerbs<Entry> {
  /** The Kinds served, in discovery order; grows at run time with custom resources. */
  readonly kinds: KindSet;
  /**
   * Settles once the store is as new as a resource version, or after 3 s, when the verb refuses it; undefined when
   * there is nothing to wait for. Gets and lists wait by themselves; who starts a watch with initial events has to.
   */
  untilFresh(resourceVersion: string): Promise<void> | undefined;
  /**
   * As for all; `code` is for orders that the registry cannot carry out itself (reviews); default: by its behaviours.
   */
  order(context: RequestContext, target: Target, body: Body, options: MutateOptions, code?: OrderCode): Promise<JsonObject>;
  /**
   * Asks for leave to connect to the target's sub-resource, with the options in a query. Rejects with StatusError when
   * plugins refuse.
   */
  connect(context: RequestContext, target: Target, query: Iterable<readonly [name: string, value: string]>): Promise<void>;
}

/** An order as its code gets it: decoded, and past the mutating plugins. */
export interface Order {
  readonly context: RequestContext;
  readonly target: Target;
  readonly options: MutateOptions;
  /** The body: a Binding, a TokenRequest, an Eviction. */
  readonly object: JsonObject;
  /**
   * Asks the validating plugins for leave; to be called when the order is known to be well-formed, before anything is
   * done.
   */
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
