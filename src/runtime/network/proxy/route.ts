/** What a listener needs to know about its Service. */
import type { Cidr } from '../ipv4.ts';
import { contains, parseIpv4 } from '../ipv4.ts';
import type { Balancer } from './balancer.ts';
import type { ProxyNode } from './topology.ts';

/** The local end of a connection. Reading its address costs a system call, so it is read only when needed. */
export interface LocalEnd {
  readonly localAddress?: string | undefined;
}

export interface Route {
  readonly namespace: string;
  readonly name: string;
  readonly balancer: Balancer;
  readonly affinitySeconds: number;
  /** True when nothing depends on the client's address, so that the system call to read it can be saved. */
  readonly anonymous: boolean;
  /** Clients that may connect; empty: all. */
  readonly sourceRanges: readonly Cidr[];
  /** Whether only endpoints of the node may serve (traffic policy Local). */
  readonly local: boolean;
  /** The node that chooses for this client; undefined: it is not known, or nothing depends on it. */
  node(clientIp: string, local: LocalEnd): ProxyNode | undefined;
}

/** Whether loadBalancerSourceRanges allow a client. */
export function admits(route: Route, clientIp: string): boolean {
  if (route.sourceRanges.length === 0) return true;
  const address = parseIpv4(clientIp);
  return address !== undefined && route.sourceRanges.some((range) => contains(range, address));
}
