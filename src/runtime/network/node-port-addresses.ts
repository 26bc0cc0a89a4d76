/**
 * The addresses on which node ports listen: by default the loopback and the nodes' own addresses, so that only this
 * machine and its pods can reach them.
 */
import { contains, parseCidr, parseIpv4 } from './ipv4.ts';
import type { NetworkConfig } from './network-state.ts';

/** All addresses of the host. */
export const anyAddress = '0.0.0.0';
const loopback = '127.0.0.1';

/**
 * The host's addresses in the given ranges (`--node-port-addresses`), always including the loopback. `0.0.0.0/0` stands
 * for all of the host's addresses, including later ones. Ranges that are not IPv4 are ignored. Differs: kube-proxy's
 * `nodePortAddresses` is empty by default and means all addresses. Source: pkg/proxy/util/nodeport_addresses.go.
 */
export function hostAddressesIn(ranges: readonly string[], hostAddresses: readonly string[]): readonly string[] {
  const parsed = ranges.map(parseCidr).filter((range) => range !== undefined);
  if (parsed.some(({ prefix }) => prefix === 0)) return [anyAddress];
  const inRange = (address: string): boolean => {
    const value = parseIpv4(address);
    return value !== undefined && parsed.some((range) => contains(range, value));
  };
  return [...new Set([loopback, ...hostAddresses.filter(inRange)])];
}

/** The addresses on which each node port listens. */
export function nodePortListenAddresses({ nodePortAddresses, nodes }: NetworkConfig): readonly string[] {
  if (nodePortAddresses.includes(anyAddress)) return [anyAddress];
  return [...new Set([...nodePortAddresses, ...nodes.map(({ ip }) => ip).filter((ip) => ip !== '')])];
}
