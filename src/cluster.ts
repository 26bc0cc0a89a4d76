/**
 * The composition root: makes every part of a cluster and connects them. Besides main.ts it is the only file that
 * imports all parts; it contains no logic of its own.
 *
 * Order of a start: first the API, then the parts that work through it: controllers, scheduler, kubelets, network.
 */
import { pod } from './api/kinds/core/pod.ts';
import type { ClusterHost, ClusterSettings, RunningCluster, StartHooks } from './cli/cluster-port.ts';
import { systemClock } from './client/clock.ts';
import { controllerManager, scheduler as schedulerUser } from './client/identity.ts';
import { createInformerFactory } from './client/informer-factory.ts';
import { containerRuntime } from './cluster/container-runtime.ts';
import { openControlPlane } from './cluster/control-plane.ts';
import { giveBackMemory, v8Heap } from './cluster/give-back-memory.ts';
import { NodePool } from './cluster/node-pool.ts';
import { type NodeParts, startServices } from './cluster/nodes.ts';
import { learnApi } from './cluster/outward.ts';
import { ownPages } from './cluster/own-pages.ts';
import { destroy, locate, plan } from './cluster/plan.ts';
import { StreamedGarbage, youngCollector } from './cluster/streamed-garbage.ts';
import { volumeFolders } from './cluster/volume-folders.ts';
import { allControllers, apiServerControllers } from './controllers/all-controllers.ts';
import { podAutoscalerAccount } from './controllers/pod-autoscaler/pod-autoscaler.ts';
import { startScheduler } from './controllers/scheduler/scheduler.ts';
import { type RunningControllers, startControllers } from './controllers/start-controllers.ts';
import { LoadMeter, letOptimizerSleep, wakeOptimizer } from './optimizer.ts';
import type { Kubelet } from './runtime/kubelet/kubelet.ts';

/**
 * The load above which the optimizer is woken: the sum of requests, writes and events sent in one second. A cluster at
 * rest, or one that starts a few pods, stays below it.
 */
const loadPerSecond = 500;

async function start(settings: ClusterSettings, { log, onStep, onListening }: StartHooks): Promise<RunningCluster> {
  letOptimizerSleep();
  const pages = ownPages((reason) => log.debug("The program's unused pages cannot be given back", { reason }));
  const meter = new LoadMeter({ now: () => performance.now(), perSecond: loadPerSecond, onLoad: wakeOptimizer });
  const stop = new AbortController();
  const { signal } = stop;
  const kubelets: Kubelet[] = [];
  onStep('Starting the API server');
  const garbage = new StreamedGarbage(youngCollector());
  const running: { controllers?: RunningControllers } = {};
  const plane = await openControlPlane(settings, {
    log,
    signal,
    kubelets,
    onWork: (units) => meter.add(units),
    onStreamed: (bytes) => garbage.add(bytes),
    controllerMetrics: () => running.controllers?.metrics ?? {},
  });
  const { clientFor, store } = plane;
  const server = await plane.serve();
  onListening();
  onStep('Starting controllers and scheduler');
  const informers = createInformerFactory({ client: clientFor(controllerManager), kinds: plane.kinds, signal, log });
  const pods = informers.informer(pod).cache;
  const runtime = containerRuntime(settings, (uid) => {
    const found = pods.byUid(uid);
    return found === undefined ? undefined : (found.metadata.annotations ?? {});
  });
  const parts: NodeParts = { clientFor, informers, runtime, log, signal };
  const wanted = settings.controllerManager === false ? apiServerControllers : allControllers;
  const controllers = startControllers({
    controllers: wanted({
      kinds: plane.kinds,
      certificateAuthority: plane.pki.caCertificate,
      issueSecretToken: (claims) => plane.tokens.issueForSecret(claims),
      signCertificate: plane.pki.sign,
      mayCreateRequest: plane.mayCreateRequest,
      askApiService: (api) => learnApi(plane.remoteApis, api),
      metrics: plane.metricsFor(podAutoscalerAccount),
      celTypes: plane.celTypes,
      volumeFolders: volumeFolders(settings),
    }),
    clientFor,
    informers,
    log,
    signal,
  });
  running.controllers = controllers;
  const scheduler =
    settings.scheduler === false
      ? undefined
      : startScheduler({
          client: clientFor(schedulerUser),
          informers,
          clock: systemClock,
          log,
          signal,
          random: Math.random,
        });
  const { length: count } = settings.nodes;
  onStep(count === 1 ? 'Starting the node and the network' : `Starting ${count} nodes and the network`);
  const nodes = new NodePool({ settings, parts, kubelets });
  const [network] = await Promise.all([startServices(settings, parts), nodes.start()]);
  await nodes.use(network);
  signal.addEventListener('abort', giveBackMemory({ ...v8Heap, release: () => pages?.giveBack() }, systemClock), { once: true });
  const { caCertificate, admin } = plane.pki;
  return {
    apiUrl: server.url,
    admin: { caPem: caCertificate, certificatePem: admin.certificate, keyPem: admin.key },
    setNodes: (wanted) => nodes.set(wanted),
    stop: async () => {
      await Promise.all([network?.stop(), nodes.stop()]);
      stop.abort();
      await Promise.all([controllers.stopped(), scheduler?.stopped(), server.close()]);
      await runtime.close();
      await store.close();
    },
  };
}

/** The operations by which the command line plans, starts and destroys clusters. */
export const clusterHost: ClusterHost = { plan, start, locate, destroy };
