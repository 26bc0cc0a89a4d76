/**
 * A whole registry over a memory store, for tests: real kinds, schemas, admission and allocation, with a fixed clock
 * and repeatable random numbers.
 */
import { generateKeyPairSync } from 'node:crypto';
import { brotliDecompressSync } from 'node:zlib';
import type { JsonObject, JsonValue } from '../../api/json.ts';
import { builtInKinds } from '../../api/kinds/index.ts';
import { asJson } from '../../api/object-fields.ts';
import { loadSchemas } from '../../api/schema/load.ts';
import { createModelFormats } from '../../api/schema/model-formats.ts';
import type { Schemas } from '../../api/schema/schema.ts';
import { silentLogger } from '../../client/logger.ts';
import { createAdmissionChain } from '../admission/admission.ts';
import type { AdmissionObservations } from '../admission/admission-observations.ts';
import { defaultPlugins } from '../admission/default-plugins.ts';
import { roleGuards } from '../auth/escalation.ts';
import { nodeIdentity } from '../auth/node-authorizer.ts';
import { paramChecks } from '../auth/param-access.ts';
import { RbacAuthorizer } from '../auth/rbac.ts';
import { ServiceAccountTokens } from '../auth/service-account-tokens.ts';
import { StoredRules } from '../auth/stored-rules.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import type { Store } from '../store/store.ts';
import type { WebhookCaller } from '../webhooks/webhook-caller.ts';
import { createBehaviours } from './behaviours/create-behaviours.ts';
import { createRegistry } from './create-registry.ts';
import { eventsOnDiskOnly } from './disk-only.ts';
import { createKindSet } from './kind-set.ts';
import { writeQuotaStatus } from './own-requests.ts';
import type { DeleteAnswer, ListRequest, MutateOptions, Registry, RequestContext, Target, WatchOutput, WatchRequest } from './registry.ts';
import { createStoreReader } from './store-reader.ts';

export const testNow = Date.parse('2026-01-01T00:00:00Z');

export const mutateOptions: MutateOptions = { dryRun: false, fieldManager: 'test', fieldValidation: 'Strict' };
export const listRequest: ListRequest = {
  labelSelector: '',
  fieldSelector: '',
  limit: 0,
  continue: '',
  resourceVersion: '',
  resourceVersionMatch: '',
};
export const watchRequest: WatchRequest = {
  labelSelector: '',
  fieldSelector: '',
  resourceVersion: '',
  resourceVersionMatch: '',
  allowBookmarks: false,
  sendInitialEvents: undefined,
};

/** The built-in schemas. */
export const testSchemas: Schemas = loadSchemas(brotliDecompressSync);

/** Calls that name resources as `pods` or `deployments.apps`, and take and return plain JSON. */
export class TestRegistry {
  readonly store: Store;
  readonly registry: Registry;
  readonly tokens: ServiceAccountTokens;
  /** Decides by the roles that are stored. Requests here are not authorized. */
  readonly rbac: RbacAuthorizer;
  readonly warnings: string[] = [];
  readonly timers: { readonly delayMs: number; readonly callback: () => void }[] = [];
  nowMs: number = testNow;
  readonly context: RequestContext;

  constructor(
    options: {
      readonly logWindow?: number;
      readonly serviceRange?: string;
      readonly random?: () => number;
      readonly webhooks?: WebhookCaller;
      readonly observations?: AdmissionObservations;
    } = {},
  ) {
    this.store = createMemoryStore({
      freeze: true,
      diskOnly: eventsOnDiskOnly,
      now: () => this.nowMs,
      ...(options.logWindow === undefined ? {} : { logWindow: options.logWindow }),
    });
    this.context = {
      user: { name: 'tester', uid: '', groups: ['system:masters'], extra: {} },
      userAgent: 'test',
      warn: (text) => this.warnings.push(text),
      signal: new AbortController().signal,
    };
    const random = options.random ?? repeatable();
    const setTimer = (delayMs: number, callback: () => void): (() => void) => {
      const timer = { delayMs, callback };
      this.timers.push(timer);
      return () => void this.timers.splice(this.timers.indexOf(timer) >>> 0, this.timers.includes(timer) ? 1 : 0);
    };
    const reader = createStoreReader(this.store, setTimer);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.tokens = new ServiceAccountTokens({ privateKey, objects: reader, now: () => this.nowMs });
    const formats = createModelFormats(testSchemas);
    this.rbac = new RbacAuthorizer(new StoredRules(this.store));
    let uids = 0;
    const newUid = (): string => `00000000-0000-0000-0000-${String(++uids).padStart(12, '0')}`;
    const { webhooks: caller, observations } = options;
    const observed = observations === undefined ? {} : { observations };
    const webhooks = caller === undefined ? {} : { webhooks: { formats, caller, newUid, log: silentLogger, ...observed } };
    const kinds = createKindSet(builtInKinds);
    this.registry = createRegistry({
      store: this.store,
      kinds,
      formats,
      admission: createAdmissionChain(
        defaultPlugins({
          ...{ reader, random, now: () => this.nowMs, authorizer: this.rbac, nodeIdentity, kinds, formats, observations, ...webhooks },
          writeQuotaStatus: (quota) => writeQuotaStatus(this.registry, quota, this.context.signal),
        }),
        observations,
      ),
      behaviours: createBehaviours({
        store: this.store,
        serviceRange: options.serviceRange ?? '10.96.0.0/16',
        tokens: this.tokens,
        random,
        guards: roleGuards(this.rbac, this.rbac),
        checks: paramChecks({ authorizer: this.rbac, reader, kinds: () => kinds }),
      }),
      now: () => this.nowMs,
      random,
      newUid,
      setTimer,
    });
  }

  /** Makes the namespace and its default service account, as the controllers would do. */
  async withNamespace(name = 'default'): Promise<this> {
    await this.create('namespaces', { metadata: { name } });
    await this.create('serviceaccounts', { metadata: { name: 'default', namespace: name } });
    return this;
  }

  target(resource: string, path: string, subresource = ''): Target {
    const kind = this.registry.kinds.byResourceName(resource);
    if (kind === undefined) throw new Error(`no kind ${resource}`);
    const [namespace = '', name = ''] = kind.scope === 'Cluster' ? ['', path] : path.split('/');
    return { kind, namespace, name, subresource };
  }

  async create(resource: string, json: JsonObject, options: Partial<MutateOptions> = {}): Promise<TestObject> {
    const namespace = (json.metadata as { readonly namespace?: string } | undefined)?.namespace ?? 'default';
    const collection = this.target(resource, '');
    const target = collection.kind.scope === 'Cluster' ? collection : { ...collection, namespace };
    const body = { json, text: JSON.stringify(json) };
    return asTest((await this.registry.create(this.context, target, body, { ...mutateOptions, ...options })).entry.object);
  }

  async get(resource: string, path: string): Promise<TestObject> {
    return asTest((await this.registry.get(this.context, this.target(resource, path), { resourceVersion: '' })).object);
  }

  async update(resource: string, path: string, json: JsonObject, more: { readonly subresource?: string; readonly dryRun?: boolean } = {}) {
    const target = this.target(resource, path, more.subresource);
    const options = { ...mutateOptions, dryRun: more.dryRun ?? false };
    return asTest((await this.registry.update(this.context, target, { json, text: undefined }, options)).entry.object);
  }

  async patch(
    resource: string,
    path: string,
    body: JsonValue,
    more: { readonly type?: 'json' | 'merge' | 'strategic' | 'apply'; readonly subresource?: string } = {},
  ) {
    const target = this.target(resource, path, more.subresource);
    const patch = { type: more.type ?? 'merge', body, force: false } as const;
    return asTest((await this.registry.patch(this.context, target, patch, mutateOptions)).entry.object);
  }

  /** Applies a configuration as a field manager. */
  async apply(
    resource: string,
    path: string,
    config: JsonObject,
    more: { readonly manager?: string; readonly force?: boolean; readonly dryRun?: boolean; readonly subresource?: string } = {},
  ): Promise<TestObject> {
    const { manager = 'applier', force = false, dryRun = false, subresource = '' } = more;
    const target = { ...this.target(resource, path), subresource };
    const options = { ...mutateOptions, fieldManager: manager, dryRun };
    return asTest((await this.registry.patch(this.context, target, { type: 'apply', body: config, force }, options)).entry.object);
  }

  /** Calls a sub-resource and returns its answer; a patch is a merge patch. */
  async subresource(verb: 'get' | 'create' | 'update' | 'patch', resource: string, path: string, name: string, json: JsonValue = null) {
    const target = this.target(resource, path, name);
    const body = { json, text: undefined };
    if (verb === 'create') return this.registry.order(this.context, target, body, mutateOptions);
    if (verb === 'get') return asJson((await this.registry.get(this.context, target, { resourceVersion: '' })).object);
    const patch = { type: 'merge', body: json, force: false } as const;
    const answer =
      verb === 'update'
        ? await this.registry.update(this.context, target, body, mutateOptions)
        : await this.registry.patch(this.context, target, patch, mutateOptions);
    return asJson(answer.entry.object);
  }

  delete(resource: string, path: string, options: Parameters<Registry['delete']>[2] = {}): Promise<DeleteAnswer> {
    return this.registry.delete(this.context, this.target(resource, path), options);
  }

  list(resource: string, namespace: string, request: Partial<ListRequest> = {}) {
    return this.registry.list(this.context, this.target(resource, namespace), { ...listRequest, ...request });
  }

  async names(resource: string, namespace: string, request: Partial<ListRequest> = {}): Promise<readonly string[]> {
    return (await this.list(resource, namespace, request)).entries.map(({ object }) => object.metadata.name);
  }

  /** Starts a watch. Its events are added to the returned list, as `ADDED web@7`, `BOOKMARK 9`. */
  watch(resource: string, namespace: string, request: Partial<WatchRequest> = {}) {
    const seen: string[] = [];
    const session = this.registry.watch(this.context, this.target(resource, namespace), { ...watchRequest, ...request }, (batch) =>
      seen.push(...batch.map(brief)),
    );
    return { seen, close: () => session.close() };
  }
}

const brief = (output: WatchOutput): string =>
  output.type === 'BOOKMARK'
    ? `BOOKMARK ${output.revision}${output.initialEventsEnd ? ' initial-events-end' : ''}`
    : `${output.type} ${output.entry.object.metadata.name}@${output.entry.object.metadata.resourceVersion}`;

/** An object whose shape the test knows. */
export interface TestObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject & { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly [field: string]: JsonValue | undefined;
}

const asTest = (object: unknown): TestObject => object as TestObject;

/** Numbers in [0, 1) that are the same in every run. */
function repeatable(): () => number {
  let state = 12345;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

export const aPod = (name: string, more: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', ...(more.metadata as JsonObject | undefined) },
  spec: { containers: [{ name: 'main', image: 'busybox:1.36' }], ...(more.spec as JsonObject | undefined) },
});

export const aConfigMap = (name: string, data: JsonObject = {}, metadata: JsonObject = {}): JsonObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default', ...metadata },
  data,
});

export const aDeployment = (name: string, spec: JsonObject = {}): JsonObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'busybox:1.36' }] } },
    ...spec,
  },
});

/** Matches a StatusError by code and exact message, for `assert.rejects`. */
export const status =
  (code: number, message: string | RegExp) =>
  (error: unknown): boolean => {
    const { code: found, message: text } = error as { code?: number; message?: string };
    if (found === code && (typeof message === 'string' ? text === message : message.test(text ?? ''))) return true;
    throw new Error(`expected ${code} ${String(message)}, got ${found} ${text}`, { cause: error });
  };
