/** For tests: the app over a real registry with an in-memory store. */
import { brotliDecompressSync } from 'node:zlib';
import { builtInKinds } from '../../api/kinds/index.ts';
import { loadSchemas } from '../../api/schema/load.ts';
import { createModelFormats } from '../../api/schema/model-formats.ts';
import { Protobuf } from '../../api/schema/protobuf.ts';
import type { Logger } from '../../client/logger.ts';
import { type AdmissionPlugin, createAdmissionChain } from '../admission/admission.ts';
import { deploymentsBehaviour } from '../registry/behaviours/deployments.ts';
import { bindingsBehaviour, podsBehaviour } from '../registry/behaviours/pods.ts';
import { serviceAccountsBehaviour } from '../registry/behaviours/service-accounts.ts';
import { createRegistry } from '../registry/create-registry.ts';
import { createKindSet, type MutableKindSet } from '../registry/kind-set.ts';
import { createMemoryStore } from '../store/memory-store.ts';
import type { Store } from '../store/store.ts';
import type { Answer } from './answer.ts';
import { type App, type AppOptions, createApp } from './app.ts';
import { certificateAuthenticator } from './auth/authenticate.ts';
import type { Authenticator } from './ports.ts';
import type { PodStreams } from './streaming/pod-streams.ts';

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLogger,
};

const refused = (): Promise<never> => Promise.reject(new Error('no streams in this test'));

export const noStreams: PodStreams = {
  refusal: async () => undefined,
  exec: refused,
  attach: refused,
  portForward: refused,
  logs: refused,
};

/** Bearer `<name>` or `<name>,<group>,…`. */
export const tokenNames: Authenticator = {
  authenticate: ({ bearerToken }) => {
    if (bearerToken === undefined || bearerToken === 'bad') return undefined;
    const [name = '', ...groups] = bearerToken.split(',');
    return { name, uid: '', groups, extra: {} };
  },
};

const schemas = loadSchemas(brotliDecompressSync);

export interface TestApp {
  readonly app: App;
  readonly store: Store;
  /** The served Kinds; tests may add to them. */
  readonly kinds: MutableKindSet;
  readonly options: AppOptions;
  /** Sends a request as `admin`, without sockets. */
  fetch(path: string, init?: RequestInit): Promise<Response>;
  /** The same, with the body of the answer parsed. */
  json(path: string, init?: RequestInit): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
}

/** As clients see an answer: hono passes ours on. */
function toResponse(answered: Response | Answer): Response {
  if (answered instanceof Response) return answered; // to HEAD
  const { status, headers, body } = answered;
  const sent = new Headers(Object.entries(headers).flatMap(([name, value]) => [value].flat().map((one): [string, string] => [name, one])));
  const whole = body === null || typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream;
  // The DOM types ask for the kind of buffer that bytes have anyway.
  return new Response((whole ? body : ReadableStream.from(body)) as ReadableStream<Uint8Array>, { status, headers: sent });
}

/** Makes the app. Every request is allowed unless an authorizer is given. */
export function testApp(
  more: Partial<AppOptions> = {},
  store: Store = createMemoryStore(),
  plugins: readonly AdmissionPlugin[] = [],
): TestApp {
  const kinds = createKindSet(builtInKinds);
  const registry = createRegistry({
    store,
    kinds,
    formats: createModelFormats(schemas),
    admission: createAdmissionChain(plugins),
    behaviours: new Map([
      ['bindings', bindingsBehaviour],
      ['deployments.apps', deploymentsBehaviour],
      ['pods', podsBehaviour],
      ['serviceaccounts', serviceAccountsBehaviour({ audiences: ['test'], issue: async () => 'a-token' })],
    ]),
  });
  const options: AppOptions = {
    registry,
    kindChanges: kinds,
    authenticators: [certificateAuthenticator, tokenNames],
    authorizer: { authorize: () => ({ allowed: true, reason: '' }) },
    podStreams: noStreams,
    codec: new Protobuf(schemas),
    openApi: {
      v2: () => ({ swagger: '2.0' }),
      v3Paths: () => ['version'],
      v3: (path) => ({ openapi: '3.0.0', info: { title: path, version: 'v1.36.0' } }),
    },
    currentRevision: () => store.revision,
    logger: silentLogger,
    ...more,
  };
  const app = createApp(options);
  const fetch = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers);
    if (!headers.has('authorization') && !headers.has('x-anonymous')) headers.set('authorization', 'Bearer admin,system:masters');
    return toResponse(await app.hono.request(`https://localhost${path}`, { ...init, headers }));
  };
  return {
    app,
    store,
    kinds,
    options,
    fetch,
    json: async (path, init) => {
      const response = await fetch(path, init);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
  };
}

/** A POST, PUT or PATCH with a JSON body. */
export const sending = (method: string, body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method,
  body: typeof body === 'string' ? body : JSON.stringify(body),
  headers: { 'content-type': 'application/json', ...headers },
});

export const configMap = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, labels },
  data,
});

export const pod = (name: string, containers: readonly string[] = ['main'], nodeName = 'node-1') => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { nodeName, containers: containers.map((container) => ({ name: container, image: 'busybox:1.36' })) },
});
