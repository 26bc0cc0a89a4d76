/** Store, registry and API server: the parts that serve the API and do not depend on nodes. */

import { createPrivateKey, randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { TypeSource } from '../api/cel/type-check.ts';
import type { Node, Pod } from '../api/generated/core/v1.ts';
import { builtInKinds } from '../api/kinds/index.ts';
import { standardStorageClass } from '../api/kinds/storage/host-path-provisioner.ts';
import { withoutOldVersions } from '../api/legacy/old-version.ts';
import type { Meters } from '../api/meters.ts';
import type { MetricSource } from '../api/metric-text.ts';
import type { ObjectRef } from '../api/object.ts';
import { Decoder } from '../api/schema/decode.ts';
import { describeFields, loadDescriptions } from '../api/schema/descriptions.ts';
import { createOpenApi } from '../api/schema/openapi.ts';
import { Protobuf } from '../api/schema/protobuf.ts';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import type { Client } from '../client/client.ts';
import { type Clock, systemClock } from '../client/clock.ts';
import { type Identity, programOf } from '../client/identity.ts';
import { createInProcessClient } from '../client/in-process-client.ts';
import type { Logger } from '../client/logger.ts';
import type { Pending } from '../client/pending.ts';
import type { ControllerMetrics } from '../controllers/controller-runner.ts';
import type { MetricsApis } from '../controllers/pod-autoscaler/metrics-apis.ts';
import type { Kubelet } from '../runtime/kubelet/kubelet.ts';
import { clusterStreams } from '../runtime/kubelet/streams/cluster-streams.ts';
import { createAdmissionChain } from '../server/admission/admission.ts';
import { AdmissionObservations } from '../server/admission/admission-observations.ts';
import { defaultPlugins } from '../server/admission/default-plugins.ts';
import type { ObjectReader } from '../server/admission/object-reader.ts';
import { authorizedRegistry } from '../server/auth/authorized-registry.ts';
import { nodeRules } from '../server/auth/bootstrap-policy.ts';
import { bootstrapRbac } from '../server/auth/bootstrap-rbac.ts';
import { bootstrapTokenAuthenticator } from '../server/auth/bootstrap-tokens.ts';
import { roleGuards } from '../server/auth/escalation.ts';
import { NodeAuthorizer, nodeIdentity, rulesBesideNodes } from '../server/auth/node-authorizer.ts';
import { paramChecks } from '../server/auth/param-access.ts';
import { RbacAuthorizer } from '../server/auth/rbac.ts';
import { ServiceAccountTokens } from '../server/auth/service-account-tokens.ts';
import { StoredRules } from '../server/auth/stored-rules.ts';
import { unionAuthorizer } from '../server/auth/union-authorizer.ts';
import { conversionWebhooks } from '../server/custom-resources/conversion-webhooks.ts';
import { CustomResources } from '../server/custom-resources/custom-resources.ts';
import { certificateAuthenticator } from '../server/http/auth/authenticate.ts';
import type { Control } from '../server/http/controls.ts';
import { type ApiServer, createServer } from '../server/http/create-server.ts';
import type { FaultSource } from '../server/http/faults/fault-source.ts';
import { openIdDocuments } from '../server/http/openid.ts';
import type { HealthCheck } from '../server/http/ports.ts';
import type { ListenAddress } from '../server/http/secure-server.ts';
import type { AggregatedApis } from '../server/http/server-context.ts';
import { resourceMetrics } from '../server/http/virtual/resource-metrics.ts';
import type { YamlWorker } from '../server/http/yaml/yaml-bodies.ts';
import { frontProxyName, loadPki, type Pki } from '../server/pki/pki.ts';
import { announceServer } from '../server/registry/announce-server.ts';
import { createBehaviours } from '../server/registry/behaviours/create-behaviours.ts';
import { bootstrap, ensureObject } from '../server/registry/bootstrap.ts';
import { bootstrapFlowControl } from '../server/registry/bootstrap-flow-control.ts';
import { createRegistry } from '../server/registry/create-registry.ts';
import { startEventExpiry } from '../server/registry/event-expiry.ts';
import { FlowClassifier } from '../server/registry/flow-classifier.ts';
import { createKindSet, type MutableKindSet } from '../server/registry/kind-set.ts';
import { labelSecret, serverContext, writeQuotaStatus } from '../server/registry/own-requests.ts';
import type { Registry, UserInfo } from '../server/registry/registry.ts';
import { parseRange } from '../server/registry/services/ip-range.ts';
import { ServiceAddresses } from '../server/registry/services/service-addresses.ts';
import { createStoreReader } from '../server/registry/store-reader.ts';
import { ResourceMetrics } from '../server/resource-metrics/resource-metrics.ts';
import { UsageSamples } from '../server/resource-metrics/usage-samples.ts';
import type { Store } from '../server/store/store.ts';
import type { WebhookCaller } from '../server/webhooks/webhook-caller.ts';
import { kubernetesMinorVersion } from '../version.ts';
import { addressesOf } from './addresses.ts';
import { readAdmissionFile } from './admission-file.ts';
import { admissionMetrics } from './admission-metrics.ts';
import { openAudit } from './audit.ts';
import { celTypeSource } from './cel-types.ts';
import { storeMetrics, workQueueMetrics } from './cluster-metrics.ts';
import { metricsApis } from './metrics-apis.ts';
import { nodeUsages } from './node-usage.ts';
import { aggregatedApis, webhookCaller } from './outward.ts';
import { podResourceMetrics } from './pod-resource-metrics.ts';
import { formats, schemas } from './schemas.ts';
import { serverFlags } from './server-flags.ts';
import { readStaticTokens } from './static-tokens.ts';

/** Reads the keys and certificates of a cluster from a folder, and makes what is missing; without a folder, all. */
export const openPki = (settings: ClusterSettings, directory?: string): Promise<Pki> =>
  loadPki({
    directory,
    serviceIp: addressesOf(settings).apiServiceIp,
    extraNames: [addressesOf(settings).gateway, hostname()],
  });

export interface ControlPlaneParts {
  /** The cluster's. */
  readonly clock: Clock;
  readonly store: Store;
  readonly pki: Pki;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The running kubelets; the list grows as nodes start. */
  readonly kubelets: readonly Kubelet[];
  /** Called with the number of requests, writes and events sent, as they occur. */
  onWork(units: number): void;
  /** Called with the number of bytes that streams carry, as they are transferred. */
  onStreamed(bytes: number): void;
  /** What the controllers have done and have to do, by name. */
  controllerMetrics(): Readonly<Record<string, ControllerMetrics>>;
  /** What else they and the scheduler count. */
  readonly meters?: Meters;
  /** Which requests are struck by faults, and how many have been. Default: none. */
  readonly faults?: FaultSource & MetricSource;
  /** What administrators read and change beside the objects, by path. */
  readonly controls: Readonly<Record<string, Control>>;
  /** See `AppOptions`. */
  readonly createYamlWorker?: () => YamlWorker;
  /** Counts what is under way outside of this thread. */
  readonly pending: Pending;
}

export interface ControlPlane {
  readonly store: Store;
  readonly pki: Pki;
  readonly kinds: MutableKindSet;
  readonly tokens: ServiceAccountTokens;
  /** The types that the expressions of policies are about. */
  readonly celTypes: TypeSource;
  /** Whether a user may create a sub-resource of CertificateSigningRequests. */
  mayCreateRequest(user: UserInfo, subresource: string): boolean;
  readonly remoteApis: AggregatedApis;
  /** The metrics APIs as a user reads them. */
  metricsFor(identity: Identity): MetricsApis;
  /** Where pods reach the API server, once the cluster's network is made; undefined: no pod can reach anything. */
  readonly addressForPods: ListenAddress | undefined;
  /** Starts to listen: on those addresses, or on the host's own at the port of the settings. */
  serve(addresses?: readonly [ListenAddress, ...ListenAddress[]]): Promise<ApiServer>;
  /** A client in this process that acts as a user and may do what RBAC allows that user. */
  clientFor(identity: Identity): Client;
}

/** Shows the addresses of Services as IPAddresses until the signal aborts. */
async function keepServiceAddresses(
  store: Store,
  { now, log, signal }: { readonly now: () => number; readonly log: Logger; readonly signal: AbortSignal },
): Promise<void> {
  const onError = (error: unknown): void => log.warn('An IPAddress could not be written', { error });
  const stop = await new ServiceAddresses({ store, now, newUid: randomUUID, onError }).start();
  signal.addEventListener('abort', stop, { once: true });
}

/** Opens the store, makes the objects that every cluster has, and prepares the server. */
export async function openControlPlane(
  settings: ClusterSettings,
  {
    clock,
    store,
    pki,
    log,
    signal,
    kubelets,
    createYamlWorker,
    onWork,
    onStreamed,
    controllerMetrics,
    meters,
    controls,
    faults,
    pending,
  }: ControlPlaneParts,
): Promise<ControlPlane> {
  const now = (): number => clock.now();
  const addresses = addressesOf(settings);
  const audit = openAudit(settings, log, signal);
  const configured = readAdmissionFile(settings);
  // The default class belongs to the user: it is made once, before all other objects, and never restored.
  const isNew = store.revision === 1;
  const kinds = createKindSet(settings.legacyApis === false ? withoutOldVersions(builtInKinds) : builtInKinds);
  const reader = createStoreReader(store, systemClock.setTimer);
  const tokens = new ServiceAccountTokens({
    privateKey: createPrivateKey(pki.serviceAccountKey),
    ...(settings.serviceAccountIssuer === undefined ? {} : { issuer: settings.serviceAccountIssuer }),
    objects: reader,
    now,
    pending,
    trackUse: (use) =>
      labelSecret(registry, use, signal).catch((error: unknown) =>
        log.warn('The use of a token in a Secret could not be written down', { namespace: use.namespace, secret: use.name, error }),
      ),
  });
  const bootstrapTokens = bootstrapTokenAuthenticator({
    secretOf: (namespace, name) => reader.get('secrets', namespace, name),
    now,
  });
  const staticTokens = readStaticTokens(settings);
  const outward = webhookCaller(settings, reader);
  const caller: WebhookCaller = { call: (call) => pending.during(outward.call(call)) };
  const admission = new AdmissionObservations(() => performance.now());
  const webhooks = { observations: admission, formats, caller, log: log.with({ component: 'apiserver' }), newUid: randomUUID };
  const rbac = new RbacAuthorizer(new StoredRules(store));
  const authorizer = unionAuthorizer(new NodeAuthorizer(nodeRules, reader), rbac);
  const plugins = defaultPlugins({
    ...{ reader, random: Math.random, now, authorizer, nodeIdentity, webhooks, kinds, formats, observations: admission },
    simulated: settings.runtime === 'simulated',
    ...(configured.podSecurity === undefined ? {} : { podSecurity: configured.podSecurity }),
    writeQuotaStatus: (quota) => writeQuotaStatus(registry, quota, signal),
  });
  const registry: Registry = createRegistry({
    store,
    kinds,
    formats,
    admission: createAdmissionChain(
      plugins.filter(({ name }) => settings.disabledAdmission?.includes(name) !== true),
      admission,
    ),
    behaviours: createBehaviours({
      store,
      serviceRange: settings.serviceCidr,
      tokens,
      random: Math.random,
      guards: roleGuards(rbac, authorizer),
      checks: paramChecks({ authorizer, reader, kinds: () => kinds }),
    }),
    now,
  });
  const customResources = new CustomResources({
    ...{ store, kinds, registry, schemas, logger: log.with({ component: 'apiextensions' }), now, setTimer: systemClock.setTimer },
    decoder: new Decoder(schemas),
    webhooks: conversionWebhooks({ caller: webhooks.caller, newUid: randomUUID, signal }),
  }).start();
  signal.addEventListener('abort', () => customResources.stop(), { once: true });
  const remoteApis = aggregatedApis(settings, store, reader, pki);
  const metrics = new ResourceMetrics({
    samples: new UsageSamples({
      read: () => nodeUsages(kubelets, log.with({ component: 'metrics' })),
      clock: { now, setTimer: systemClock.setTimer },
    }),
    objects: reader,
    now,
  });
  const addOns = settings.addOns !== false;
  if (isNew && addOns) await ensureObject(registry, serverContext(signal), standardStorageClass, 'as it is');
  const apiEndpoint = { ip: addresses.gateway, port: settings.apiPort };
  await bootstrap(registry, {
    serviceRange: parseRange(settings.serviceCidr),
    apiEndpoint,
    dns: addOns,
    signal,
    now,
    setTimer: systemClock.setTimer,
  });
  await bootstrapFlowControl(registry, serverContext(signal), { signal, setTimer: systemClock.setTimer });
  await keepServiceAddresses(store, { now, log, signal });
  await bootstrapRbac({ registry, context: serverContext(signal), read: reader.get });
  await announceServer(registry, {
    clientCertificateAuthority: pki.caCertificate,
    frontProxy: { certificateAuthority: pki.frontProxy.caCertificate, name: frontProxyName },
    hostname: hostname(),
    instanceId: randomUUID(),
    now,
    signal,
    setTimer: (...timer) => clock.setTimer(...timer),
  });
  const flows = new FlowClassifier(store);
  const stopExpiry = startEventExpiry({ store, now, setTimer: (...timer) => clock.setTimer(...timer) });
  signal.addEventListener('abort', stopExpiry, { once: true });
  let written = store.revision;
  store.onCommit((revision) => {
    onWork(revision - written);
    written = revision;
  });
  const port = settings.apiPort;
  const descriptions = () => loadDescriptions(brotliDecompressSync);
  const serve: ControlPlane['serve'] = (listen = [{ host: '127.0.0.1', port }]) =>
    createServer({
      registry,
      authenticators: [certificateAuthenticator, ...staticTokens, tokens, bootstrapTokens],
      authorizer,
      classify: (user, request) => flows.classify(user, request),
      ruleResolver: rulesBesideNodes(rbac),
      ...(createYamlWorker === undefined ? {} : { createYamlWorker }),
      kindChanges: kinds,
      legacyApis: settings.legacyApis !== false,
      remoteApis,
      virtualResources: resourceMetrics(metrics),
      podsAreReachable: settings.runtime !== 'simulated',
      nodeApis: { get: (node, path, query) => kubelets.find(({ api }) => api.node === node)?.api.get(path, query) },
      podStreams: clusterStreams(
        () => kubelets.map((kubelet) => kubelet.streams),
        (ref) => addressOfLostNode(reader, kubelets, ref),
      ),
      codec: new Protobuf(schemas),
      openApi: createOpenApi({
        schemas,
        descriptions,
        kinds: () => kinds.all,
        version: kubernetesMinorVersion,
      }),
      describeFields: describeFields(schemas, descriptions),
      documents: openIdDocuments({
        issuer: tokens.issuer,
        algorithm: tokens.algorithm,
        origin: `https://${settings.runtime === 'docker' ? addresses.gateway : '127.0.0.1'}:${port}`,
        jwk: async () => ({ ...(await tokens.jwk()) }),
      }),
      currentRevision: () => store.revision,
      audit,
      controls,
      ...(faults === undefined ? {} : { faults }),
      healthChecks: healthChecks(store),
      flags: serverFlags(settings, tokens.issuer),
      metrics: [
        storeMetrics({ store, kinds: () => kinds.all, sizeBytes: () => databaseBytes(settings.folder) }),
        workQueueMetrics(controllerMetrics),
        ...(meters === undefined ? [] : [meters]),
        admissionMetrics(admission),
        ...(faults === undefined ? [] : [faults]),
      ],
      resourceMetrics: [podResourceMetrics(store)],
      logger: log.with({ component: 'apiserver' }),
      now,
      onRequest: () => onWork(1),
      onEvents: onWork,
      onStreamed,
      pki,
      addresses: listen,
    });
  const authorized = authorizedRegistry(registry, authorizer);
  const clientFor = (identity: Identity): Client => createInProcessClient(authorized, { user: identity, userAgent: programOf(identity) });
  const mayCreateRequest = (user: UserInfo, subresource: string): boolean =>
    authorizer.authorize({
      ...{ user, verb: 'create', isResourceRequest: true, namespace: '', apiGroup: 'certificates.k8s.io' },
      ...{ resource: 'certificatesigningrequests', subresource, name: '', path: '' },
    }).allowed;
  const metricsFor = (identity: Identity): MetricsApis =>
    metricsApis({ user: { ...identity, uid: '', extra: {} }, authorizer, remote: remoteApis, own: metrics });
  const addressForPods = settings.runtime === 'docker' ? { host: addresses.gateway, port } : undefined;
  return {
    addressForPods,
    store,
    pki,
    kinds,
    tokens,
    metricsFor,
    mayCreateRequest,
    remoteApis,
    celTypes: celTypeSource(kinds, schemas),
    serve,
    clientFor,
  };
}

/** The database and its log. */
const databaseBytes = (folder: string): number =>
  ['cluster.db', 'cluster.db-wal']
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .reduce((sum, path) => sum + statSync(path).size, 0);

/**
 * The store is healthy when its last commit succeeded. Controllers and scheduler share the server's process, so they
 * run while it answers.
 */
function healthChecks(store: Store): readonly HealthCheck[] {
  const storeIsWell = (): void => {
    if (store.problem !== undefined) throw new Error(store.problem);
  };
  return [
    { name: 'etcd', endpoints: ['healthz', 'livez', 'readyz'], check: storeIsWell },
    { name: 'etcd-readiness', endpoints: ['readyz'], check: storeIsWell },
    { name: 'controller-manager', endpoints: [], check: () => undefined },
    { name: 'scheduler', endpoints: [], check: () => undefined },
  ];
}

/**
 * The address of the node of a pod, when that node has no kubelet now; undefined when it has, or when there is no
 * such pod.
 */
function addressOfLostNode({ get }: ObjectReader, kubelets: readonly Kubelet[], { namespace, name }: ObjectRef): string | undefined {
  // Stored objects of these resources are Pods and Nodes.
  const nodeName = (get('pods', namespace, name) as Pod | undefined)?.spec.nodeName ?? '';
  if (nodeName === '' || kubelets.some(({ api }) => api.node === nodeName)) return undefined;
  const { addresses = [] } = (get('nodes', '', nodeName) as Node | undefined)?.status ?? {};
  return addresses.find(({ type }) => type === 'InternalIP')?.address;
}
