/**
 * The node's heartbeat: a Lease in kube-node-lease, renewed every 10 s, held for 40 s.
 * Source: pkg/kubelet/kubelet.go (NodeLeaseDurationSeconds); component-helpers apimachinery/lease/controller.go.
 */
import type { Lease } from '../../../api/generated/coordination/v1.ts';
import type { Node } from '../../../api/generated/core/v1.ts';
import { lease as leaseKind } from '../../../api/kinds/coordination/lease.ts';
import { isNotFound } from '../../../api/status-error.ts';
import { rfc3339Micro } from '../../../api/time.ts';
import type { Client } from '../../../client/client.ts';
import { type Clock, heartbeat, sleep } from '../../../client/clock.ts';
import type { Logger } from '../../../client/logger.ts';

const leaseNamespace = 'kube-node-lease';
const leaseSeconds = 40;
const renewMs = 10_000;
const retryMs = 1000;

export interface NodeLeaseOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** The registered node, which owns the lease. */
  readonly node: Node;
}

async function renew({ client, clock, node }: NodeLeaseOptions, known: Lease | undefined): Promise<Lease> {
  const api = client.resource(leaseKind);
  const name = node.metadata.name;
  const ref = { namespace: leaseNamespace, name };
  const spec = { holderIdentity: name, leaseDurationSeconds: leaseSeconds, renewTime: rfc3339Micro(clock.now()) };
  const current =
    known ??
    (await api.get(ref).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    }));
  if (current !== undefined) return api.update({ ...current, spec: { ...current.spec, ...spec } });
  const owner = { apiVersion: 'v1', kind: 'Node', name, uid: node.metadata.uid };
  return api.create({ metadata: { ...ref, ownerReferences: [owner] }, spec });
}

/** Renews until the signal aborts; a failed renewal is tried again after a second. */
export async function keepNodeLease(options: NodeLeaseOptions): Promise<void> {
  const { clock, log, signal } = options;
  let lease: Lease | undefined;
  while (!signal.aborted) {
    let delayMs = renewMs;
    try {
      lease = await renew(options, lease);
    } catch (error) {
      lease = undefined;
      delayMs = retryMs;
      log.warn('node lease could not be renewed', { node: options.node.metadata.name, error: String(error) });
    }
    await sleep(clock, delayMs, signal, delayMs === renewMs ? heartbeat : undefined);
  }
}
