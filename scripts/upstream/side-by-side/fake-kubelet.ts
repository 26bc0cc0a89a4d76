/**
 * Nodes, and what a kubelet does to Pods, one Pod at a time, so that both sides see the same changes in the same order.
 * What a Pod does is said by its annotation.
 */
import type { Pod } from '../../../src/api/generated/core/v1.ts';
import type { JsonObject } from '../../../src/api/json.ts';
import { lease } from '../../../src/api/kinds/coordination/lease.ts';
import { node } from '../../../src/api/kinds/core/node.ts';
import { pod } from '../../../src/api/kinds/core/pod.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { isNotFound } from '../../../src/api/status-error.ts';
import { rfc3339, rfc3339Micro } from '../../../src/api/time.ts';
import type { NamespaceView } from './observer.ts';
import type { Side } from './side.ts';

/** `run` (also when it is not there), `unready`, `succeed`, `fail`. */
export const doesAnnotation = 'side-by-side/does';
export const nodeNames = ['side-node-1', 'side-node-2', 'side-node-3'] as const;

/** Longer than upstream's controller of nodes is between two looks. Source: node_lifecycle_controller.go, 5 s. */
const noticeMs = 6000;

const resources = { cpu: '64', memory: '64Gi', pods: '500', 'ephemeral-storage': '100Gi' };

/** What a kubelet says of its node while all is well. */
function conditionsAt(nowMs: number): readonly JsonObject[] {
  const at = rfc3339(nowMs);
  const condition = { lastHeartbeatTime: at, lastTransitionTime: at };
  const pressures = ['MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({ type, status: 'False', ...condition }));
  return [...pressures, { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'ready', ...condition }];
}

/** The nodes of a side, and which of them are silent. */
export class FakeNodes {
  readonly #side: Side;
  readonly #silent = new Set<string>();

  private constructor(side: Side) {
    this.#side = side;
  }

  /** Makes them, and gives the controllers time to take note of them. */
  static async make(side: Side): Promise<FakeNodes> {
    const nodes = new FakeNodes(side);
    for (const name of nodeNames) await nodes.#register(name);
    await side.pass(noticeMs);
    return nodes;
  }

  async #register(name: string): Promise<void> {
    const { client, now } = this.#side;
    await client.resource(node).create({
      ...{ apiVersion: 'v1', kind: 'Node' },
      metadata: { name, labels: { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux' } },
      status: {
        ...{ capacity: resources, allocatable: resources, addresses: [{ type: 'InternalIP', address: `10.1.0.${name.at(-1)}` }] },
        conditions: conditionsAt(now()),
      },
    });
    await client.resource(lease).create({
      ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { name, namespace: 'kube-node-lease' } },
      spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: rfc3339Micro(now()) },
    });
  }

  /** Says that the nodes live. */
  async renewLeases(): Promise<void> {
    const { client, now } = this.#side;
    const body = { spec: { renewTime: rfc3339Micro(now()) } };
    for (const name of nodeNames) {
      if (this.#silent.has(name)) continue;
      await client.resource(lease).patch({ namespace: 'kube-node-lease', name }, { type: 'merge', body });
    }
  }

  /** From now on nothing is heard of a node, and nothing changes on it. */
  silence(name: string): void {
    this.#silent.add(name);
  }

  /** A node is heard of again, and registers itself when it is not there any more. */
  async wake(name: string): Promise<void> {
    this.#silent.delete(name);
    const { client, now } = this.#side;
    const ref = { namespace: '', name };
    try {
      await client
        .resource(node)
        .patch(ref, { type: 'merge', body: { status: { conditions: [...conditionsAt(now())] } }, subresource: 'status' });
    } catch (error) {
      if (!isNotFound(error)) throw error;
      await client.resource(lease).delete({ namespace: 'kube-node-lease', name }, {});
      await this.#register(name);
    }
    await this.renewLeases();
  }

  /** Whether a Pod's kubelet does anything. */
  lives({ spec }: Pod): boolean {
    return spec?.nodeName !== undefined && !this.#silent.has(spec.nodeName);
  }

  /** Does the next thing to the Pods of a namespace, the first made first. Resolves with whether there was any. */
  async stepPods(view: NamespaceView): Promise<boolean> {
    const { client, now } = this.#side;
    for (const object of view.list('Pod') as readonly (KubeObject & Pod)[]) {
      const change = this.lives(object) ? nextChange(object) : undefined;
      if (change === undefined) continue;
      const { name, namespace = '', uid } = object.metadata;
      const ref = { namespace, name };
      const body = JSON.parse(JSON.stringify({ metadata: { uid }, status: statusFor(object, change, now()) }));
      try {
        await client.resource(pod).patch(ref, { type: 'strategic', body, subresource: 'status' });
        if (change === 'remove') await client.resource(pod).delete(ref, { gracePeriodSeconds: 0, preconditions: { uid } });
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
      return true;
    }
    return false;
  }
}

let addresses = 0;
const newAddress = (): string => {
  addresses++;
  return `10.2.${addresses >> 8}.${addresses & 255}`;
};

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true;

type Change = 'remove' | 'ready' | 'unready' | 'succeed' | 'fail';

/** What a kubelet does next to a Pod; undefined: nothing. */
function nextChange(object: Pod): Change | undefined {
  const { metadata, status } = object;
  if (metadata.deletionTimestamp !== undefined) return metadata.deletionGracePeriodSeconds === 0 ? undefined : 'remove';
  if (status?.phase === 'Succeeded' || status?.phase === 'Failed') return undefined;
  const does = metadata.annotations?.[doesAnnotation];
  if (status?.phase !== 'Running') return does === 'unready' ? 'unready' : 'ready';
  if (does === 'succeed' || does === 'fail') return does;
  if ((does === 'unready') === isReady(object)) return isReady(object) ? 'unready' : 'ready';
  return undefined;
}

function statusFor(object: Pod, change: Change, nowMs: number): object {
  const at = rfc3339(nowMs);
  const ready = change === 'ready';
  const ended = change !== 'ready' && change !== 'unready';
  const exitCode = { remove: 143, fail: 1 }[change as string] ?? 0;
  const reason = ended ? (change === 'succeed' ? 'PodCompleted' : 'PodFailed') : 'ContainersNotReady';
  const conditionOf = (type: string, is: boolean): object => ({
    ...{ type, status: is ? 'True' : 'False', lastTransitionTime: at },
    ...(is ? {} : { reason }),
  });
  const { podIP = newAddress(), startTime = at } = object.status ?? {};
  const startedAt = startTime;
  return {
    ...{
      phase: change === 'succeed' ? 'Succeeded' : ended ? 'Failed' : 'Running',
      podIP,
      podIPs: [{ ip: podIP }],
      hostIP: '10.1.0.1',
      startTime,
    },
    conditions: [conditionOf('Initialized', true), conditionOf('ContainersReady', ready), conditionOf('Ready', ready)],
    containerStatuses: (object.spec?.containers ?? []).map(({ name, image }) => ({
      ...{ name, image, imageID: image, ready, restartCount: 0, started: !ended, containerID: `fake://${name}` },
      state: ended
        ? { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', startedAt, finishedAt: at } }
        : { running: { startedAt } },
    })),
  };
}
