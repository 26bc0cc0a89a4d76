/** The client over HTTPS, with the same interface and errors as the in-process client. */
import { StringDecoder } from 'node:string_decoder';
import type { JsonObject, JsonValue } from '../api/json.ts';
import type { Kind } from '../api/kind.ts';
import type { KubeObject, ObjectRef, Received } from '../api/object.ts';
import type { PatchType } from '../api/request-options.ts';
import { StatusError, statusErrors } from '../api/status-error.ts';
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
import { type HttpClientConfig, HttpTransport } from './http-transport.ts';

/** A client that owns connections. */
export interface HttpClient extends Client {
  /** For requests that are not about resources: discovery, version, logs, upgrades. */
  readonly transport: HttpTransport;
  /** Closes idle connections. */
  close(): void;
}

/** Makes a client of one API server. */
export function createHttpClient(config: HttpClientConfig): HttpClient {
  const transport = new HttpTransport(config);
  return {
    transport,
    resource: <T extends KubeObject>(kind: Kind<T>): ResourceClient<T> => createResourceClient(transport, kind),
    close: () => transport.close(),
  };
}

/** What sends the requests of a client. */
export type Transport = Pick<HttpTransport, 'json' | 'stream'>;

/** Makes the client of one Kind. */
export const createResourceClient = <T extends KubeObject>(transport: Transport, kind: Kind<T>): ResourceClient<T> =>
  new HttpResourceClient(transport, kind);

const patchContentTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** The URL path of a collection or, with a name, of one object. */
export function resourcePath(kind: Pick<Kind, 'group' | 'version' | 'plural' | 'scope'>, ref: ObjectRef, subresource = ''): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const scope = kind.scope === 'Namespaced' && ref.namespace !== '' ? `/namespaces/${encodeURIComponent(ref.namespace)}` : '';
  const name = ref.name === '' ? '' : `/${encodeURIComponent(ref.name)}`;
  return `${root}${scope}/${kind.plural}${name}${subresource === '' ? '' : `/${subresource}`}`;
}

/** A query string with its `?`, or '' when no parameter is set. */
function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined && value !== '') search.set(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

class HttpResourceClient<T extends KubeObject> implements ResourceClient<T> {
  readonly #transport: Transport;
  readonly #kind: Kind<T>;

  constructor(transport: Transport, kind: Kind<T>) {
    this.#transport = transport;
    this.#kind = kind;
  }

  async get(ref: ObjectRef): Promise<T> {
    return this.#decode(await this.#transport.json({ method: 'GET', path: this.#path(ref) }));
  }

  async list(options: ListOptions = {}): Promise<ObjectList<T>> {
    const path = this.#path({ namespace: options.namespace ?? '', name: '' }) + listQuery(options);
    const answer = await this.#transport.json({ method: 'GET', path });
    // A list's shape is fixed by the API; its items lack apiVersion and kind on the wire.
    const list = answer as unknown as ObjectList<T>;
    return deepFreeze({
      metadata: list.metadata,
      items: list.items.map((item) => ({ ...item, apiVersion: this.#kind.apiVersion, kind: this.#kind.kind })),
    });
  }

  async *watch(options: WatchOptions): AsyncGenerator<readonly WatchEvent<T>[]> {
    if (options.signal.aborted) return;
    const path =
      this.#path({ namespace: options.namespace ?? '', name: '' }) +
      query({
        watch: true,
        labelSelector: options.labelSelector,
        fieldSelector: options.fieldSelector,
        resourceVersion: options.resourceVersion,
        resourceVersionMatch: options.sendInitialEvents === undefined ? undefined : 'NotOlderThan',
        allowWatchBookmarks: options.allowBookmarks,
        sendInitialEvents: options.sendInitialEvents,
        timeoutSeconds: options.timeoutSeconds,
      });
    try {
      const response = await this.#transport.stream({ method: 'GET', path, signal: options.signal });
      const decoder = new StringDecoder('utf8');
      let rest = '';
      for await (const chunk of response) {
        const lines = (rest + decoder.write(chunk)).split('\n');
        rest = lines.pop() ?? '';
        const batch = lines.filter((line) => line !== '').map((line) => this.#event(line));
        if (batch.length > 0) yield batch;
      }
    } catch (error) {
      if (options.signal.aborted) return;
      throw error instanceof StatusError ? error : statusErrors.internal(error);
    }
  }

  create(object: Received<T>, options?: WriteOptions): Promise<T> {
    return this.#write('POST', this.#path({ namespace: this.#namespaceOf(object), name: '' }), object, options);
  }

  update(object: Received<T>, options?: WriteOptions): Promise<T> {
    return this.#write('PUT', this.#path(this.#refOf(object)), object, options);
  }

  updateStatus(object: Received<T>, options?: WriteOptions): Promise<T> {
    return this.#write('PUT', this.#path(this.#refOf(object), 'status'), object, options);
  }

  async patch(ref: ObjectRef, patch: Patch, options: WriteOptions = {}): Promise<T> {
    const path = this.#path(ref, patch.subresource) + query({ ...writeParameters(options), force: patch.force });
    const contentType = patchContentTypes[patch.type];
    return this.#decode(await this.#transport.json({ method: 'PATCH', path, body: patch.body, contentType }));
  }

  async delete(ref: ObjectRef, options: DeleteOptions = {}): Promise<void> {
    await this.#transport.json({ method: 'DELETE', path: this.#path(ref), body: deleteBody(options) });
  }

  async deleteCollection(list: ListOptions, options: DeleteOptions = {}): Promise<void> {
    const path = this.#path({ namespace: list.namespace ?? '', name: '' }) + listQuery(list);
    await this.#transport.json({ method: 'DELETE', path, body: deleteBody(options) });
  }

  async subresource(verb: 'get' | 'create' | 'update', ref: ObjectRef, name: string, body?: JsonObject): Promise<JsonObject> {
    const method = verb === 'get' ? 'GET' : verb === 'create' ? 'POST' : 'PUT';
    const answer = await this.#transport.json({ method, path: this.#path(ref, name), body });
    // Sub-resources answer with objects.
    return deepFreeze(answer as JsonObject);
  }

  async #write(method: 'POST' | 'PUT', path: string, object: Received<T>, options: WriteOptions = {}): Promise<T> {
    // API types are JSON by construction; interfaces lack the index signature that would let TypeScript see it.
    const body = { ...object, apiVersion: this.#kind.apiVersion, kind: this.#kind.kind } as unknown as JsonValue;
    return this.#decode(await this.#transport.json({ method, path: path + query(writeParameters(options)), body }));
  }

  #path(ref: ObjectRef, subresource?: string): string {
    return resourcePath(this.#kind, ref, subresource);
  }

  #refOf(object: Received<T>): ObjectRef {
    return { namespace: this.#namespaceOf(object), name: object.metadata?.name ?? '' };
  }

  #namespaceOf(object: Received<T>): string {
    if (this.#kind.scope === 'Cluster') return '';
    const namespace = object.metadata?.namespace;
    return namespace === undefined || namespace === '' ? 'default' : namespace;
  }

  #decode(value: unknown): T {
    // The server answers with an object of the requested Kind.
    return deepFreeze(value as T);
  }

  #event(line: string): WatchEvent<T> {
    // The frame of a watch event is fixed by the API; `object` depends on `type`.
    const frame = JSON.parse(line) as { readonly type: string; readonly object: JsonObject };
    if (frame.type === 'ERROR') throw new StatusError(frame.object as unknown as ConstructorParameters<typeof StatusError>[0]);
    if (frame.type === 'BOOKMARK') {
      const { metadata } = frame.object as unknown as KubeObject;
      const initialEventsEnd = metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
      return { type: 'BOOKMARK', resourceVersion: metadata.resourceVersion, initialEventsEnd };
    }
    return { type: frame.type as 'ADDED' | 'MODIFIED' | 'DELETED', object: this.#decode(frame.object) };
  }
}

function listQuery(options: ListOptions): string {
  const { labelSelector, fieldSelector, limit, resourceVersion, resourceVersionMatch } = options;
  return query({ labelSelector, fieldSelector, limit, continue: options.continue, resourceVersion, resourceVersionMatch });
}

function writeParameters(options: WriteOptions) {
  return {
    dryRun: options.dryRun === true ? 'All' : undefined,
    fieldManager: options.fieldManager,
    fieldValidation: options.fieldValidation,
  };
}

function deleteBody(options: DeleteOptions): JsonObject {
  const { dryRun, gracePeriodSeconds, propagationPolicy, preconditions } = options;
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(dryRun === true ? { dryRun: ['All'] } : {}),
    ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
    ...(propagationPolicy === undefined ? {} : { propagationPolicy }),
    ...(preconditions === undefined ? {} : { preconditions: { ...preconditions } }),
  };
}

function deepFreeze<V>(value: V): V {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const child of Object.values(value)) deepFreeze(child);
  return Object.freeze(value);
}
