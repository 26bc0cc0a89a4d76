/**
 * Requests to the API and its answers, independent of the wire. The registry carries them out; the HTTP layer and the
 * in-process client make them. `E` is a stored object as the caller receives it.
 */
import type { JsonObject, JsonValue } from './json.ts';
import type { AnyKind } from './kind.ts';
import type { KubeObject } from './object.ts';
import type { DeleteOptions, PatchType } from './request-options.ts';

export interface UserInfo {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** Who makes the request, and how. Made once per request by the HTTP layer or by the in-process client. */
export interface RequestContext {
  readonly user: UserInfo;
  readonly userAgent: string;
  /** Adds a `Warning:` header (code 299). */
  warn(text: string): void;
  /** Adds an annotation to the request's audit event. Absent: the request is not audited. */
  annotate?(key: string, value: string): void;
  /**
   * Called with the milliseconds that the request has waited for a webhook: mutating ones are asked one after another,
   * validating ones at once. Absent: nobody asks how long the request itself takes.
   */
  waited?(type: 'admit' | 'validating', ms: number): void;
  readonly signal: AbortSignal;
}

/** What a request is about. */
export interface Target {
  readonly kind: AnyKind;
  /** The group and version that the request used; absent: the stored one. */
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
  /**
   * For an update that turns out to create the object: checks that the user may create it. Rejects with StatusError
   * when not. Default: allowed.
   */
  authorizeCreate?(): Promise<void> | void;
}

export interface ReadOptions {
  /** '': any version; '0': any cached version; otherwise not older than this one. */
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

export interface WatchRequest {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: '' | 'NotOlderThan';
  readonly allowBookmarks: boolean;
  /** Undefined when the request does not say. */
  readonly sendInitialEvents: boolean | undefined;
}

export interface PatchRequest {
  readonly type: PatchType;
  readonly body: JsonValue;
  readonly force: boolean;
  /** Strict-validation errors of the patch document itself (fields given twice). Default: none. */
  readonly strictErrors?: readonly string[];
}

/** A body is passed as parsed JSON and as text, because fields given twice are only visible in the text. */
export interface Body {
  readonly json: JsonValue;
  readonly text: string | undefined;
  /** Strict-validation errors that parsing has already found (duplicate keys of YAML). Default: none. */
  readonly strictErrors?: readonly string[];
}

/** A stored object; frozen. */
export interface StoredObject {
  readonly object: KubeObject;
}

export interface ListAnswerOf<E> {
  readonly entries: readonly E[];
  readonly resourceVersion: string;
  readonly continue: string;
  /** Undefined when unknown (selectors) or zero. */
  readonly remainingItemCount: number | undefined;
}

/**
 * An event of a watch after its selector was applied: an object that stops matching is DELETED, one that starts
 * matching is ADDED.
 */
export type WatchOutputOf<E> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly entry: E }
  | { readonly type: 'BOOKMARK'; readonly revision: number; readonly initialEventsEnd: boolean };

/** A started watch. Until `close`, `deliver` is called synchronously with a batch after each commit. */
export interface WatchSession {
  close(): void;
}

/**
 * The outcome of a write: the stored object, or on a dry run the object that would have been stored. When `created`,
 * the answer is 201.
 */
export interface WriteAnswerOf<E> {
  readonly entry: E;
  readonly created: boolean;
}

/** The outcome of a delete: the object when it still exists (grace period, finalizers), otherwise a Success status. */
export type DeleteAnswerOf<E> = { readonly type: 'object' | 'deleted'; readonly entry: E };

/** One method per verb; every method rejects (or throws) with StatusError. */
export interface ApiVerbs<E extends StoredObject = StoredObject> {
  get(context: RequestContext, target: Target, options: ReadOptions): Promise<E>;
  list(context: RequestContext, target: Target, request: ListRequest): Promise<ListAnswerOf<E>>;
  watch(
    context: RequestContext,
    target: Target,
    request: WatchRequest,
    deliver: (batch: readonly WatchOutputOf<E>[]) => void,
  ): WatchSession;
  create(context: RequestContext, target: Target, body: Body, options: MutateOptions): Promise<WriteAnswerOf<E>>;
  update(context: RequestContext, target: Target, body: Body, options: MutateOptions): Promise<WriteAnswerOf<E>>;
  patch(context: RequestContext, target: Target, patch: PatchRequest, options: MutateOptions): Promise<WriteAnswerOf<E>>;
  delete(context: RequestContext, target: Target, options: DeleteOptions): Promise<DeleteAnswerOf<E>>;
  deleteCollection(context: RequestContext, target: Target, request: ListRequest, options: DeleteOptions): Promise<ListAnswerOf<E>>;
  /** Runs a POST of a sub-resource that only takes creates (binding, eviction, token). Returns the response's body. */
  order(context: RequestContext, target: Target, body: Body, options: MutateOptions): Promise<JsonObject>;
}
