/** Names and addresses that are derived from a cluster's settings. Pure. */
import type { ClusterSettings } from '../cli/cluster-port.ts';

/** The DNS domain of every cluster. */
export const clusterDomain = 'cluster.local';

/** The address at an offset in an IPv4 range. */
function addressIn(cidr: string, offset: number): string {
  const [base = '0.0.0.0'] = cidr.split('/');
  const number = base.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0) + offset;
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

export interface ClusterAddresses {
  /** The address of the pods' bridge on the host; also the first node's address. */
  readonly gateway: string;
  readonly apiServiceIp: string;
  readonly dnsIp: string;
  nodeIp(index: number): string;
}

/** The addresses that follow from the settings. */
export const addressesOf = (settings: ClusterSettings): ClusterAddresses => ({
  gateway: addressIn(settings.podCidr, 1),
  apiServiceIp: addressIn(settings.serviceCidr, 1),
  dnsIp: addressIn(settings.serviceCidr, 10),
  nodeIp: (index: number) => addressIn(settings.podCidr, 1 + index),
});

/** The first node has the profile's name, the others are `<profile>-m02` …, as in minikube. */
export const nodeName = (settings: ClusterSettings, index: number): string =>
  index === 0 ? settings.profile : `${settings.profile}-m${String(index + 1).padStart(2, '0')}`;
