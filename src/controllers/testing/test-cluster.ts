/**
 * A cluster without nodes for tests of controllers: the real registry over the memory store, real caches, and a clock
 * that only tests move.
 */
import type { TestContext } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { brotliDecompressSync } from 'node:zlib';
import type { Event } from '../../api/generated/core/v1.ts';
import type { Kind } from '../../api/kind.ts';
import { event } from '../../api/kinds/core/event.ts';
import { namespace } from '../../api/kinds/core/namespace.ts';
import { builtInKinds } from '../../api/kinds/index.ts';
import { type MeterLabels, Meters } from '../../api/meters.ts';
import type { KubeObject, Received } from '../../api/object.ts';
import { loadSchemas } from '../../api/schema/load.ts';
import { createModelFormats } from '../../api/schema/model-formats.ts';
import type { Client, ResourceClient } from '../../client/client.ts';
import { FakeClock } from '../../client/fake-clock.ts';
import { controllerManager, type Identity, scheduler, systemUser } from '../../client/identity.ts';
import { createInProcessClient } from '../../client/in-process-client.ts';
import { createInformerFactory, type InspectableInformerFactory } from '../../client/informer-factory.ts';
import { type Logger, silentLogger } from '../../client/logger.ts';
import { type AdmissionPlugin, createAdmissionChain } from '../../server/admission/admission.ts';
import { namespaceLifecycle } from '../../server/admission/namespace-lifecycle.ts';
import { authorizedRegistry } from '../../server/auth/authorized-registry.ts';
import { bootstrapRules } from '../../server/auth/bootstrap-policy.ts';
import { RbacAuthorizer } from '../../server/auth/rbac.ts';
import { createBehaviours } from '../../server/registry/behaviours/create-behaviours.ts';
import { createRegistry } from '../../server/registry/create-registry.ts';
import { createKindSet, type MutableKindSet } from '../../server/registry/kind-set.ts';
import type { Registry } from '../../server/registry/registry.ts';
import { createStoreReader } from '../../server/registry/store-reader.ts';
import { createMemoryStore } from '../../server/store/memory-store.ts';
import type { Store } from '../../server/store/store.ts';
import type { RunDeps, Running } from '../running.ts';
import { type AnyController, type RunningControllers, startControllers } from '../start-controllers.ts';

export interface TestClusterOptions {
  /** The controllers, or a function that makes them for the Kinds that the cluster serves. */
  readonly controllers?: readonly AnyController[] | ((kinds: MutableKindSet) => readonly AnyController[]);
  /** Parts that are started in the same way as background controllers, as the scheduler's user. */
  readonly parts?: readonly ((deps: RunDeps) => Running)[];
  readonly log?: Logger;
  /** Admission plugins, e.g. to refuse a write in a test; default none. */
  readonly admission?: readonly AdmissionPlugin[];
  /** Changes the client of each controller, e.g. to let calls fail; default: as it is. */
  readonly controllersClient?: (client: Client) => Client;
  /** Namespaces to create before the controllers start, besides `default` and `kube-system`. */
  readonly namespaces?: readonly string[];
}

export interface TestCluster {
  readonly clock: FakeClock;
  readonly client: Client;
  readonly informers: InspectableInformerFactory;
  readonly kinds: MutableKindSet;
  readonly registry: Registry;
  readonly store: Store;
  readonly controllers: RunningControllers;
  /** What controllers and scheduler count, as lines of text. */
  meters(): readonly string[];
  api<T extends KubeObject>(kind: Kind<T>): ResourceClient<T>;
  /** Creates an object of the Kind that it names. */
  apply(object: { readonly apiVersion: string; readonly kind: string; readonly [field: string]: unknown }): Promise<KubeObject>;
  /** All objects of a Kind, in `default` unless the Kind is cluster-scoped or another namespace is given. */
  list<T extends KubeObject>(kind: Kind<T>, inNamespace?: string): Promise<readonly T[]>;
  /** The Events of a namespace as `type reason message`, in the order of the times in their names. */
  events(inNamespace?: string): Promise<readonly string[]>;
  /** Resolves when nothing happens any more: queues are empty and caches are current. Time does not move. */
  settle(): Promise<void>;
  /** Stops all controllers, wherever they are in their work, and starts them anew with empty caches. */
  restart(): Promise<void>;
  /** Settles, moves time forward by some seconds, and settles again. */
  pass(seconds: number): Promise<void>;
}

const schemas = loadSchemas(brotliDecompressSync);
/** The tests here request no tokens. */
const noTokens = { audiences: [], issue: () => Promise.reject(new Error('test clusters issue no tokens')) };

const quietTurns = 8;
const maxTurns = 50_000;

/** Starts a cluster that ends with the test. */
export async function startTestCluster(t: TestContext, options: TestClusterOptions = {}): Promise<TestCluster> {
  const clock = new FakeClock();
  const store = createMemoryStore();
  const kinds = createKindSet(builtInKinds);
  const setTimer = (delayMs: number, callback: () => void): (() => void) => clock.setTimer(delayMs, callback);
  const registry = createRegistry({
    store,
    kinds,
    formats: createModelFormats(schemas),
    admission: createAdmissionChain([namespaceLifecycle(createStoreReader(store, setTimer)), ...(options.admission ?? [])]),
    behaviours: createBehaviours({ store, serviceRange: '10.96.0.0/16', tokens: noTokens, random: () => 0 }),
    now: () => clock.now(),
    setTimer,
  });
  // Authorization is that of a real cluster, so a controller whose role lacks a permission fails its tests.
  const authorized = authorizedRegistry(registry, new RbacAuthorizer(bootstrapRules));
  const clientFor = (user: Identity): Client => createInProcessClient(authorized, { user, clock });
  const client = clientFor(systemUser('kubernetes-admin', 'system:masters'));
  const log = options.log ?? silentLogger;
  for (const name of ['default', 'kube-system', ...(options.namespaces ?? [])]) {
    await client.resource(namespace).create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  }
  const asPart = (start: (deps: RunDeps) => Running, i: number): AnyController => ({ name: `part-${i}`, identity: scheduler, start });
  const meters = new Meters();
  const start = () => {
    const stop = new AbortController();
    const { signal } = stop;
    const informers = createInformerFactory({ client: clientFor(controllerManager), kinds, clock, signal, log, random: () => 0 });
    const controllers = startControllers({
      controllers: [
        ...(typeof options.controllers === 'function' ? options.controllers(kinds) : (options.controllers ?? [])),
        ...(options.parts ?? []).map(asPart),
      ],
      clientFor: (user) => (options.controllersClient ?? ((own: Client) => own))(clientFor(user)),
      informers,
      log,
      meters,
      signal,
      clock,
      random: () => 0,
    });
    const end = async (): Promise<void> => {
      stop.abort();
      await controllers.stopped();
    };
    return { informers, controllers, end };
  };
  let running = start();
  t.after(async () => {
    await running.end();
    await store.close();
  });
  const settle = async (): Promise<void> => {
    let quiet = 0;
    let revision = store.revision;
    for (let i = 0; quiet < quietTurns; i++) {
      if (i > maxTurns) throw new Error(`the cluster does not settle: ${JSON.stringify(running.controllers.metrics)}`);
      await turn();
      quiet = running.controllers.idle && store.revision === revision ? quiet + 1 : 0;
      revision = store.revision;
    }
  };
  await settle();
  return {
    clock,
    client,
    get informers() {
      return running.informers;
    },
    kinds,
    registry,
    store,
    get controllers() {
      return running.controllers;
    },
    meters: () => meterLines(meters),
    restart: async () => {
      await running.end();
      running = start();
    },
    api: (kind) => client.resource(kind),
    apply: (object) => applyAny(client, kinds, object),
    list: async (kind, inNamespace = 'default') =>
      (await client.resource(kind).list(kind.scope === 'Cluster' ? {} : { namespace: inNamespace })).items,
    events: (inNamespace = 'default') => eventTexts(client.resource<Event>(event), inNamespace),
    settle,
    pass: async (seconds) => {
      await settle();
      const end = clock.now() + seconds * 1000;
      // Moves from timer to timer, so that work started by a timer sees the time of that timer.
      while (clock.now() < end) {
        clock.advance(Math.min(clock.nextTimerAt ?? end, end) - clock.now());
        await settle();
      }
    },
  };
}

/** `name{label="value"} figure`; of amounts their number. */
function meterLines(meters: Meters): readonly string[] {
  const lines: string[] = [];
  const family = (name: string, samples: Iterable<readonly [MeterLabels, number]>): void => {
    for (const [labels, value] of samples) {
      const pairs = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
      lines.push(`${name}{${pairs.join(',')}} ${value}`);
    }
  };
  meters.write({
    counter: (name, _help, samples) => family(name, samples),
    gauge: (name, _help, samples) => family(name, samples),
    histogram: (name, _help, samples) =>
      family(
        `${name}_count`,
        [...samples].map(([labels, { count }]) => [labels, count] as const),
      ),
  });
  return lines;
}

function applyAny(
  client: Client,
  kinds: MutableKindSet,
  object: { readonly apiVersion: string; readonly kind: string },
): Promise<KubeObject> {
  const [version = '', group = ''] = object.apiVersion.split('/').reverse();
  const kind = kinds.byKind(group, version, object.kind);
  if (kind === undefined) throw new Error(`no kind ${object.apiVersion} ${object.kind}`);
  // Tests pass an object of the Kind that it names; the registry checks it.
  return client.resource(kind).create(object as Received<KubeObject>);
}

async function eventTexts(api: ResourceClient<Event>, inNamespace: string): Promise<readonly string[]> {
  const { items } = await api.list({ namespace: inNamespace });
  const time = (item: Event): string => item.metadata.name.split('.').at(-1) ?? '';
  return items.toSorted((a, b) => (time(a) < time(b) ? -1 : 1)).map(({ type, reason, message }) => `${type} ${reason} ${message}`);
}
