/** Names and addresses that are derived from a cluster's settings. Pure. */
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { addressIn, nodeAddress } from '../cli/nodes.ts';
import type { PodRangesOptions } from '../controllers/nodes/pod-ranges.ts';

/** The DNS domain of every cluster. */
export const clusterDomain = 'cluster.local';

export interface ClusterAddresses {
  /** The address of the pods' bridge on the host; also the first node's address. */
  readonly gateway: string;
  readonly apiServiceIp: string;
  readonly dnsIp: string;
  nodeIp(index: number): string;
}

/** The addresses that follow from the settings. */
export const addressesOf = (settings: ClusterSettings): ClusterAddresses => ({
  gateway: nodeAddress(settings.podCidr, 0),
  apiServiceIp: addressIn(settings.serviceCidr, 1),
  dnsIp: addressIn(settings.serviceCidr, 10),
  nodeIp: (index: number) => nodeAddress(settings.podCidr, index),
});

/** How the addresses of pods are divided among the nodes. */
export const podRanges = ({ podCidr, nodeAddresses, nodes }: ClusterSettings): PodRangesOptions => ({
  clusterCidr: podCidr,
  setAside: nodeAddresses ?? nodes.length,
  nodes: nodes.length,
});

/** The range of a node's address alone. */
export const nodeRange = (settings: ClusterSettings, index: number): string => `${addressesOf(settings).nodeIp(index)}/32`;
