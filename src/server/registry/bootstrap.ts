/**
 * The objects that every cluster has from the start: the system's namespaces and priority classes, the `kubernetes`
 * Service in front of the API server, and the DNS Service where there is one. Running this again changes only what
 * differs. Objects that are deleted are restored, so that `kubectl delete all --all` in the default namespace does no
 * harm. Source: pkg/controlplane/controller/{systemnamespaces,kubernetesservice}, pkg/controlplane/reconcilers.
 */
import type { ServiceCIDR } from '../../api/generated/networking/v1.ts';
import type { JsonObject } from '../../api/json.ts';
import type { AnyKind } from '../../api/kind.ts';
import { systemPriorityClasses } from '../../api/kinds/scheduling/system-priority-classes.ts';
import { rfc3339 } from '../../api/time.ts';
import { serverContext } from './own-requests.ts';
import type { ListRequest, MutateOptions, Registry, RequestContext, Target, WatchRequest } from './registry.ts';
import { addressAt, type IpRange } from './services/ip-range.ts';

export interface BootstrapOptions {
  /** The cluster's Service range. */
  readonly serviceRange: IpRange;
  /**
   * The address at which pods reach the API server's own socket: the endpoint of the `kubernetes` Service. It is not a
   * loopback address, because validation refuses those.
   */
  readonly apiEndpoint: { readonly ip: string; readonly port: number };
  /** Whether the cluster has a DNS Service. */
  readonly dns: boolean;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Ends the watch that restores deleted objects. */
  readonly signal: AbortSignal;
  /** Calls back once after a delay in milliseconds. */
  setTimer(delayMs: number, callback: () => void): void;
}

/**
 * How long to wait before a failed restoration is tried again. Upstream checks every ten seconds; minik reacts to
 * deletions instead. Source: kubernetesservice/controller.go.
 */
const retryMs = 10_000;
const systemNamespaces = ['kube-system', 'kube-public', 'kube-node-lease', 'default'];
const mutate: MutateOptions = { dryRun: false, fieldManager: 'minik', fieldValidation: 'Ignore' };

const everything: ListRequest = {
  labelSelector: '',
  fieldSelector: '',
  limit: 0,
  continue: '',
  resourceVersion: '',
  resourceVersionMatch: '',
};

/** The address of a cluster's DNS server: the tenth of its Service range. */
export const dnsAddress = (range: IpRange): string => addressAt(range, 10);

/** The address of the API server for pods: the first of the Service range, port 443. */
export const apiAddress = (range: IpRange): string => addressAt(range, 1);

/**
 * Makes missing objects, and restores them whenever they are deleted. Rejects with StatusError when the store cannot be
 * written.
 */
export async function bootstrap(registry: Registry, options: BootstrapOptions): Promise<void> {
  const { serviceRange, apiEndpoint, signal } = options;
  const context = serverContext(signal);
  const ensure = (object: BootstrapObject): Promise<void> => ensureObject(registry, context, object);
  await Promise.all(systemNamespaces.map((name) => ensure({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } })));
  await Promise.all(priorityClasses.map((object) => ensureObject(registry, context, object, 'as it is')));
  await ensureServiceCidr(registry, context, serviceRange, options.now());
  const dns = options.dns ? dnsService(dnsAddress(serviceRange)) : [];
  const services = [...kubernetesService(apiAddress(serviceRange), apiEndpoint), ...dns];
  await Promise.all(services.map(ensure));
  for (const object of services) keepObject(registry, context, object, options);
}

/**
 * Restores an object whenever it is deleted. Differs: upstream does not restore a DNS Service, but in minik nothing
 * else would.
 */
export function keepObject(
  registry: Registry,
  context: RequestContext,
  object: BootstrapObject,
  { signal, setTimer }: Pick<BootstrapOptions, 'signal' | 'setTimer'>,
): void {
  const restore = (): void => {
    if (signal.aborted) return;
    ensureObject(registry, context, object).catch(() => setTimer(retryMs, restore));
  };
  registry.watch(context, targetOf(registry, object), onlyIt(object), (batch) => {
    if (batch.some(({ type }) => type === 'DELETED')) restore();
  });
}

const onlyIt = ({ metadata }: BootstrapObject): WatchRequest => ({
  labelSelector: '',
  fieldSelector: `metadata.name=${metadata.name}`,
  resourceVersion: '',
  resourceVersionMatch: '',
  allowBookmarks: false,
  sendInitialEvents: undefined,
});

export type BootstrapObject = JsonObject & {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: JsonObject & { readonly name: string; readonly namespace?: string };
};

const apiLabels = { component: 'apiserver', provider: 'kubernetes' };

function kubernetesService(clusterIP: string, { ip, port }: { readonly ip: string; readonly port: number }): readonly BootstrapObject[] {
  const metadata = { name: 'kubernetes', namespace: 'default', labels: apiLabels };
  const named = { name: 'https', port, protocol: 'TCP' };
  const mirrored = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        type: 'ClusterIP',
        clusterIP,
        clusterIPs: [clusterIP],
        sessionAffinity: 'None',
        ports: [{ ...named, port: 443, targetPort: port }],
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { name: 'kubernetes', namespace: 'default', labels: mirrored },
      subsets: [{ addresses: [{ ip }], ports: [named] }],
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'kubernetes', namespace: 'default', labels: { 'kubernetes.io/service-name': 'kubernetes' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [ip], conditions: { ready: true } }],
      ports: [named],
    },
  ];
}

/** Source: pkg/registry/scheduling/rest/storage_scheduling.go (AddSystemPriorityClasses). */
const priorityClasses: readonly BootstrapObject[] = systemPriorityClasses.map(({ name, ...rest }) => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  ...rest,
}));

const dnsPorts = [
  { name: 'dns', port: 53, protocol: 'UDP' },
  { name: 'dns-tcp', port: 53, protocol: 'TCP' },
];

/** Differs: this Service has no selector, because DNS is not served by a pod. Its endpoint is the address itself. */
function dnsService(clusterIP: string): readonly BootstrapObject[] {
  const labels = { 'k8s-app': 'kube-dns', 'kubernetes.io/cluster-service': 'true', 'kubernetes.io/name': 'CoreDNS' };
  const metadata = { name: 'kube-dns', namespace: 'kube-system', labels };
  return [
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: {
        type: 'ClusterIP',
        clusterIP,
        clusterIPs: [clusterIP],
        sessionAffinity: 'None',
        ports: dnsPorts.map((port) => ({ ...port, targetPort: 53 })),
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Endpoints',
      metadata: { ...metadata, labels: { ...labels, 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
      subsets: [{ addresses: [{ ip: clusterIP }], ports: dnsPorts }],
    },
    {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { name: 'kube-dns', namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns', 'kubernetes.io/service-name': 'kube-dns' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [clusterIP], conditions: { ready: true } }],
      ports: dnsPorts,
    },
  ];
}

/**
 * The cluster's own range of Service addresses. Source: pkg/controlplane/controller/defaultservicecidr.
 */
async function ensureServiceCidr(registry: Registry, context: RequestContext, range: IpRange, nowMs: number): Promise<void> {
  const object = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'ServiceCIDR',
    metadata: { name: 'kubernetes' },
    spec: { cidrs: [range.text] },
  };
  await ensureObject(registry, context, object, 'as it is');
  const target = { ...targetOf(registry, object), subresource: 'status' };
  const { object: found } = await registry.get(context, { ...target, subresource: '' }, { resourceVersion: '' });
  // Only ServiceCIDRs are stored under this name.
  if (((found as ServiceCIDR).status.conditions ?? []).some(({ type }) => type === 'Ready')) return;
  const ready = {
    ...{ type: 'Ready', status: 'True', reason: '', message: 'Kubernetes default Service CIDR is ready' },
    lastTransitionTime: rfc3339(nowMs),
  };
  await registry.patch(context, target, { type: 'merge', body: { status: { conditions: [ready] } }, force: false }, mutate);
}

/**
 * Creates an object. If it exists, it is patched to the wanted content (which changes nothing when it has that
 * already), or left as it is.
 */
export async function ensureObject(
  registry: Registry,
  context: RequestContext,
  object: BootstrapObject,
  existing: 'alike' | 'as it is' = 'alike',
): Promise<void> {
  const { name } = object.metadata;
  const target = targetOf(registry, object);
  const known = await registry.list(context, target, { ...everything, fieldSelector: `metadata.name=${name}` });
  if (known.entries.length > 0 && existing === 'as it is') return;
  if (known.entries.length > 0) await registry.patch(context, target, { type: 'merge', body: object, force: false }, mutate);
  else await registry.create(context, { ...target, name: '' }, { json: object, text: undefined }, mutate);
}

const targetOf = (registry: Registry, object: BootstrapObject): Target => ({
  kind: kindOf(registry, object),
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
  subresource: '',
});

function kindOf({ kinds }: Registry, { apiVersion, kind }: BootstrapObject): AnyKind {
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  const found = kinds.byKind(group, version, kind);
  if (found === undefined) throw new Error(`the kind ${kind} in ${apiVersion} is not served`);
  return found;
}
