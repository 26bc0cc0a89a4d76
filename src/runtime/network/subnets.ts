/** Chooses address ranges that nothing on the host uses. Pure. */
import { type Cidr, formatCidr, overlaps, parseCidr } from './ipv4.ts';

/** The pools from which clusters of one kind get their ranges. */
export interface SubnetPools {
  /** The prefix length of each range. */
  readonly prefix: number;
  /** Tried in this order. */
  readonly services: readonly string[];
  readonly pods: readonly string[];
}

/**
 * Each range has 4,094 addresses. Kubernetes' own default comes first; the others are for hosts whose VPN takes all of
 * 10.0.0.0/8.
 */
export const hostPools: SubnetPools = {
  prefix: 20,
  services: ['10.96.0.0/12', '172.28.0.0/15', '192.168.128.0/18', '100.96.0.0/12'],
  pods: ['10.244.0.0/14', '172.30.0.0/15', '192.168.192.0/18', '100.112.0.0/12'],
};

/** For clusters whose addresses exist in memory only: room for tens of thousands of Pods. */
export const simulatedPools: SubnetPools = {
  prefix: 16,
  services: ['10.96.0.0/16', '10.0.0.0/9', '172.16.0.0/13'],
  pods: ['10.244.0.0/16', '10.128.0.0/9', '172.24.0.0/13'],
};

/** Wider routes (the default route, a VPN's 0.0.0.0/1) do not show which ranges are in use, and are ignored. */
const widestMeaningfulPrefix = 7;

/** The ranges of one cluster. */
export interface ClusterSubnets {
  readonly serviceCidr: string;
  readonly podCidr: string;
}

export interface SubnetRequest {
  /**
   * Ranges in use: routes, interfaces, container networks, profiles of other clusters. Malformed and IPv6 ranges are
   * ignored.
   */
  readonly taken: readonly string[];
  /** The profile's previous ranges: kept when they are still free. */
  readonly preferred?: Partial<ClusterSubnets>;
  /** Default: the pools of clusters on the host's network. */
  readonly pools?: SubnetPools;
}

/** Picks both ranges; undefined where the host has no free range. */
export function pickSubnets({ taken, preferred = {}, pools = hostPools }: SubnetRequest): {
  readonly [K in keyof ClusterSubnets]: string | undefined;
} {
  const used = taken
    .map(parseCidr)
    .filter((cidr) => cidr !== undefined)
    .filter((cidr) => cidr.prefix > widestMeaningfulPrefix);
  const serviceCidr = pick(pools.services, pools.prefix, used, preferred.serviceCidr);
  const own = serviceCidr === undefined ? [] : [serviceCidr];
  const podCidr = pick(pools.pods, pools.prefix, [...used, ...own], preferred.podCidr);
  return { serviceCidr: serviceCidr && formatCidr(serviceCidr), podCidr: podCidr && formatCidr(podCidr) };
}

function pick(pools: readonly string[], prefix: number, used: readonly Cidr[], preferred: string | undefined): Cidr | undefined {
  const free = (candidate: Cidr): boolean => !used.some((range) => overlaps(range, candidate));
  const wanted = preferred === undefined ? undefined : parseCidr(preferred);
  if (wanted !== undefined && free(wanted)) return wanted;
  for (const text of pools) {
    const pool = parseCidr(text);
    if (pool === undefined) continue;
    for (let index = 0; index < 2 ** (prefix - pool.prefix); index++) {
      const candidate: Cidr = { base: pool.base + index * 2 ** (32 - prefix), prefix };
      if (free(candidate)) return candidate;
    }
  }
  return undefined;
}
