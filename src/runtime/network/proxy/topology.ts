/**
 * Which endpoints of traffic policy Cluster are near a node, by the hints of EndpointSlices. Pure. Source:
 * pkg/proxy/topology.go (topologyModeFromHints, availableForTopology).
 */
import type { Backend } from '../network-state.ts';

/** The node whose kube-proxy would choose the endpoint. */
export interface ProxyNode {
  readonly name: string;
  /** Absent: it is in no zone. */
  readonly zone?: string | undefined;
}

const allForNodes = (ready: readonly Backend[]): boolean => ready.every(({ forNodes }) => forNodes !== undefined);
const allForZones = (ready: readonly Backend[]): boolean => ready.every(({ forZones }) => forZones !== undefined);

/** Whether the choice among ready endpoints may depend on the node: not when one of them has no hint. */
export const isHinted = (ready: readonly Backend[]): boolean => ready.length > 0 && (allForNodes(ready) || allForZones(ready));

/**
 * The ready endpoints that are meant for a node or, when there are none, for its zone. All of them when those are none
 * either, or when one has no such hint.
 */
export function nearBackends(ready: readonly Backend[], { name, zone = '' }: ProxyNode): readonly Backend[] {
  if (allForNodes(ready)) {
    const forNode = ready.filter(({ forNodes }) => forNodes?.includes(name) === true);
    if (forNode.length > 0) return forNode;
  }
  if (!allForZones(ready)) return ready;
  const forZone = ready.filter(({ forZones }) => forZones?.includes(zone) === true);
  return forZone.length > 0 ? forZone : ready;
}
