/**
 * Monitors nodes by their leases. A node that does not renew its lease for a grace period gets Unknown conditions, its
 * Pods are marked not ready, and it is tainted. Taints follow a node's conditions. Source:
 * pkg/controller/nodelifecycle/node_lifecycle_controller.go
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
import { wantedTaints } from './node-taints.ts';

export interface NodeLifecycleOptions {
  /** How long a node may send no heartbeat, in milliseconds; default 40,000. */
  readonly gracePeriodMs?: number;
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

export function nodeLifecycleController({ gracePeriodMs = 40_000 }: NodeLifecycleOptions = {}): Controller<Node> {
  const heartbeats = new Map<string, Heartbeat>();
  const healthy = new Set<string>();
  return defineController<Node>({
    name: 'node-lifecycle',
    identity: controllerAccount('node-controller'),
    eventSource: 'node-controller',
    reconciles: node,
    reads: [pod],
    indexes: [podsByNode],
    watches: [
      watching(lease, ({ metadata }) => (metadata.namespace === leaseNamespace ? [{ namespace: '', name: metadata.name }] : [])),
      watching(node, (object, context) => whenEvictionChanges(object, healthy, context)),
    ],
    reconcile: async (ref, context) => {
      const object = context.cache(node).get(ref);
      if (object !== undefined) return watchOver(object, { heartbeats, gracePeriodMs, context });
      forget(ref.name, heartbeats, context);
      return settled;
    },
  });
}

const conditionOf = ({ status }: Node, type: string): NodeCondition | undefined =>
  status.conditions?.find((condition) => condition.type === type);
const isHealthy = (object: Node): boolean => conditionOf(object, 'Ready')?.status === 'True';

interface Watch {
  readonly heartbeats: Map<string, Heartbeat>;
  readonly gracePeriodMs: number;
  readonly context: ControllerContext;
}

async function watchOver(object: Node, watch: Watch): Promise<Outcome> {
  const { context, gracePeriodMs } = watch;
  const nowMs = context.clock.now();
  const silentMs = nowMs - noteHeartbeat(object, watch);
  let current = object;
  if (silentMs > gracePeriodMs) current = await markUnknown(object, context);
  await syncTaints(current, context);
  if (conditionOf(current, 'Ready') !== undefined && !isHealthy(current)) await markPodsNotReady(current, context);
  return silentMs > gracePeriodMs ? settled : { requeueAfterMs: gracePeriodMs - silentMs + 1 };
}

/**
 * When the first node becomes healthy or the last one becomes unhealthy, all nodes must be reconciled, because that
 * decides whether Pods may be evicted.
 */
function whenEvictionChanges({ metadata }: Node, healthy: Set<string>, { cache }: ControllerContext): readonly ObjectRef[] {
  const current = cache(node).get({ namespace: '', name: metadata.name });
  const before = healthy.size;
  if (current !== undefined && isHealthy(current)) healthy.add(metadata.name);
  else healthy.delete(metadata.name);
  return (before === 0) === (healthy.size === 0) ? [] : cache(node).list().map(refOf);
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

async function markUnknown(object: Node, { api, clock, events }: ControllerContext): Promise<Node> {
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
  if (changed.length === 0) return object;
  const wasReady = isHealthy(object);
  const conditions = [...known.map((former) => changed.find(({ type }) => type === former.type) ?? former)];
  for (const fresh of changed) if (!known.some(({ type }) => type === fresh.type)) conditions.push(fresh);
  const updated = await api(node).updateStatus({ ...object, status: { ...object.status, conditions } });
  const { name } = object.metadata;
  if (wasReady) events.event(object, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
  return updated;
}

async function syncTaints(object: Node, { api, cache, clock }: ControllerContext): Promise<void> {
  const mayEvict = isHealthy(object) || cache(node).list().some(isHealthy);
  const taints = wantedTaints(object, { nowMs: clock.now(), mayEvict });
  if (taints === object.spec.taints || (taints.length === 0 && object.spec.taints === undefined)) return;
  const body = {
    metadata: { resourceVersion: object.metadata.resourceVersion },
    spec: { taints: taints.length === 0 ? null : taints.map((t) => ({ ...t })) },
  };
  await api(node).patch(refOf(object), { type: 'merge', body });
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
