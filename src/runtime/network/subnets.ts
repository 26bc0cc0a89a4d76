/** Chooses address ranges that nothing on the host uses yet. Pure. */
import { type Cidr, formatCidr, overlaps, parseCidr } from './ipv4.ts';

/** Every cluster gets this much of each: 4,094 addresses. */
const clusterPrefix = 20;
/** Kubernetes' own default first; the others for hosts whose VPN takes all of 10.0.0.0/8. */
const servicePools = ['10.96.0.0/12', '172.28.0.0/15', '192.168.128.0/18', '100.96.0.0/12'];
const podPools = ['10.244.0.0/14', '172.30.0.0/15', '192.168.192.0/18', '100.112.0.0/12'];
/** Routes as wide as this say nothing of single ranges (the default route, a VPN's 0.0.0.0/1): nobody's address lies there for certain. */
const widestMeaningfulPrefix = 7;

/** Ranges of one cluster. */
export interface ClusterSubnets {
  readonly serviceCidr: string;
  readonly podCidr: string;
}

export interface SubnetRequest {
  /** Ranges in use: routes, interfaces, container networks, other clusters' profiles. Malformed and IPv6 ones are ignored. */
  readonly taken: readonly string[];
  /** What the profile had before: kept when still free. */
  readonly preferred?: Partial<ClusterSubnets>;
}

/** Picks both ranges; undefined where the host has no room left. */
export function pickSubnets({ taken, preferred = {} }: SubnetRequest): { readonly [K in keyof ClusterSubnets]: string | undefined } {
  const used = taken
    .map(parseCidr)
    .filter((cidr) => cidr !== undefined)
    .filter((cidr) => cidr.prefix > widestMeaningfulPrefix);
  const serviceCidr = pick(servicePools, used, preferred.serviceCidr);
  const own = serviceCidr === undefined ? [] : [serviceCidr];
  const podCidr = pick(podPools, [...used, ...own], preferred.podCidr);
  return { serviceCidr: serviceCidr && formatCidr(serviceCidr), podCidr: podCidr && formatCidr(podCidr) };
}

function pick(pools: readonly string[], used: readonly Cidr[], preferred: string | undefined): Cidr | undefined {
  const free = (candidate: Cidr): boolean => !used.some((range) => overlaps(range, candidate));
  const wanted = preferred === undefined ? undefined : parseCidr(preferred);
  if (wanted !== undefined && free(wanted)) return wanted;
  for (const text of pools) {
    const pool = parseCidr(text);
    if (pool === undefined) continue;
    for (let index = 0; index < 2 ** (clusterPrefix - pool.prefix); index++) {
      const candidate: Cidr = { base: pool.base + index * 2 ** (32 - clusterPrefix), prefix: clusterPrefix };
      if (free(candidate)) return candidate;
    }
  }
  return undefined;
}
