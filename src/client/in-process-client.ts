/**
 * The client of components that run in the server's process. It calls the registry directly, with the same admission
 * and validation as over HTTP but without JSON. Objects are the store's own frozen ones. Errors are the registry's
 * StatusErrors, unchanged.
 */
import type { JsonObject, JsonValue } from '../api/json.ts';
import type { Kind } from '../api/kind.ts';
import type { KubeObject, ObjectRef, Received } from '../api/object.ts';
import type {
  ApiVerbs,
  ListRequest,
  MutateOptions,
  RequestContext,
  StoredObject,
  Target,
  UserInfo,
  WatchOutputOf,
} from '../api/requests.ts';
import { type Status, StatusError } from '../api/status-error.ts';
import type {
  Client,
  DeleteOptions,
  ListOptions,
  ObjectList,
  Patch,
  ResourceClient,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './client.ts';
import type { Clock } from './clock.ts';
import { systemClock } from './clock.ts';
import { eventBatches } from './event-batches.ts';

export interface InProcessClientOptions {
  /** The calling user; groups and uid default to none. */
  readonly user: Pick<UserInfo, 'name'> & Partial<UserInfo>;
  /** Default `minik`; its first word is the default field manager. */
  readonly userAgent?: string;
  /** Receives the texts that would be `Warning` headers over HTTP; default: dropped. */
  readonly onWarning?: (text: string) => void;
  /** For the timeouts of watches; default: the system's clock. */
  readonly clock?: Clock;
}

const never = new AbortController().signal;

/** An answer that is a failure is an error, as over HTTP. */
function succeeded(answer: JsonObject): JsonObject {
  if (answer.kind !== 'Status' || answer.status !== 'Failure') return answer;
  // The registry's own Status.
  throw new StatusError(answer as unknown as Status);
}

/** Makes a client that calls `api` as one user. */
export function createInProcessClient(api: ApiVerbs, options: InProcessClientOptions): Client {
  const context: RequestContext = {
    user: { uid: '', groups: [], extra: {}, ...options.user },
    userAgent: options.userAgent ?? 'minik',
    warn: options.onWarning ?? (() => undefined),
    signal: never,
  };
  // A weak map, because Kinds can be removed at run time.
  const made = new WeakMap<Kind<KubeObject>, ResourceClient<KubeObject>>();
  return {
    resource: <T extends KubeObject>(kind: Kind<T>): ResourceClient<T> => {
      let client = made.get(kind);
      if (client === undefined) {
        client = new InProcessResourceClient({ api, kind, context, clock: options.clock ?? systemClock });
        made.set(kind, client);
      }
      // For each Kind the map holds the client that was made for it; TypeScript cannot express this.
      return client as unknown as ResourceClient<T>;
    },
  };
}

interface Deps<T extends KubeObject> {
  readonly api: ApiVerbs;
  readonly kind: Kind<T>;
  readonly context: RequestContext;
  readonly clock: Clock;
}

class InProcessResourceClient<T extends KubeObject> implements ResourceClient<T> {
  readonly #api: ApiVerbs;
  readonly #kind: Kind<T>;
  readonly #context: RequestContext;
  readonly #clock: Clock;

  constructor({ api, kind, context, clock }: Deps<T>) {
    this.#api = api;
    this.#kind = kind;
    this.#context = context;
    this.#clock = clock;
  }

  async get(ref: ObjectRef): Promise<T> {
    return this.#object(await this.#api.get(this.#context, this.#target(ref), { resourceVersion: '' }));
  }

  async list(options: ListOptions = {}): Promise<ObjectList<T>> {
    const answer = await this.#api.list(this.#context, this.#collection(options.namespace), listRequest(options));
    return {
      metadata: {
        resourceVersion: answer.resourceVersion,
        ...(answer.continue === '' ? {} : { continue: answer.continue }),
        ...(answer.remainingItemCount === undefined ? {} : { remainingItemCount: answer.remainingItemCount }),
      },
      items: answer.entries.map((entry) => this.#object(entry)),
    };
  }

  watch(options: WatchOptions): AsyncIterable<readonly WatchEvent<T>[]> {
    return eventBatches<WatchEvent<T>>((sink) => {
      const { signal } = options;
      if (signal.aborted) {
        sink.end();
        return () => undefined;
      }
      const end = (): void => sink.end();
      signal.addEventListener('abort', end, { once: true });
      const cancelTimer = options.timeoutSeconds === undefined ? undefined : this.#clock.setTimer(options.timeoutSeconds * 1000, end);
      const session = this.#api.watch({ ...this.#context, signal }, this.#collection(options.namespace), watchRequest(options), (batch) =>
        sink.push(batch.map((output) => this.#event(output))),
      );
      return () => {
        signal.removeEventListener('abort', end);
        cancelTimer?.();
        session.close();
      };
    });
  }

  async create(object: Received<T>, options?: WriteOptions): Promise<T> {
    const target = { ...this.#collection(this.#namespaceOf(object)), name: object.metadata?.name ?? '' };
    return this.#object((await this.#api.create(this.#context, target, bodyOf(object), this.#mutate(options))).entry);
  }

  update(object: Received<T>, options?: WriteOptions): Promise<T> {
    return this.#update(object, '', options);
  }

  updateStatus(object: Received<T>, options?: WriteOptions): Promise<T> {
    return this.#update(object, 'status', options);
  }

  async patch(ref: ObjectRef, patch: Patch, options?: WriteOptions): Promise<T> {
    const target = { ...this.#target(ref), subresource: patch.subresource ?? '' };
    const request = { type: patch.type, body: patch.body, force: patch.force ?? false };
    return this.#object((await this.#api.patch(this.#context, target, request, this.#mutate(options))).entry);
  }

  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    await this.#api.delete(this.#context, this.#target(ref), options);
  }

  async deleteCollection(list: ListOptions, options: DeleteOptions = {}): Promise<void> {
    await this.#api.deleteCollection(this.#context, this.#collection(list.namespace), listRequest(list), options);
  }

  async subresource(verb: 'get' | 'create' | 'update', ref: ObjectRef, name: string, body: JsonObject = {}): Promise<JsonObject> {
    const target = { ...this.#target(ref), subresource: name };
    if (verb === 'create') return succeeded(await this.#api.order(this.#context, target, bodyOf(body), this.#mutate()));
    const { object } =
      verb === 'get'
        ? await this.#api.get(this.#context, target, { resourceVersion: '' })
        : (await this.#api.update(this.#context, target, bodyOf(body), this.#mutate())).entry;
    // Stored objects and their stand-ins (Scale) are JSON.
    return object as unknown as JsonObject;
  }

  async #update(object: Received<T>, subresource: string, options: WriteOptions | undefined): Promise<T> {
    const target = { ...this.#target({ namespace: this.#namespaceOf(object), name: object.metadata?.name ?? '' }), subresource };
    return this.#object((await this.#api.update(this.#context, target, bodyOf(object), this.#mutate(options))).entry);
  }

  #target(ref: ObjectRef): Target {
    return { kind: this.#kind, namespace: ref.namespace, name: ref.name, subresource: '' };
  }

  #collection(namespace: string | undefined): Target {
    return this.#target({ namespace: namespace ?? '', name: '' });
  }

  #namespaceOf(object: Received<T>): string {
    if (this.#kind.scope === 'Cluster') return '';
    const namespace = object.metadata?.namespace;
    return namespace === undefined || namespace === '' ? 'default' : namespace;
  }

  #mutate(options: WriteOptions = {}): MutateOptions {
    return {
      dryRun: options.dryRun ?? false,
      fieldManager: options.fieldManager ?? this.#context.userAgent.split('/', 1).join(),
      fieldValidation: options.fieldValidation ?? 'Ignore',
    };
  }

  #event(output: WatchOutputOf<StoredObject>): WatchEvent<T> {
    if (output.type !== 'BOOKMARK') return { type: output.type, object: this.#object(output.entry) };
    return { type: 'BOOKMARK', resourceVersion: String(output.revision), initialEventsEnd: output.initialEventsEnd };
  }

  #object(entry: { readonly object: KubeObject }): T {
    // The registry stores under a Kind only what it has decoded and defaulted as that Kind.
    return entry.object as T;
  }
}

function bodyOf(object: unknown): { readonly json: JsonValue; readonly text: undefined } {
  // API types are JSON by construction; interfaces lack the index signature that would let TypeScript see it.
  return { json: object as JsonValue, text: undefined };
}

function listRequest(options: ListOptions): ListRequest {
  return {
    labelSelector: options.labelSelector ?? '',
    fieldSelector: options.fieldSelector ?? '',
    limit: options.limit ?? 0,
    continue: options.continue ?? '',
    resourceVersion: options.resourceVersion ?? '',
    resourceVersionMatch: options.resourceVersionMatch ?? '',
  };
}

function watchRequest(options: WatchOptions) {
  return {
    labelSelector: options.labelSelector ?? '',
    fieldSelector: options.fieldSelector ?? '',
    resourceVersion: options.resourceVersion ?? '',
    resourceVersionMatch: options.sendInitialEvents === undefined ? '' : 'NotOlderThan',
    allowBookmarks: options.allowBookmarks ?? false,
    sendInitialEvents: options.sendInitialEvents,
  } as const;
}
