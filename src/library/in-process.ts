/** A cluster in this process: the whole of minik over a store in memory and simulated containers. */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyKind } from '../api/kind.ts';
import { BehaviourRules } from '../api/simulated/rules.ts';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { newNodes } from '../cli/nodes.ts';
import { type ClockState, ClusterClock } from '../client/cluster-clock.ts';
import type { HttpClientConfig } from '../client/http-transport.ts';
import { clusterAdmin } from '../client/identity.ts';
import type { Logger } from '../client/logger.ts';
import { simulatedRuntime } from '../cluster/container-runtime.ts';
import { openPki } from '../cluster/control-plane.ts';
import { openCluster } from '../cluster/open-cluster.ts';
import type { SimulatedRuntime } from '../runtime/container/simulated/create-simulated-runtime.ts';
import type { ApiServer } from '../server/http/create-server.ts';
import type { ListenAddress } from '../server/http/secure-server.ts';
import { eventsOnDiskOnly } from '../server/registry/disk-only.ts';
import { createMemoryStore } from '../server/store/memory-store.ts';
import type { Backend } from './backend.ts';
import { keepObjects } from './snapshot.ts';

export interface InProcessOptions {
  readonly name: string;
  readonly nodes: number;
  readonly zones: readonly string[];
  readonly controllers: boolean;
  readonly scheduler: boolean;
  readonly clock: ClockState | undefined;
  readonly log: Logger;
}

/** A simulated cluster's addresses exist nowhere, so every cluster may have the same. */
const ranges = { serviceCidr: '10.96.0.0/16', podCidr: '10.244.0.0/16' };
/** What the Service `kubernetes` says; the port on which the cluster listens is chosen when it does. */
const apiPort = 6443;

function settingsOf({ name, nodes, zones, controllers, scheduler }: InProcessOptions): ClusterSettings {
  const clusterId = `${name}-${randomBytes(3).toString('hex')}`;
  return {
    // Kubelets have their folders there, which are removed with the cluster.
    ...{ profile: name, folder: join(tmpdir(), `minik-${clusterId}`), runtime: 'simulated', nodes: newNodes(nodes, zones) },
    ...{ apiPort, clusterId, ...ranges, controllerManager: controllers, scheduler },
  };
}

export async function startInProcess(options: InProcessOptions): Promise<Backend> {
  const { name, log } = options;
  const settings = settingsOf(options);
  const clock = new ClusterClock({ state: options.clock });
  const rules = new BehaviourRules();
  const store = createMemoryStore({ diskOnly: eventsOnDiskOnly, now: () => clock.now() });
  const pki = await openPki(settings);
  let listen: ((addresses: readonly [ListenAddress]) => Promise<ApiServer>) | undefined;
  let engine: SimulatedRuntime | undefined;
  const cluster = await openCluster(settings, {
    ...{ clock, store, pki, log },
    runtime: (parts) => {
      engine = simulatedRuntime(settings, parts);
      return engine;
    },
    onStep: () => undefined,
    onApi: (serve) => {
      listen = serve;
    },
    saveClock: () => undefined,
    behaviours: { rules, save: () => undefined },
    onWork: () => undefined,
    onStreamed: () => undefined,
  });
  let server: Promise<ApiServer> | undefined;
  const { kinds } = cluster.plane;
  return {
    name,
    client: cluster.plane.clientFor(clusterAdmin),
    kind: async (group, version, kind) => kinds.byKind(group, version, kind),
    kinds: async () => kinds.all satisfies readonly AnyKind[],
    access: async (): Promise<HttpClientConfig> => {
      if (listen === undefined) throw new Error('the cluster has not started');
      server ??= listen([{ host: '127.0.0.1', port: 0 }]);
      const { admin, caCertificate } = pki;
      return {
        server: (await server).url,
        certificateAuthority: caCertificate,
        clientCertificate: admin.certificate,
        clientKey: admin.key,
      };
    },
    readClock: async () => cluster.clock.read(),
    moveClock: (order) => cluster.clock.order(order),
    passTimer: async (untilMs) => {
      if (!clock.isFrozen || clock.isMoving) return false;
      await cluster.settled();
      await cluster.clock.order({ action: 'set', toMs: Math.max(clock.now(), Math.min(clock.nextTimerAt ?? untilMs, untilMs)) });
      return true;
    },
    askFaults: async ({ method, name = '', body }) =>
      cluster.faults.control({ method, rest: name, body, signal: new AbortController().signal }),
    behaviours: {
      list: async () => cluster.behaviours.list(),
      apply: async (json) => cluster.behaviours.apply(json),
      remove: async (one) => cluster.behaviours.remove(one),
    },
    save: async () => {
      await cluster.settled();
      const { all: keptRules } = rules;
      const restoreFaults = cluster.faults.keep();
      const restoreObjects = keepObjects(store);
      const restoreEngine = engine?.control.keep();
      return {
        restore: async () => {
          restoreFaults();
          await cluster.settled();
          rules.set(keptRules);
          // The engine first, so that the kubelet of a pod that comes back finds its containers.
          restoreEngine?.();
          await restoreObjects();
          await cluster.settled();
          engine?.control.engine.resync();
          await cluster.settled();
        },
      };
    },
    stop: async () => {
      await cluster.stop();
      await rm(settings.folder, { recursive: true, force: true });
    },
  };
}
