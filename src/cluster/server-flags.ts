/** What the server runs with, as the flags of kube-apiserver that stand for it, for `/flagz`. */
import type { ClusterSettings } from '../cli/cluster-port.ts';
import { addressesOf } from './addresses.ts';

export const serverFlags = (settings: ClusterSettings, issuer: string): Readonly<Record<string, string>> => ({
  'advertise-address': addressesOf(settings).gateway,
  'allow-privileged': 'true',
  'anonymous-auth': 'true',
  'authorization-mode': '[Node,RBAC]',
  'event-ttl': '1h0m0s',
  'secure-port': String(settings.apiPort),
  'service-account-issuer': `[${issuer}]`,
  'service-cluster-ip-range': settings.serviceCidr,
  'service-node-port-range': '30000-32767',
});
