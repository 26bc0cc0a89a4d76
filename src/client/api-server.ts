/**
 * What the in-process client needs of the server: the registry's port as this side sees it. `src/server/registry` satisfies it structurally; a type-level
 * test beside the registry keeps it so.
 */
import type { JsonObject, JsonValue } from '../api/json.ts';
import type { AnyKind } from '../api/kind.ts';
import type { KubeObject } from '../api/object.ts';
import type { DeleteOptions, PatchType } from '../api/request-options.ts';

export interface ClientUser {
  readonly name: string;
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export interface ApiRequestContext {
  readonly user: ClientUser;
  readonly userAgent: string;
  warn(text: string): void;
  readonly signal: AbortSignal;
}

export interface ApiTarget {
  readonly kind: AnyKind;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
}

export interface ApiMutateOptions {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: 'Ignore' | 'Warn' | 'Strict';
}

export interface ApiListRequest {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly limit: number;
  readonly continue: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: '' | 'Exact' | 'NotOlderThan';
}

export interface ApiWatchRequest {
  readonly labelSelector: string;
  readonly fieldSelector: string;
  readonly resourceVersion: string;
  readonly resourceVersionMatch: '' | 'NotOlderThan';
  readonly allowBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
}

/** A stored object; frozen. */
export interface ApiEntry {
  readonly object: KubeObject;
}

export interface ApiListAnswer {
  readonly entries: readonly ApiEntry[];
  readonly resourceVersion: string;
  readonly continue: string;
  readonly remainingItemCount: number | undefined;
}

export type ApiWatchOutput =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly entry: ApiEntry }
  | { readonly type: 'BOOKMARK'; readonly revision: number; readonly initialEventsEnd: boolean };

/** One method per verb; every method rejects (or throws) with `StatusError`. */
export interface ApiServer {
  get(context: ApiRequestContext, target: ApiTarget, options: { readonly resourceVersion: string }): Promise<ApiEntry>;
  list(context: ApiRequestContext, target: ApiTarget, request: ApiListRequest): Promise<ApiListAnswer>;
  watch(
    context: ApiRequestContext,
    target: ApiTarget,
    request: ApiWatchRequest,
    deliver: (batch: readonly ApiWatchOutput[]) => void,
  ): { close(): void };
  create(
    context: ApiRequestContext,
    target: ApiTarget,
    body: { readonly json: JsonValue; readonly text: string | undefined },
    options: ApiMutateOptions,
  ): Promise<{ readonly entry: ApiEntry }>;
  update(
    context: ApiRequestContext,
    target: ApiTarget,
    body: { readonly json: JsonValue; readonly text: string | undefined },
    options: ApiMutateOptions,
  ): Promise<{ readonly entry: ApiEntry }>;
  patch(
    context: ApiRequestContext,
    target: ApiTarget,
    patch: { readonly type: PatchType; readonly body: JsonValue; readonly force: boolean },
    options: ApiMutateOptions,
  ): Promise<{ readonly entry: ApiEntry }>;
  delete(context: ApiRequestContext, target: ApiTarget, options: DeleteOptions): Promise<unknown>;
  deleteCollection(context: ApiRequestContext, target: ApiTarget, request: ApiListRequest, options: DeleteOptions): Promise<unknown>;
  /** POST of a sub-resource that takes orders: binding, eviction, token. Answers the response's body. */
  order(
    context: ApiRequestContext,
    target: ApiTarget,
    body: { readonly json: JsonValue; readonly text: string | undefined },
    options: ApiMutateOptions,
  ): Promise<JsonObject>;
}
