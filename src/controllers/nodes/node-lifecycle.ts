/**
 * Monitors nodes by their leases. A node that does not renew its lease for a grace period gets Unknown conditions, its
 * Pods are marked not ready, and it is tainted. Taints follow a node's conditions; those that evict Pods are added at a
 * bounded rate in each zone. Upstream looks at all nodes every 5 s; minik reacts to the relevant events and sets
 * timers. Source: pkg/controller/nodelifecycle/node_lifecycle_controller.go
 */

import type { Node, NodeCondition, Pod } from '../../api/generated/core/v1.ts';
import { lease } from '../../api/kinds/coordination/lease.ts';
import { node } from '../../api/kinds/core/node.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { type ObjectRef, refOf } from '../../api/object.ts';
import { isNotFound } from '../../api/status-error.ts';
import { rfc3339 } from '../../api/time.ts';
import { controllerAccount } from '../../client/identity.ts';
import {
  type CacheIndex,
  type Controller,
  type ControllerContext,
  defineController,
  indexing,
  type Outcome,
  settled,
  watching,
} from '../controller.ts';
import { podCondition } from '../pods.ts';
import { type DisruptionChange, DisruptionZones, type EvictionRates, zoneOf } from './disruption-zones.ts';
import { evictedNodes, zoneGauges } from './node-metrics.ts';
import { isInTrouble, isTaintedForEviction, wantedTaints } from './node-taints.ts';

export interface NodeLifecycleOptions {
  /** How long a node may send no heartbeat, in milliseconds; default 50,000. */
  readonly gracePeriodMs?: number;
  /** The same for a node that has not said yet whether it is ready; default 60,000. */
  readonly startupGracePeriodMs?: number;
  readonly rates?: EvictionRates;
}

const leaseNamespace = 'kube-node-lease';
const nodeIndex = 'node';
const conditionTypes = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'] as const;

/** Pods by their node. */
export const podsByNode: CacheIndex = indexing(pod, nodeIndex, ({ spec }) => (spec.nodeName === undefined ? [] : [spec.nodeName]));

export const podsOn = (nodeName: string, { cache }: Pick<ControllerContext, 'cache'>): readonly Pod[] =>
  cache(pod).byIndex(nodeIndex, nodeName);

/** The last heartbeat of a node, and when it was seen by our own clock: clocks of nodes are not trusted. */
interface Heartbeat {
  readonly sign: string;
  readonly seenAtMs: number;
  readonly node: Node;
}

export function nodeLifecycleController(options: NodeLifecycleOptions = {}): Controller<Node> {
  const { gracePeriodMs = 50_000, startupGracePeriodMs = 60_000, rates } = options;
  const heartbeats = new Map<string, Heartbeat>();
  const zones = new DisruptionZones(rates);
  return defineController<Node>({
    name: 'node-lifecycle',
    identity: controllerAccount('node-controller'),
    eventSource: 'node-controller',
    // Differs: upstream has 8. Here workers wait for commits only, which a hundred nodes can share.
    workers: 100,
    reconciles: node,
    reads: [pod],
    indexes: [podsByNode],
    gauges: zoneGauges(zones),
    watches: [
      watching(lease, ({ metadata }) => (metadata.namespace === leaseNamespace ? [{ namespace: '', name: metadata.name }] : [])),
      watching(node, (object, context) => whenEvictionChanges(object, { heartbeats, zones, context })),
    ],
    reconcile: async (ref, context) => {
      const object = context.cache(node).get(ref);
      if (object !== undefined) return watchOver(object, { heartbeats, zones, gracePeriodMs, startupGracePeriodMs, context });
      forget(ref.name, heartbeats, context);
      return settled;
    },
  });
}

const conditionOf = ({ status }: Node, type: string): NodeCondition | undefined =>
  status.conditions?.find((condition) => condition.type === type);
const isHealthy = (object: Node): boolean => conditionOf(object, 'Ready')?.status === 'True';

interface Memory {
  readonly heartbeats: Map<string, Heartbeat>;
  readonly zones: DisruptionZones;
  readonly context: ControllerContext;
}

interface Watch extends Memory {
  readonly gracePeriodMs: number;
  readonly startupGracePeriodMs: number;
}

async function watchOver(object: Node, watch: Watch): Promise<Outcome> {
  const { context } = watch;
  const graceMs = conditionOf(object, 'Ready') === undefined ? watch.startupGracePeriodMs : watch.gracePeriodMs;
  const silentMs = context.clock.now() - noteHeartbeat(object, watch);
  // The rest waits for the event of this write, by which the zones learn of it.
  if (silentMs > graceMs && (await markUnknown(object, context))) return settled;
  await syncLabels(object, context);
  const waitMs = await syncTaints(object, watch);
  if (conditionOf(object, 'Ready') !== undefined && !isHealthy(object)) await markPodsNotReady(object, context);
  const silentInMs = silentMs > graceMs ? undefined : graceMs - silentMs + 1;
  // A node that is heard within the grace period is so in the next one too, unless something happens.
  if (waitMs === undefined) return silentInMs === undefined ? settled : { requeueAfterMs: silentInMs, upkeep: { quietMs: graceMs } };
  return { requeueAfterMs: Math.min(waitMs, silentInMs ?? waitMs) };
}

/** The nodes for which a change of one node decides whether their Pods may be evicted, and how soon. */
function whenEvictionChanges({ metadata: { name } }: Node, { heartbeats, zones, context }: Memory): readonly ObjectRef[] {
  const nodes = context.cache(node);
  const current = nodes.get({ namespace: '', name });
  const nowMs = context.clock.now();
  const change: DisruptionChange = current === undefined ? zones.delete(name, nowMs) : zones.set(current, nowMs);
  if (change.everywhere !== undefined) {
    context.log.info(
      change.everywhere === 'stopped' ? 'No node is ready: nothing is evicted' : 'Some nodes are ready: pods are evicted again',
    );
    // Nobody could be heard while the fault was elsewhere, so every node gets its whole grace period.
    if (change.everywhere === 'resumed')
      for (const [each, heartbeat] of heartbeats) heartbeats.set(each, { ...heartbeat, seenAtMs: nowMs });
    return nodes.list().map(refOf);
  }
  if (change.zones.length === 0) return [];
  return nodes
    .list()
    .filter((each) => change.zones.includes(zoneOf(each)))
    .map(refOf);
}

function forget(name: string, heartbeats: Map<string, Heartbeat>, { events }: ControllerContext): void {
  const known = heartbeats.get(name);
  if (known === undefined) return;
  heartbeats.delete(name);
  events.event(known.node, 'Normal', 'RemovingNode', `Node ${name} event: Removing Node ${name} from Controller`);
}

/** Records a new heartbeat. Returns when the last one was seen. */
function noteHeartbeat(object: Node, { heartbeats, context }: Watch): number {
  const { name, uid } = object.metadata;
  const renewed = context.cache(lease).get({ namespace: leaseNamespace, name })?.spec.renewTime ?? '';
  const ready = conditionOf(object, 'Ready');
  const byKubelet =
    ready?.reason === 'NodeStatusUnknown' || ready?.reason === 'NodeStatusNeverUpdated'
      ? ''
      : (ready?.lastHeartbeatTime ?? ready?.status ?? '');
  const known = heartbeats.get(name);
  const former = known?.sign.split(' ') ?? [];
  const sign = [uid, renewed, byKubelet === '' ? (former[2] ?? '') : byKubelet].join(' ');
  if (known?.sign === sign) return known.seenAtMs;
  const seenAtMs = context.clock.now();
  heartbeats.set(name, { sign, seenAtMs, node: object });
  if (known === undefined) {
    context.events.event(object, 'Normal', 'RegisteredNode', `Node ${name} event: Registered Node ${name} in Controller`);
  }
  return seenAtMs;
}

/** Sets the conditions of a silent node; false when they are set already. */
async function markUnknown(object: Node, { api, clock, events }: ControllerContext): Promise<boolean> {
  const now = rfc3339(clock.now());
  const known = object.status.conditions ?? [];
  const changed = conditionTypes.flatMap((type): NodeCondition[] => {
    const former = known.find((condition) => condition.type === type);
    if (former === undefined) {
      const created = object.metadata.creationTimestamp;
      const message = 'Kubelet never posted node status.';
      return [{ type, status: 'Unknown', reason: 'NodeStatusNeverUpdated', message, lastHeartbeatTime: created, lastTransitionTime: now }];
    }
    if (former.status === 'Unknown') return [];
    const message = 'Kubelet stopped posting node status.';
    return [{ ...former, status: 'Unknown', reason: 'NodeStatusUnknown', message, lastTransitionTime: now }];
  });
  if (changed.length === 0) return false;
  const wasReady = isHealthy(object);
  const conditions = [...known.map((former) => changed.find(({ type }) => type === former.type) ?? former)];
  for (const fresh of changed) if (!known.some(({ type }) => type === fresh.type)) conditions.push(fresh);
  await api(node).updateStatus({ ...object, status: { ...object.status, conditions } });
  const { name } = object.metadata;
  if (wasReady) events.event(object, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
  return true;
}

/** The old labels that follow the ones of today. Source: node_lifecycle_controller.go (labelReconcileInfo). */
const followingLabels = [
  ['kubernetes.io/os', 'beta.kubernetes.io/os'],
  ['kubernetes.io/arch', 'beta.kubernetes.io/arch'],
] as const;

async function syncLabels({ metadata }: Node, { api }: ControllerContext): Promise<void> {
  const { name, labels = {} } = metadata;
  const wanted = followingLabels.flatMap(([primary, old]) => {
    const value = labels[primary];
    return value === undefined || labels[old] === value ? [] : [[old, value] as const];
  });
  if (wanted.length === 0) return;
  await api(node).patch({ namespace: '', name }, { type: 'strategic', body: { metadata: { labels: Object.fromEntries(wanted) } } });
}

/** Sets the node's taints; resolves with how long the one that evicts must wait, if it must. */
async function syncTaints(object: Node, { zones, context }: Watch): Promise<number | undefined> {
  const { api, clock, meters } = context;
  const nowMs = clock.now();
  const mustAsk = !zones.stopped && isInTrouble(object) && !isTaintedForEviction(object);
  const waitMs = mustAsk ? zones.take(object, nowMs) : undefined;
  const evicting = zones.stopped ? 'remove' : waitMs === 0 ? 'add' : 'keep';
  const taints = wantedTaints(object, { nowMs, evicting });
  if (taints !== object.spec.taints && !(taints.length === 0 && object.spec.taints === undefined)) {
    const body = {
      metadata: { resourceVersion: object.metadata.resourceVersion },
      spec: { taints: taints.length === 0 ? null : taints.map((t) => ({ ...t })) },
    };
    await api(node).patch(refOf(object), { type: 'merge', body });
    if (evicting === 'add') meters.count(evictedNodes, { zone: zoneOf(object) });
  }
  return waitMs === 0 ? undefined : waitMs;
}

/** Marks Pods not ready, so that Services send no traffic to Pods on a node that is not ready. */
async function markPodsNotReady(object: Node, context: ControllerContext): Promise<void> {
  const { api, clock, events } = context;
  for (const candidate of podsOn(object.metadata.name, context)) {
    const ready = podCondition(candidate, 'Ready');
    if (ready?.status !== 'True') continue;
    const conditions = (candidate.status.conditions ?? []).map((condition) =>
      condition === ready ? { ...ready, status: 'False', lastTransitionTime: rfc3339(clock.now()) } : condition,
    );
    try {
      await api(pod).updateStatus({ ...candidate, status: { ...candidate.status, conditions } });
      events.event(candidate, 'Warning', 'NodeNotReady', 'Node is not ready');
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}
