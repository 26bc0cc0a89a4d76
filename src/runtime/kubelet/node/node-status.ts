/**
 * What the Node object says about this machine: addresses, capacity, system info, conditions.
 * Source: pkg/kubelet/nodestatus/setters.go; pkg/kubelet/kubelet_node_status.go.
 */
import type { Node, NodeCondition, NodeStatus } from '../../../api/generated/core/v1.ts';
import type { Received } from '../../../api/object.ts';
import { isExtendedResource } from '../../../api/pod/resources.ts';
import { quantityOf, toNumber } from '../../../api/quantity.ts';
import { rfc3339 } from '../../../api/time.ts';
import type { Image, RuntimeInfo } from '../../container/container-runtime.ts';
import type { KubeletConfig } from '../config/kubelet-config.ts';
import { type PressureCondition, type Signal, thresholdQuantity } from '../config/thresholds.ts';

export interface NodeIdentity {
  readonly name: string;
  readonly ip: string;
  /** e.g. `v1.36.0`. */
  readonly kubeletVersion: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Port under which the API server's proxy reaches the node API; 0: none. */
  readonly daemonPort: number;
}

const maxNamesPerImage = 5;

const ki = (bytes: number): string => `${Math.floor(bytes / 1024)}Ki`;

/** Source: pkg/kubelet/cm/node_container_manager_linux.go (hardEvictionReservation). */
function reserved({ evictionThresholds }: KubeletConfig, signal: Signal, capacity: number): number {
  const hard = evictionThresholds.find((threshold) => threshold.signal === signal && threshold.graceMs === 0);
  return hard === undefined ? 0 : toNumber(thresholdQuantity(hard.value, quantityOf(Math.floor(capacity))));
}

/** Total resources, and what pods may use of them: all but what the node keeps back for hard eviction thresholds. */
export function nodeResources(
  info: RuntimeInfo,
  config: KubeletConfig,
): { readonly capacity: Readonly<Record<string, string>>; readonly allocatable: Readonly<Record<string, string>> } {
  const common = { cpu: String(info.cpus), 'hugepages-1Gi': '0', 'hugepages-2Mi': '0', pods: String(config.maxPods) };
  const left = (signal: Signal, bytes: number): number => Math.max(0, bytes - reserved(config, signal, bytes));
  return {
    capacity: { ...common, ...deviceCounts(info), 'ephemeral-storage': ki(info.ephemeralStorageBytes), memory: ki(info.memoryBytes) },
    allocatable: {
      ...deviceCounts(info),
      ...common,
      'ephemeral-storage': String(Math.floor(left('nodefs.available', info.ephemeralStorageBytes))),
      memory: ki(left('memory.available', info.memoryBytes)),
    },
  };
}

/** The facts that a node's conditions are computed from. */
export interface NodeHealth {
  /** Why pods cannot run; undefined when the engine works. */
  readonly runtimeProblem: string | undefined;
  /** It ends its pods, and takes none. */
  readonly shutsDown: boolean;
  /** The resources that the node is short of. */
  readonly pressure: readonly PressureCondition[];
  readonly nowMs: number;
}

interface Pressure {
  /** Reason and message while the condition is true, and while it is false. */
  readonly yes: readonly [string, string];
  readonly no: readonly [string, string];
  /** Reasons of the events that tell when it becomes true, and false. */
  readonly events: readonly [string, string];
}

/** Source: setters.go (MemoryPressureCondition, DiskPressureCondition, PIDPressureCondition). */
const pressures: Readonly<Record<PressureCondition, Pressure>> = {
  MemoryPressure: {
    yes: ['KubeletHasInsufficientMemory', 'kubelet has insufficient memory available'],
    no: ['KubeletHasSufficientMemory', 'kubelet has sufficient memory available'],
    events: ['NodeHasInsufficientMemory', 'NodeHasSufficientMemory'],
  },
  DiskPressure: {
    yes: ['KubeletHasDiskPressure', 'kubelet has disk pressure'],
    no: ['KubeletHasNoDiskPressure', 'kubelet has no disk pressure'],
    events: ['NodeHasDiskPressure', 'NodeHasNoDiskPressure'],
  },
  PIDPressure: {
    yes: ['KubeletHasInsufficientPID', 'kubelet has insufficient PID available'],
    no: ['KubeletHasSufficientPID', 'kubelet has sufficient PID available'],
    events: ['NodeHasInsufficientPID', 'NodeHasSufficientPID'],
  },
};

const isPressure = (type: string): type is PressureCondition => Object.hasOwn(pressures, type);

/** The reasons of the events about conditions that have changed, with upstream's names. */
export function transitions(before: readonly NodeCondition[], after: readonly NodeCondition[]): readonly string[] {
  return after.flatMap(({ type, status }) => {
    if (before.find((condition) => condition.type === type)?.status === status) return [];
    if (isPressure(type)) return [pressures[type].events[status === 'True' ? 0 : 1]];
    return type === 'Ready' ? [status === 'True' ? 'NodeReady' : 'NodeNotReady'] : [];
  });
}

/** Source: nodeshutdown_manager.go (ShutdownStatus). */
const shuttingDown = 'node is shutting down';

/** The current conditions. A condition keeps its transition time while its status is unchanged. */
export function nodeConditions(health: NodeHealth, previous: readonly NodeCondition[]): NodeCondition[] {
  const now = rfc3339(health.nowMs);
  const make = (type: string, status: 'True' | 'False', reason: string, message: string): NodeCondition => {
    const before = previous.find((c) => c.type === type);
    const lastTransitionTime = before?.status === status ? before.lastTransitionTime : now;
    return { type, status, lastHeartbeatTime: now, lastTransitionTime, reason, message };
  };
  const short = Object.keys(pressures)
    .filter(isPressure)
    .map((type) => {
      const isTrue = health.pressure.includes(type);
      return make(type, isTrue ? 'True' : 'False', ...pressures[type][isTrue ? 'yes' : 'no']);
    });
  const problems = [...(health.runtimeProblem === undefined ? [] : [health.runtimeProblem]), ...(health.shutsDown ? [shuttingDown] : [])];
  const ready =
    problems.length === 0
      ? make('Ready', 'True', 'KubeletReady', 'kubelet is posting ready status')
      : make('Ready', 'False', 'KubeletNotReady', problems.length === 1 ? problems.join() : `[${problems.join(', ')}]`);
  return [...short, ready];
}

/** `most`: how many are listed; -1: all. Source: pkg/kubelet/nodestatus/setters.go (Images). */
export function nodeImages(images: readonly Image[], most: number): NonNullable<NodeStatus['images']> {
  return [...images]
    .sort((a, b) => b.sizeBytes - a.sizeBytes)
    .slice(0, most === -1 ? undefined : most)
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
  readonly config: KubeletConfig;
  readonly images: readonly Image[];
  readonly health: NodeHealth;
  readonly previous: NodeStatus;
}

/**
 * What this kubelet can do that others may not. Source: component-helpers nodedeclaredfeatures/features. Left out:
 * WebSockets to the kubelet, which has no address of its own.
 */
const declaredFeatures: readonly string[] = [
  'InPlacePodLevelResourcesVerticalScaling',
  'InPlacePodVerticalScalingInitContainers',
  'RestartAllContainersOnContainerExits',
];

/** The whole status. */
export function nodeStatus({ identity, info, config, images, health, previous }: NodeStatusInput): NodeStatus {
  const { capacity, allocatable } = allResources(nodeResources(info, config), previous);
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
    images: nodeImages(images, config.nodeStatusMaxImages),
    runtimeHandlers: info.handlers.map(({ name, recursiveReadOnly }) => ({
      ...{ name, features: { recursiveReadOnlyMounts: recursiveReadOnly, userNamespaces: false } },
    })),
    features: { supplementalGroupsPolicy: true },
    declaredFeatures,
  };
}

/** How many devices there are of each resource that has any. */
const deviceCounts = ({ devices }: RuntimeInfo): Amounts =>
  Object.fromEntries(Object.entries(devices).flatMap(([name, ids]) => (ids.length === 0 ? [] : [[name, String(ids.length)]])));

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
    spec: {},
  };
}
