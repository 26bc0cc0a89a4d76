/**
 * Makes every part of a cluster in this process and connects them: for `minik start`, which serves it, and for the
 * library, which need not.
 *
 * Order of a start: first the API, then the parts that work through it: controllers, scheduler, kubelets, network.
 */
import { join } from 'node:path';
import { shutdownPath } from '../api/cluster-shutdown.ts';
import { clockPath } from '../api/cluster-time.ts';
import { faultsPath } from '../api/faults/fault-order.ts';
import { node } from '../api/kinds/core/node.ts';
import { pod } from '../api/kinds/core/pod.ts';
import { Meters } from '../api/meters.ts';
import { type BehaviourRules, rulesPath } from '../api/simulated/rules.ts';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import type { Client } from '../client/client.ts';
import type { Clock } from '../client/clock.ts';
import { type ClockState, ClusterClock } from '../client/cluster-clock.ts';
import { controllerManager, type Identity, scheduler as schedulerUser } from '../client/identity.ts';
import { createInformerFactory } from '../client/informer-factory.ts';
import type { Logger } from '../client/logger.ts';
import { pacedEvents } from '../client/paced-events.ts';
import { Pacer } from '../client/pacer.ts';
import { Pending } from '../client/pending.ts';
import { allControllers, apiServerControllers, namedControllers } from '../controllers/all-controllers.ts';
import { podAutoscalerAccount } from '../controllers/pod-autoscaler/pod-autoscaler.ts';
import { joinedKinds } from '../controllers/remote-resources.ts';
import type { Running } from '../controllers/running.ts';
import { type RunningControllers, startControllers } from '../controllers/start-controllers.ts';
import type { ContainerRuntime } from '../runtime/container/container-runtime.ts';
import { PullRecords } from '../runtime/kubelet/images/pull-records.ts';
import type { Kubelet } from '../runtime/kubelet/kubelet.ts';
import type { ApiServer } from '../server/http/create-server.ts';
import { openKubeletPort } from '../server/http/kubelet-port.ts';
import type { ListenAddress } from '../server/http/secure-server.ts';
import type { YamlWorker } from '../server/http/yaml/yaml-bodies.ts';
import type { Pki } from '../server/pki/pki.ts';
import type { Store } from '../server/store/store.ts';
import { podRanges } from './addresses.ts';
import { BehavioursControl } from './behaviours-control.ts';
import { ClockControl, inHostTime } from './clock-control.ts';
import { type ContainerRuntimeOptions, nodesFolder } from './container-runtime.ts';
import { type ControlPlane, openControlPlane } from './control-plane.ts';
import { FaultControl } from './faults/fault-control.ts';
import { FaultRules } from './faults/fault-rules.ts';
import { NodePool } from './node-pool.ts';
import { kubeletPort, type NodeParts, startServices } from './nodes.ts';
import { learnApi } from './outward.ts';
import { reachRemoteKinds } from './remote-client.ts';
import { schedulable } from './schedulable-nodes.ts';
import { configuredScheduler } from './scheduler-file.ts';
import { shutdownControl } from './shutdown-control.ts';
import { stillness } from './stillness.ts';
import { volumeFolders } from './volume-folders.ts';

export interface OpenClusterParts {
  readonly clock: Clock;
  readonly store: Store;
  readonly pki: Pki;
  /** Makes the engine; the options say by what simulated containers go. */
  runtime(options: ContainerRuntimeOptions): ContainerRuntime;
  readonly log: Logger;
  /** Called with the name of each step when it begins. */
  onStep(step: string): void;
  /** Called when the API can be used by all parts, before these start. The cluster listens only when it is told to. */
  onApi(listen: (addresses?: readonly [ListenAddress, ...ListenAddress[]]) => Promise<ApiServer>): Promise<void> | void;
  /** Resolves when the machine has what the nodes need; absent: they need nothing. */
  readonly prepared?: Promise<void>;
  /** Keeps the state of the clock for the next process. */
  saveClock(state: ClockState): void;
  /** The rules that simulated containers go by; absent: containers are not simulated. */
  readonly behaviours?: { readonly rules: BehaviourRules; save(): void } | undefined;
  /** See `ControlPlaneParts`. */
  onWork(units: number): void;
  onStreamed(bytes: number): void;
  readonly createYamlWorker?: () => YamlWorker;
}

export interface OpenCluster {
  readonly plane: ControlPlane;
  readonly nodes: NodePool;
  readonly runtime: ContainerRuntime;
  readonly clock: ClockControl;
  readonly faults: FaultControl;
  readonly behaviours: BehavioursControl;
  /** Aborts when the cluster stops. */
  readonly signal: AbortSignal;
  /** Resolves when everything has been done that can be done without time passing. */
  settled(): Promise<void>;
  /** Ends all parts and the servers; containers of an engine run on. */
  stop(): Promise<void>;
}

function wantedControllers({ controllerManager, controllers }: ClusterSettings): typeof allControllers {
  if (controllerManager === false) return apiServerControllers;
  return controllers === undefined ? allControllers : namedControllers(controllers);
}

/** Resolves when the nodes are Ready and pods can be scheduled to them. */
export async function openCluster(settings: ClusterSettings, parts: OpenClusterParts): Promise<OpenCluster> {
  const { clock, log, onStep } = parts;
  const stop = new AbortController();
  const { signal } = stop;
  const kubelets: Kubelet[] = [];
  const servers: ApiServer[] = [];
  onStep('Starting the API server');
  const pending = new Pending();
  const eventPacer = new Pacer(() => performance.now());
  const meters = new Meters();
  const running: { controllers?: RunningControllers; scheduler?: Running | undefined; nodes?: Pick<OpenCluster, 'nodes' | 'runtime'> } = {};
  const settled = (): Promise<void> =>
    stillness({
      idle: () => running.controllers?.idle !== false && running.scheduler?.idle !== false,
      isPending: () => pending.count > 0 || eventPacer.waiting > 0,
      state: () => `${parts.store.revision} ${clock instanceof ClusterClock ? clock.pendingTimers : 0}`,
    });
  const clockControl = new ClockControl({ clock, settled, save: parts.saveClock });
  const faultRules = new FaultRules({ store: parts.store, clock });
  const faults = new FaultControl({ rules: faultRules, kinds: () => plane.kinds.all, simulated: settings.runtime === 'simulated', log });
  const { rules, save = () => undefined } = parts.behaviours ?? {};
  const behaviours = new BehavioursControl({ rules, save });
  const plane = await openControlPlane(settings, {
    ...{ clock, log, signal, kubelets, pending, store: parts.store, pki: parts.pki, faults: faultRules },
    onWork: parts.onWork,
    onStreamed: parts.onStreamed,
    controllerMetrics: () => running.controllers?.metrics ?? {},
    meters,
    controls: {
      [clockPath]: clockControl.control,
      [faultsPath]: faults.control,
      [rulesPath]: behaviours.control,
      [shutdownPath]: shutdownControl(() => running.nodes),
    },
    ...(parts.createYamlWorker === undefined ? {} : { createYamlWorker: parts.createYamlWorker }),
  });
  const { remote, clientFor: plainClientFor } = reachRemoteKinds(plane, signal);
  const clientFor = (identity: Identity): Client => pacedEvents(plainClientFor(identity), eventPacer);
  await parts.onApi(async (addresses) => {
    const server = await plane.serve(addresses);
    servers.push(server);
    return server;
  });
  onStep('Starting controllers and scheduler');
  const informers = createInformerFactory({ client: clientFor(controllerManager), kinds: joinedKinds(plane.kinds, remote), signal, log });
  const pods = informers.informer(pod).cache;
  const runtime = parts.runtime({ podOf: (uid) => pods.byUid(uid), clock, faults: faultRules, ...(rules === undefined ? {} : { rules }) });
  const pullRecords = new PullRecords(join(nodesFolder(settings), 'image-pulls.json'));
  const openPort = async (name: string, ip: string): Promise<() => Promise<void>> => {
    const [server] = servers;
    if (server === undefined) throw new Error('no API server is there yet');
    const { close } = await openKubeletPort(server.app, {
      ...{ node: name, address: { host: ip, port: kubeletPort }, caCertificate: plane.pki.caCertificate },
      serving: () => plane.pki.issueServing(`system:node:${name}`, ['system:nodes'], [name, ip]),
    });
    return close;
  };
  const wanted = wantedControllers(settings)({
    ...{ kinds: plane.kinds, remote },
    certificateAuthority: plane.pki.caCertificate,
    issueSecretToken: (claims) => plane.tokens.issueForSecret(claims),
    signCertificate: (order) => plane.pki.sign(inHostTime(order, clock)),
    mayCreateRequest: plane.mayCreateRequest,
    askApiService: (api) => learnApi(plane.remoteApis, api),
    metrics: plane.metricsFor(podAutoscalerAccount),
    celTypes: plane.celTypes,
    volumeFolders: volumeFolders(settings),
    podRanges: podRanges(settings),
  });
  const controllers = startControllers({ controllers: wanted, ...{ clientFor, informers, clock, log, meters, signal } });
  running.controllers = controllers;
  const scheduler =
    settings.scheduler === false
      ? undefined
      : configuredScheduler(settings, { client: clientFor(schedulerUser), informers, clock, log, meters, signal, random: Math.random });
  running.scheduler = scheduler;
  const { length: count } = settings.nodes;
  await parts.prepared;
  const { addressForPods } = plane;
  if (addressForPods !== undefined) await Promise.all(servers.map((server) => server.listen(addressForPods)));
  onStep(count === 1 ? 'Starting the node and the network' : `Starting ${count} nodes and the network`);
  const untaints = wanted.some(({ name }) => name === 'node-lifecycle');
  const nodeParts: NodeParts = {
    ...{ clientFor, informers, runtime, clock, log, signal, pullRecords, faults: faultRules },
    ...(untaints ? { schedulable: (names) => schedulable(informers.informer(node), names) } : {}),
    ...(settings.runtime === 'docker' ? { openPort } : {}),
  };
  const nodes = new NodePool({ settings, parts: nodeParts, kubelets });
  running.nodes = { nodes, runtime };
  const [services] = await Promise.all([startServices(settings, nodeParts), nodes.start()]);
  await nodes.use(services);
  return {
    ...{ plane, nodes, runtime, clock: clockControl, faults, behaviours, signal, settled },
    stop: async () => {
      faultRules.close();
      await Promise.all([services.stop(), nodes.stop()]);
      stop.abort();
      await Promise.all([controllers.stopped(), scheduler?.stopped(), ...servers.map((server) => server.close())]);
      await runtime.close();
      await parts.store.close();
    },
  };
}
