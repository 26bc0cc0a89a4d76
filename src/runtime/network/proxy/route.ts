/** What a listener needs to know about the Service behind it. */
import type { Cidr } from '../ipv4.ts';
import { contains, parseIpv4 } from '../ipv4.ts';
import type { Balancer } from './balancer.ts';

/** The local end of a connection; reading the address costs a system call, so it is asked for only when it matters. */
export interface LocalEnd {
  readonly localAddress?: string | undefined;
}

export interface Route {
  readonly namespace: string;
  readonly name: string;
  readonly balancer: Balancer;
  readonly affinitySeconds: number;
  /** Nothing depends on who the client is: its address need not be asked for, which saves a system call. */
  readonly anonymous: boolean;
  /** Clients that may connect; empty: all. */
  readonly sourceRanges: readonly Cidr[];
  /** The node whose endpoints alone may serve this client, under traffic policy Local; undefined: all nodes' may. */
  node(clientIp: string, local: LocalEnd): string | undefined;
}

/** Whether a client is let in by loadBalancerSourceRanges. */
export function admits(route: Route, clientIp: string): boolean {
  if (route.sourceRanges.length === 0) return true;
  const address = parseIpv4(clientIp);
  return address !== undefined && route.sourceRanges.some((range) => contains(range, address));
}
