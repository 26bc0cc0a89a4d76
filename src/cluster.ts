/**
 * The composition root: makes every part of a cluster and connects them. The only file besides main.ts that sees everything; it decides nothing itself.
 *
 * Order of a start: files and engine side by side, then the API, then what works through the API (controllers, scheduler, kubelets, network).
 */
import { createPrivateKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import { event as eventKind } from './api/kinds/event.ts';
import { builtInKinds } from './api/kinds/index.ts';
import { loadDescriptions } from './api/schema/descriptions.ts';
import { loadSchemas } from './api/schema/load.ts';
import { createOpenApi } from './api/schema/openapi.ts';
import { Protobuf } from './api/schema/protobuf.ts';
import {
  type ClusterChoices,
  type ClusterHost,
  type ClusterSettings,
  type RunningCluster,
  type StartHooks,
  UserError,
} from './cli/cluster-port.ts';
import { createEventRecorder } from './client/api-event-recorder.ts';
import type { Client } from './client/client.ts';
import { systemClock } from './client/clock.ts';
import { createInProcessClient } from './client/in-process-client.ts';
import type { InformerFactory } from './client/informer.ts';
import { createInformerFactory } from './client/informer-factory.ts';
import { createJsonLogger, type Logger } from './client/logger.ts';
import { endpointsController } from './controllers/endpoints/endpoints-controller.ts';
import { endpointSliceController } from './controllers/endpoints/endpoint-slice-controller.ts';
import { endpointSliceMirroringController } from './controllers/endpoints/endpoint-slice-mirroring.ts';
import { garbageCollector } from './controllers/garbage-collector/garbage-collector.ts';
import { namespaceController } from './controllers/namespace-controller.ts';
import { rootCaController, serviceAccountController } from './controllers/namespace-defaults.ts';
import { nodeLifecycleController } from './controllers/nodes/node-lifecycle.ts';
import { podGcController } from './controllers/nodes/pod-gc.ts';
import { taintEvictionController } from './controllers/nodes/taint-eviction.ts';
import { deploymentController } from './controllers/deployment/deployment-controller.ts';
import { replicaSetController } from './controllers/replicas/replica-set.ts';
import { replicationControllerController } from './controllers/replicas/replication-controller.ts';
import { startScheduler } from './controllers/scheduler/scheduler.ts';
import { startControllers } from './controllers/start-controllers.ts';
import { createNetworkWorker, sqliteAddon } from './executable.ts';
import { type ContainerRuntime, RuntimeError } from './runtime/container/container-runtime.ts';
import { createDockerRuntime } from './runtime/container/docker/create-docker-runtime.ts';
import { createSimulatedRuntime } from './runtime/container/simulated/create-simulated-runtime.ts';
import { clusterStreams } from './runtime/kubelet/cluster-streams.ts';
import { parseResolvConf } from './runtime/kubelet/dns-files.ts';
import { type Kubelet, startKubelet } from './runtime/kubelet/kubelet.ts';
import { createProbeManager } from './runtime/kubelet/probes/create-probe-manager.ts';
import { createHostMounter } from './runtime/kubelet/volumes/host-mounter.ts';
import { canListen, firstFreePort } from './runtime/network/free-port.ts';
import { addServiceRoute, chooseSubnets, HostNetworkError, removeServiceRoute } from './runtime/network/host-network.ts';
import { type Network, startNetwork } from './runtime/network/start-network.ts';
import type { ClusterSubnets } from './runtime/network/subnets.ts';
import { createAdmissionChain } from './server/admission/admission.ts';
import { defaultPlugins } from './server/admission/default-plugins.ts';
import { bootstrapRules } from './server/auth/bootstrap-policy.ts';
import { RbacAuthorizer } from './server/auth/rbac.ts';
import { ServiceAccountTokens } from './server/auth/service-account-tokens.ts';
import { certificateAuthenticator } from './server/http/auth/authenticate.ts';
import { createServer } from './server/http/create-server.ts';
import type { HealthCheck } from './server/http/ports.ts';
import { loadPki } from './server/pki/pki.ts';
import { createBehaviours } from './server/registry/behaviours/create-behaviours.ts';
import { bootstrap } from './server/registry/bootstrap.ts';
import { createRegistry } from './server/registry/create-registry.ts';
import { createKindSet } from './server/registry/kind-set.ts';
import { startEventExpiry } from './server/registry/event-expiry.ts';
import { parseRange } from './server/registry/services/ip-range.ts';
import { createStoreReader } from './server/registry/store-reader.ts';
import { openSqliteStore } from './server/store/sqlite-store.ts';
import type { Store } from './server/store/store.ts';
import { kubernetesVersion } from './version.ts';

const clusterDomain = 'cluster.local';
const maxPodsPerNode = 110;
const defaultApiPort = 6443;

/** The address `offset` places into an IPv4 range. */
function addressIn(cidr: string, offset: number): string {
  const [base = '0.0.0.0'] = cidr.split('/');
  const number = base.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0) + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

/** Addresses that follow from the settings. */
const addressesOf = (settings: ClusterSettings) => ({
  gateway: addressIn(settings.podCidr, 1),
  apiServiceIp: addressIn(settings.serviceCidr, 1),
  dnsIp: addressIn(settings.serviceCidr, 10),
  nodeIp: (index: number) => addressIn(settings.podCidr, 1 + index),
});

const nodeName = (settings: ClusterSettings, index: number): string =>
  index === 0 ? settings.profile : `${settings.profile}-m${String(index + 1).padStart(2, '0')}`;

function containerRuntime(settings: ClusterSettings): ContainerRuntime {
  const { clusterId, podCidr } = settings;
  const reservedIps = Array.from({ length: settings.nodes - 1 }, (_, index) => addressesOf(settings).nodeIp(index + 1));
  if (settings.runtime === 'simulated') return createSimulatedRuntime({ clock: systemClock, clusterId, podSubnet: podCidr, reservedIps });
  return createDockerRuntime({
    clock: systemClock,
    clusterId,
    networkName: `minik-${clusterId}`,
    subnet: podCidr,
    gateway: addressesOf(settings).gateway,
    reservedIps,
  });
}

const openPki = (settings: ClusterSettings) =>
  loadPki({
    directory: join(settings.folder, 'pki'),
    serviceIp: addressesOf(settings).apiServiceIp,
    extraNames: [addressesOf(settings).gateway, hostname()],
  });

interface ControlPlaneParts {
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Those that run; grows as nodes start. */
  readonly kubelets: readonly Kubelet[];
}

/** What serves the API: everything that does not depend on nodes. */
async function openControlPlane(settings: ClusterSettings, { log, signal, kubelets }: ControlPlaneParts) {
  const addresses = addressesOf(settings);
  const addon = sqliteAddon();
  const store = openSqliteStore({ path: join(settings.folder, 'cluster.db'), ...(addon === undefined ? {} : { nativeBinding: addon }) });
  const pki = await openPki(settings);
  const schemas = loadSchemas(brotliDecompressSync);
  const kinds = createKindSet(builtInKinds);
  const reader = createStoreReader(store, systemClock.setTimer);
  const tokens = new ServiceAccountTokens({ privateKey: createPrivateKey(pki.serviceAccountKey), objects: reader });
  const registry = createRegistry({
    store,
    kinds,
    schemas,
    admission: createAdmissionChain(defaultPlugins({ reader, random: Math.random })),
    behaviours: createBehaviours({ store, serviceRange: settings.serviceCidr, tokens, random: Math.random }),
  });
  const apiEndpoint = { ip: addresses.gateway, port: settings.apiPort };
  await bootstrap(registry, { serviceRange: parseRange(settings.serviceCidr), apiEndpoint, signal });
  const stopExpiry = startEventExpiry({ store, now: Date.now, setTimer: systemClock.setTimer });
  signal.addEventListener('abort', stopExpiry, { once: true });
  const authorizer = new RbacAuthorizer(bootstrapRules);
  const port = settings.apiPort;
  const serve = () =>
    createServer({
      registry,
      authenticators: [certificateAuthenticator, tokens],
      authorizer,
      ruleResolver: authorizer,
      podStreams: clusterStreams(() => kubelets.map((kubelet) => kubelet.streams)),
      codec: new Protobuf(schemas),
      openApi: createOpenApi({
        schemas,
        descriptions: () => loadDescriptions(brotliDecompressSync),
        kinds: () => kinds.all,
        version: kubernetesVersion,
      }),
      currentRevision: () => store.revision,
      healthChecks: healthChecks(store),
      logger: log.with({ component: 'apiserver' }),
      pki,
      addresses: [{ host: '127.0.0.1', port }, ...(settings.runtime === 'docker' ? [{ host: addresses.gateway, port }] : [])],
    });
  const clientFor = (name: string, groups: readonly string[] = []): Client => createInProcessClient(registry, { user: { name, groups } });
  return { store, pki, kinds, serve, clientFor, addresses };
}

const serving = ['healthz', 'livez', 'readyz'] as const;

/** All in one process: what the server can answer at all, they can. */
const healthChecks = (store: Store): readonly HealthCheck[] => [
  { name: 'etcd', endpoints: serving, check: () => void store.revision },
  { name: 'controller-manager', endpoints: [], check: () => undefined },
  { name: 'scheduler', endpoints: [], check: () => undefined },
];

/** One kubelet per virtual node; each resolves when its node is Ready. */
function startNodes(settings: ClusterSettings, parts: NodeParts): Promise<readonly Kubelet[]> {
  const { clientFor, informers, runtime, log, signal } = parts;
  const addresses = addressesOf(settings);
  const mounter = createHostMounter((path) => rm(path, { recursive: true, force: true }));
  const start = (index: number): Promise<Kubelet> => {
    const name = nodeName(settings, index);
    const client = clientFor(`system:node:${name}`, ['system:nodes']);
    const own = log.with({ component: 'kubelet', node: name });
    const events = createEventRecorder({
      api: client.resource(eventKind),
      component: 'kubelet',
      host: name,
      clock: systemClock,
      log: own,
      signal,
    });
    const identity = {
      name,
      ip: addresses.nodeIp(index),
      podCidr: settings.podCidr,
      kubeletVersion: kubernetesVersion,
      labels: {},
      maxPods: maxPodsPerNode,
      daemonPort: 0,
    };
    return startKubelet({
      identity,
      client,
      informers,
      runtime,
      events,
      clock: systemClock,
      log: own,
      root: join(settings.folder, 'nodes', name),
      mounter,
      probes: createProbeManager({ streams: runtime.streams, clock: systemClock, events, log: own }),
      clusterDomain,
      clusterDns: addresses.dnsIp,
      hostResolver: parseResolvConf(readFileSync('/etc/resolv.conf', 'utf8')),
    });
  };
  return Promise.all(Array.from({ length: settings.nodes }, (_, index) => start(index)));
}

interface NodeParts {
  readonly clientFor: (name: string, groups?: readonly string[]) => Client;
  readonly informers: InformerFactory;
  readonly runtime: ContainerRuntime;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Starts what serves Services on the host. The simulated runtime has no pods that could be reached. */
async function startServices(settings: ClusterSettings, { clientFor, informers, log, signal }: NodeParts): Promise<Network | undefined> {
  if (settings.runtime === 'simulated') return undefined;
  const client = clientFor('system:kube-proxy');
  const logger = log.with({ component: 'network' });
  const events = createEventRecorder({
    api: client.resource(eventKind),
    component: 'service-controller',
    clock: systemClock,
    log: logger,
    signal,
  });
  const { serviceCidr, podCidr } = settings;
  const network = await startNetwork({
    config: { clusterDomain, serviceCidr, podCidr },
    client,
    informers,
    events,
    logger,
    createWorker: createNetworkWorker,
  });
  await network.ready;
  return network;
}

async function start(settings: ClusterSettings, { onStep, onListening }: StartHooks): Promise<RunningCluster> {
  const log = createJsonLogger({ stream: process.stdout, now: Date.now });
  const stop = new AbortController();
  const { signal } = stop;
  const kubelets: Kubelet[] = [];
  const runtime = containerRuntime(settings);
  onStep('Starting the API server');
  const plane = await openControlPlane(settings, { log, signal, kubelets });
  const { clientFor, store } = plane;
  const server = await plane.serve();
  onListening();
  onStep('Starting controllers and scheduler');
  const informers = createInformerFactory({ client: clientFor('system:kube-controller-manager'), signal, log });
  const parts: NodeParts = { clientFor, informers, runtime, log, signal };
  const controllers = startControllers({
    controllers: [
      replicaSetController,
      replicationControllerController,
      deploymentController,
      endpointsController,
      endpointSliceController,
      endpointSliceMirroringController,
      namespaceController(plane.kinds),
      garbageCollector(plane.kinds),
      serviceAccountController,
      rootCaController(plane.pki.caCertificate),
      nodeLifecycleController(),
      taintEvictionController,
      podGcController(),
    ],
    clientFor: (account) => clientFor(`system:serviceaccount:kube-system:${account}`),
    informers,
    log,
    signal,
  });
  const scheduler = startScheduler({
    client: clientFor('system:kube-scheduler'),
    informers,
    clock: systemClock,
    log,
    signal,
    random: Math.random,
  });
  onStep(settings.nodes === 1 ? 'Starting the node and the network' : `Starting ${settings.nodes} nodes and the network`);
  const [network] = await Promise.all([
    startServices(settings, parts),
    startNodes(settings, parts).then((started) => kubelets.push(...started)),
  ]);
  const { caCertificate, admin } = plane.pki;
  return {
    apiUrl: server.url,
    admin: { caPem: caCertificate, certificatePem: admin.certificate, keyPem: admin.key },
    stop: async () => {
      await Promise.all([network?.stop(), ...kubelets.map((kubelet) => kubelet.stop())]);
      stop.abort();
      await Promise.all([controllers.stopped(), scheduler.stopped(), server.close()]);
      await runtime.close();
      await store.close();
    },
  };
}

/** What a user can mend is told as such. */
function asUserError(error: unknown): unknown {
  if (error instanceof RuntimeError && error.code === 'Unavailable') {
    return new UserError(
      `no Docker daemon answers: ${error.message}`,
      [
        "Start it (for example: sudo systemctl start docker), or install it: https://docs.docker.com/engine/install/ or your distribution's docker.io package.",
        'Or run without containers: minik start --runtime simulated',
      ],
      { cause: error },
    );
  }
  if (error instanceof RuntimeError || error instanceof HostNetworkError) return new UserError(error.message, [], { cause: error });
  return error;
}

async function apiPortFor({ apiPort, known }: ClusterChoices): Promise<number> {
  if (apiPort === undefined) return firstFreePort('127.0.0.1', known?.apiPort ?? defaultApiPort);
  if (await canListen('127.0.0.1', apiPort)) return apiPort;
  throw new UserError(`port ${apiPort} on 127.0.0.1 is taken by another program`, [
    'Choose another with --api-port, or leave it out: minik then takes a free one.',
  ]);
}

async function plan(choices: ClusterChoices): Promise<ClusterSettings> {
  const { known, profile, folder, runtime: runtimeName, nodes, takenCidrs } = choices;
  const preferred = { serviceCidr: choices.serviceCidr ?? known?.serviceCidr, podCidr: choices.podCidr ?? known?.podCidr };
  let runtime: ContainerRuntime | undefined;
  try {
    const apiPort = await apiPortFor(choices);
    const subnets = await chooseSubnets(takenCidrs, withoutUndefined(preferred));
    refuseOtherThan(choices, subnets);
    const clusterId = known?.clusterId ?? `${profile}-${randomBytes(3).toString('hex')}`;
    const settings = { profile, folder, runtime: runtimeName, nodes, apiPort, ...subnets, clusterId };
    runtime = containerRuntime(settings);
    await runtime.prepare();
    if (runtimeName === 'docker') await addServiceRoute(settings.serviceCidr);
    return settings;
  } catch (error) {
    throw asUserError(error);
  } finally {
    await runtime?.close();
  }
}

/** A range that the user asked for is taken or refused, never replaced. */
function refuseOtherThan(choices: ClusterChoices, picked: ClusterSubnets): void {
  for (const [flag, key] of [
    ['--service-cidr', 'serviceCidr'],
    ['--pod-cidr', 'podCidr'],
  ] as const) {
    const asked = choices[key];
    if (asked !== undefined && asked !== picked[key]) {
      throw new UserError(`${flag} ${asked} cannot be used: something on this host has addresses in it, or it is no IPv4 range`, [`${picked[key]} is free.`]);
    }
  }
}

const withoutUndefined = ({
  serviceCidr,
  podCidr,
}: { readonly [K in 'serviceCidr' | 'podCidr']: string | undefined }): Partial<ClusterSubnets> => ({
  ...(serviceCidr === undefined ? {} : { serviceCidr }),
  ...(podCidr === undefined ? {} : { podCidr }),
});

async function destroy(settings: ClusterSettings): Promise<void> {
  const runtime = containerRuntime(settings);
  try {
    await runtime.destroy();
    if (settings.runtime === 'docker') await removeServiceRoute(settings.serviceCidr);
  } catch (error) {
    throw asUserError(error);
  } finally {
    await runtime.close();
  }
}

/** What the command line plans, starts and destroys. */
export const clusterHost: ClusterHost = { plan, start, destroy };
