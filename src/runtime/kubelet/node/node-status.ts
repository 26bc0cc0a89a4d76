/**
 * What the Node object says about this machine: addresses, capacity, system info, conditions.
 * Source: pkg/kubelet/nodestatus/setters.go; pkg/kubelet/kubelet_node_status.go.
 */
import type { Node, NodeCondition, NodeStatus } from '../../../api/generated/core/v1.ts';
import type { Received } from '../../../api/object.ts';
import { isExtendedResource } from '../../../api/pod/resources.ts';
import { rfc3339 } from '../../../api/time.ts';
import type { Image, RuntimeInfo } from '../../container/container-runtime.ts';

export interface NodeIdentity {
  readonly name: string;
  readonly ip: string;
  readonly podCidr: string;
  /** e.g. `v1.36.0`. */
  readonly kubeletVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly maxPods: number;
  /** Port under which the API server's proxy reaches the node API; 0: none. */
  readonly daemonPort: number;
}

/** At most this many images are listed. Source: pkg/kubelet/apis/config defaults (nodeStatusMaxImages). */
const maxImages = 50;
const maxNamesPerImage = 5;
/** Memory kept back for eviction: upstream's default hard threshold `memory.available<100Mi`. */
const evictionMemoryBytes = 100 * 1024 * 1024;
/** Upstream's `nodefs.available<10%`. */
const evictionStorageShare = 0.1;

const ki = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`;

/** Total resources and what pods may use of them. */
export function nodeResources(
  info: RuntimeInfo,
  maxPods: number,
): { readonly capacity: Readonly<Record<string, string>>; readonly allocatable: Readonly<Record<string, string>> } {
  const common = { cpu: String(info.cpus), 'hugepages-1Gi': '0', 'hugepages-2Mi': '0', pods: String(maxPods) };
  return {
    capacity: { ...common, 'ephemeral-storage': ki(info.ephemeralStorageBytes), memory: ki(info.memoryBytes) },
    allocatable: {
      ...common,
      'ephemeral-storage': String(Math.floor(info.ephemeralStorageBytes * (1 - evictionStorageShare))),
      memory: ki(Math.max(0, info.memoryBytes - evictionMemoryBytes)),
    },
  };
}

/** The facts that a node's conditions are computed from. */
export interface NodeHealth {
  /** Why pods cannot run; undefined when the engine works. */
  readonly runtimeProblem: string | undefined;
  readonly nowMs: number;
}

const wellKnown = [
  ['MemoryPressure', 'KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
  ['DiskPressure', 'KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
  ['PIDPressure', 'KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
] as const;

/** The current conditions. A condition keeps its transition time while its status is unchanged. */
export function nodeConditions(health: NodeHealth, previous: readonly NodeCondition[]): NodeCondition[] {
  const now = rfc3339(health.nowMs);
  const make = (type: string, status: 'True' | 'False', reason: string, message: string): NodeCondition => {
    const before = previous.find((c) => c.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now;
    return { type, status, lastHeartbeatTime: now, lastTransitionTime, reason, message };
  };
  const pressures = wellKnown.map(([type, reason, message]) => make(type, 'False', reason, message));
  const ready =
    health.runtimeProblem === undefined
      ? make('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status')
      : make('Ready', 'False', 'KubeletNotReady', health.runtimeProblem);
  return [...pressures, ready];
}

export function nodeImages(images: readonly Image[]): NonNullable<NodeStatus['images']> {
  return [...images]
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, maxImages)
    .map((image) => ({ names: [...image.repoDigests, ...image.repoTags].slice(0, maxNamesPerImage), sizeBytes: image.sizeBytes }))
    .filter((image) => image.names.length > 0);
}

type Amounts = Readonly<Record<string, string>>;

/**
 * The node's resources together with those that other clients added to its capacity. All of the added ones are
 * allocatable. Source: setters.go (MachineInfo).
 */
export function allResources(
  own: { readonly capacity: Amounts; readonly allocatable: Amounts },
  previous: Pick<NodeStatus, 'capacity' | 'allocatable'>,
) {
  const added = Object.fromEntries(Object.entries(previous.capacity ?? {}).filter(([name]) => own.capacity[name] === undefined));
  const kept = Object.entries(previous.allocatable ?? {}).filter(([name]) => own.capacity[name] === undefined && !isExtendedResource(name));
  return {
    capacity: { ...added, ...own.capacity },
    allocatable: { ...Object.fromEntries(kept), ...added, ...own.allocatable },
  };
}

export interface NodeStatusInput {
  readonly identity: NodeIdentity;
  readonly info: RuntimeInfo;
  readonly images: readonly Image[];
  readonly health: NodeHealth;
  readonly previous: NodeStatus;
}

/** The whole status. */
export function nodeStatus({ identity, info, images, health, previous }: NodeStatusInput): NodeStatus {
  const { capacity, allocatable } = allResources(nodeResources(info, identity.maxPods), previous);
  return {
    capacity,
    allocatable,
    conditions: nodeConditions(health, previous.conditions ?? []),
    addresses: [
      { type: 'InternalIP', address: identity.ip },
      { type: 'Hostname', address: identity.name },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: identity.daemonPort } },
    nodeInfo: {
      machineID: info.machineId,
      systemUUID: info.machineId,
      bootID: info.bootId,
      kernelVersion: info.kernelVersion,
      osImage: info.osImage,
      containerRuntimeVersion: `${info.name}://${info.version}`,
      kubeletVersion: identity.kubeletVersion,
      kubeProxyVersion: '',
      operatingSystem: 'linux',
      architecture: info.architecture,
    },
    images: nodeImages(images),
  };
}

/** Labels that every node has. Source: pkg/kubelet/kubelet_node_status.go (initialNode). */
export function nodeLabels(identity: NodeIdentity, architecture: string): Readonly<Record<string, string>> {
  return {
    'beta.kubernetes.io/arch': architecture,
    'beta.kubernetes.io/os': 'linux',
    'kubernetes.io/arch': architecture,
    'kubernetes.io/hostname': identity.name,
    'kubernetes.io/os': 'linux',
    ...identity.labels,
  };
}

/** The object to register. */
export function initialNode(identity: NodeIdentity, architecture: string): Received<Node> {
  return {
    metadata: {
      name: identity.name,
      labels: nodeLabels(identity, architecture),
      annotations: { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' },
    },
    spec: { podCIDR: identity.podCidr, podCIDRs: [identity.podCidr] },
  };
}
