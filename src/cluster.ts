/**
 * The composition root of `minik start`: what a cluster needs of its machine and of the process that serves it alone.
 * The cluster itself is made in cluster/open-cluster.ts.
 */
import { join } from 'node:path';
import { errorText } from './api/error-text.ts';
import type { ClusterHost, ClusterSettings, RunningCluster, StartHooks } from './cli/cluster-port.ts';
import { systemClock } from './client/clock.ts';
import type { Logger } from './client/logger.ts';
import { keptBehaviours } from './cluster/behaviours-file.ts';
import { clusterClock, saveClock } from './cluster/clock-state.ts';
import { containerRuntime } from './cluster/container-runtime.ts';
import { openPki } from './cluster/control-plane.ts';
import { giveBackMemory, v8Heap } from './cluster/give-back-memory.ts';
import { keepAllLogs, keepingLogs } from './cluster/kept-logs.ts';
import { type OpenCluster, openCluster } from './cluster/open-cluster.ts';
import { ownPages } from './cluster/own-pages.ts';
import { destroy, locate, plan, prepare } from './cluster/plan.ts';
import { serveApi } from './cluster/serve-api.ts';
import { StreamedGarbage, youngCollector } from './cluster/streamed-garbage.ts';
import { createYamlWorker, sqliteAddon } from './executable.ts';
import { LoadMeter, letOptimizerSleep, wakeOptimizer } from './optimizer.ts';
import type { ApiServer } from './server/http/create-server.ts';
import { eventsOnDiskOnly } from './server/registry/disk-only.ts';
import { openSqliteStore } from './server/store/sqlite-store.ts';

/**
 * The load above which the optimizer is woken: the sum of requests, writes and events sent in one second. A cluster at
 * rest, or one that starts a few pods, stays below it.
 */
const loadPerSecond = 500;

async function start(settings: ClusterSettings, hooks: StartHooks): Promise<RunningCluster> {
  letOptimizerSleep();
  const prepared = prepare(settings, hooks.known);
  try {
    return await serve(settings, hooks, prepared);
  } catch (error) {
    // What was being made is made before the caller removes what is left.
    await Promise.allSettled([prepared]);
    throw error;
  }
}

/** An engine that is busy makes what a killed server has asked for until long after that one has ended. */
const latecomersMs = 10_000;

function removeLatecomers({ runtime, signal }: OpenCluster, log: Logger): void {
  const again = (): void =>
    void runtime.prepare().catch((error: unknown) => log.debug('What a killed server left is not removed', { error: errorText(error) }));
  const timer = setTimeout(again, latecomersMs).unref();
  signal.addEventListener('abort', () => clearTimeout(timer), { once: true });
}

async function serve(
  settings: ClusterSettings,
  { log, onStep, onListening }: StartHooks,
  prepared: Promise<void>,
): Promise<RunningCluster> {
  prepared.catch(() => undefined); // openCluster waits for it
  const pages = ownPages((reason) => log.debug("The program's unused pages cannot be given back", { reason }));
  const meter = new LoadMeter({ now: () => performance.now(), perSecond: loadPerSecond, onLoad: wakeOptimizer });
  const garbage = new StreamedGarbage(youngCollector());
  const clock = clusterClock(settings);
  const addon = sqliteAddon();
  const pki = await openPki(settings, join(settings.folder, 'pki'));
  const store = openSqliteStore({
    path: join(settings.folder, 'cluster.db'),
    diskOnly: eventsOnDiskOnly,
    now: () => clock.now(),
    ...(addon === undefined ? {} : { nativeBinding: addon }),
  });
  let server: ApiServer | undefined;
  const cluster = await openCluster(settings, {
    ...{ clock, store, pki, log, onStep, createYamlWorker },
    runtime: (options) => {
      const engine = containerRuntime(settings, options);
      return settings.removedLogs === undefined ? engine : keepingLogs(engine, settings.removedLogs, log);
    },
    onApi: async (listen) => {
      server = await listen();
      prepared.then(onListening, () => undefined);
    },
    prepared,
    saveClock: (state) => saveClock(settings, state),
    behaviours: settings.runtime === 'simulated' ? keptBehaviours(settings) : undefined,
    onWork: (units) => meter.add(units),
    onStreamed: (bytes) => garbage.add(bytes),
  });
  if (settings.runtime === 'docker') removeLatecomers(cluster, log);
  cluster.signal.addEventListener('abort', giveBackMemory({ ...v8Heap, release: () => pages?.giveBack() }, systemClock), { once: true });
  const { caCertificate, admin } = pki;
  return {
    apiUrl: server?.url ?? '',
    admin: { caPem: caCertificate, certificatePem: admin.certificate, keyPem: admin.key },
    setNodes: (wanted) => cluster.nodes.set(wanted),
    stop: async () => {
      // Simulated containers end with this process; those of Docker keep their logs until they are removed.
      if (settings.removedLogs !== undefined && settings.runtime === 'simulated') await keepAllLogs(cluster.runtime, settings.removedLogs);
      await cluster.stop();
    },
  };
}

/** The operations by which the command line plans, starts and destroys clusters. */
export const clusterHost: ClusterHost = { plan, start, locate, destroy, serveApi };
