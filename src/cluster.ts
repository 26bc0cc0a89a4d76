/**
 * The composition root: makes every part of a cluster and connects them. The only file besides main.ts that sees everything; it decides nothing itself.
 *
 * Order of a start: files and engine side by side, then the API, then what works through the API (controllers, scheduler, kubelets, network).
 */
import { createPrivateKey } from 'node:crypto';
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
import type { ClusterChoices, ClusterHost, ClusterSettings, RunningCluster } from './cli/cluster-port.ts';
import { createEventRecorder } from './client/api-event-recorder.ts';
import type { Client } from './client/client.ts';
import { systemClock } from './client/clock.ts';
import { createInProcessClient } from './client/in-process-client.ts';
import type { InformerFactory } from './client/informer.ts';
import { createInformerFactory } from './client/informer-factory.ts';
import { createJsonLogger, type Logger } from './client/logger.ts';
import { deploymentController } from './controllers/deployment/deployment-controller.ts';
import { replicaSetController } from './controllers/replicas/replica-set.ts';
import { replicationControllerController } from './controllers/replicas/replication-controller.ts';
import { startScheduler } from './controllers/scheduler/scheduler.ts';
import { startControllers } from './controllers/start-controllers.ts';
import { sqliteAddon } from './executable.ts';
import type { ContainerRuntime } from './runtime/container/container-runtime.ts';
import { createDockerRuntime } from './runtime/container/docker/create-docker-runtime.ts';
import { createSimulatedRuntime } from './runtime/container/simulated/create-simulated-runtime.ts';
import { clusterStreams } from './runtime/kubelet/cluster-streams.ts';
import { parseResolvConf } from './runtime/kubelet/dns-files.ts';
import { type Kubelet, startKubelet } from './runtime/kubelet/kubelet.ts';
import { createProbeManager } from './runtime/kubelet/probes/create-probe-manager.ts';
import { createHostMounter } from './runtime/kubelet/volumes/host-mounter.ts';
import { createAdmissionChain } from './server/admission/admission.ts';
import { defaultPlugins } from './server/admission/default-plugins.ts';
import { bootstrapRules } from './server/auth/bootstrap-policy.ts';
import { RbacAuthorizer } from './server/auth/rbac.ts';
import { ServiceAccountTokens } from './server/auth/service-account-tokens.ts';
import { certificateAuthenticator } from './server/http/auth/authenticate.ts';
import type { HealthCheck } from './server/http/ports.ts';
import { createServer } from './server/http/create-server.ts';
import { loadPki } from './server/pki/pki.ts';
import { createBehaviours } from './server/registry/behaviours/create-behaviours.ts';
import { createRegistry } from './server/registry/create-registry.ts';
import { createKindSet } from './server/registry/kind-set.ts';
import { createStoreReader } from './server/registry/store-reader.ts';
import type { Store } from './server/store/store.ts';
import { openSqliteStore } from './server/store/sqlite-store.ts';
import { kubernetesVersion } from './version.ts';

const clusterDomain = 'cluster.local';
const maxPodsPerNode = 110;

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

const nodeName = (settings: ClusterSettings, index: number): string => (index === 0 ? settings.profile : `${settings.profile}-m${String(index + 1).padStart(2, '0')}`);

function containerRuntime(settings: ClusterSettings): ContainerRuntime {
  const { clusterId, podCidr } = settings;
  if (settings.runtime === 'simulated') return createSimulatedRuntime({ clock: systemClock, clusterId, podSubnet: podCidr });
  return createDockerRuntime({ clock: systemClock, clusterId, networkName: `minik-${clusterId}`, subnet: podCidr, gateway: addressesOf(settings).gateway });
}

const openPki = (settings: ClusterSettings) =>
  loadPki({
    directory: join(settings.folder, 'pki'),
    serviceIp: addressesOf(settings).apiServiceIp,
    extraNames: [addressesOf(settings).gateway, hostname()],
  });

/** What serves the API: everything that does not depend on nodes. */
async function openControlPlane(settings: ClusterSettings, log: Logger, kubelets: readonly Kubelet[]) {
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
  const authorizer = new RbacAuthorizer(bootstrapRules);
  const serve = (hosts: readonly [string, ...string[]]) =>
    createServer({
      registry,
      authenticators: [certificateAuthenticator, tokens],
      authorizer,
      ruleResolver: authorizer,
      podStreams: clusterStreams(() => kubelets.map((kubelet) => kubelet.streams)),
      codec: new Protobuf(schemas),
      openApi: createOpenApi({ schemas, descriptions: () => loadDescriptions(brotliDecompressSync), kinds: () => kinds.all, version: kubernetesVersion }),
      currentRevision: () => store.revision,
      healthChecks: healthChecks(store),
      logger: log.with({ component: 'apiserver' }),
      pki,
      addresses: [{ host: hosts[0], port: settings.apiPort }, ...hosts.slice(1).map((host) => ({ host, port: settings.apiPort }))],
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
    const events = createEventRecorder({ api: client.resource(eventKind), component: 'kubelet', host: name, clock: systemClock, log: own, signal });
    const identity = { name, ip: addresses.nodeIp(index), podCidr: settings.podCidr, kubeletVersion: kubernetesVersion, labels: {}, maxPods: maxPodsPerNode, daemonPort: 0 };
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

async function start(settings: ClusterSettings, onStep: (step: string) => void): Promise<RunningCluster> {
  const log = createJsonLogger({ stream: process.stdout, now: Date.now });
  const stop = new AbortController();
  const { signal } = stop;
  const kubelets: Kubelet[] = [];
  const runtime = containerRuntime(settings);
  onStep('Starting the API server');
  const [plane] = await Promise.all([openControlPlane(settings, log, kubelets), runtime.prepare()]);
  const { addresses, clientFor, store } = plane;
  const hosts: readonly [string, ...string[]] = settings.runtime === 'docker' ? ['127.0.0.1', addresses.gateway] : ['127.0.0.1'];
  const server = await plane.serve(hosts);
  const informers = createInformerFactory({ client: clientFor('system:kube-controller-manager'), signal, log });
  onStep('Starting controllers and scheduler');
  const controllers = startControllers({
    controllers: [replicaSetController, replicationControllerController, deploymentController],
    clientFor: (account) => clientFor(`system:serviceaccount:kube-system:${account}`),
    informers,
    log,
    signal,
  });
  const scheduler = startScheduler({ client: clientFor('system:kube-scheduler'), informers, clock: systemClock, log, signal, random: Math.random });
  onStep(settings.nodes === 1 ? 'Starting the node' : `Starting ${settings.nodes} nodes`);
  kubelets.push(...(await startNodes(settings, { clientFor, informers, runtime, log, signal })));
  return {
    apiUrl: server.url,
    admin: { caPem: plane.pki.caCertificate, certificatePem: plane.pki.admin.certificate, keyPem: plane.pki.admin.key },
    stop: async () => {
      await Promise.all(kubelets.map((kubelet) => kubelet.stop()));
      stop.abort();
      await Promise.all([controllers.stopped(), scheduler.stopped(), server.close()]);
      await runtime.close();
      await store.close();
    },
  };
}

async function plan(choices: ClusterChoices): Promise<ClusterSettings> {
  const { known, profile, folder, runtime, nodes } = choices;
  return {
    profile,
    folder,
    runtime,
    nodes,
    apiPort: choices.apiPort ?? known?.apiPort ?? 6443,
    serviceCidr: choices.serviceCidr ?? known?.serviceCidr ?? '10.96.0.0/20',
    podCidr: choices.podCidr ?? known?.podCidr ?? '10.244.0.0/20',
    clusterId: known?.clusterId ?? profile,
  };
}

async function destroy(settings: ClusterSettings): Promise<void> {
  const runtime = containerRuntime(settings);
  try {
    await runtime.destroy();
  } finally {
    await runtime.close();
  }
}

/** What the command line plans, starts and destroys. */
export const clusterHost: ClusterHost = { plan, start, destroy };
