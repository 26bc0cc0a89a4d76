/**
 * The objects in kube-system by which an API server describes itself: the certificate authority of its clients, the
 * date since when it tracks legacy tokens, and a Lease that shows that it is alive. Source:
 * pkg/controlplane/controller/{clusterauthenticationtrust,legacytokentracking}; pkg/controlplane/apiserver/server.go.
 */
import { createHash } from 'node:crypto';
import { rfc3339, rfc3339Micro } from '../../api/time.ts';
import { type Clock, heartbeat } from '../../client/clock.ts';
import { type BootstrapObject, ensureObject, keepObject } from './bootstrap.ts';
import { serverContext } from './own-requests.ts';
import type { Registry } from './registry.ts';

export interface AnnounceOptions {
  /** The authority (PEM) that signs client certificates. */
  readonly clientCertificateAuthority: string;
  /** How the APIs behind this server recognise it: the authority (PEM) and the name in its certificate. */
  readonly frontProxy: { readonly certificateAuthority: string; readonly name: string };
  readonly hostname: string;
  /** Distinguishes this process from earlier ones. */
  readonly instanceId: string;
  /** Milliseconds since the epoch. */
  now(): number;
  readonly signal: AbortSignal;
  /** Calls back once after a delay in milliseconds. */
  setTimer: Clock['setTimer'];
}

const namespace = 'kube-system';
/** Source: server.go, IdentityLeaseDurationSeconds. */
const leaseSeconds = 3600;
/**
 * Differs: upstream renews this one-hour Lease every ten seconds for other servers to see; a minik cluster has no other
 * servers.
 */
const renewMs = 1_200_000;
const base32 = 'abcdefghijklmnopqrstuvwxyz234567';

/** Bytes of a text, preceded by its length in two bytes. */
const prefixed = (text: string): Buffer => {
  const bytes = Buffer.from(text);
  return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
};

/**
 * The server's id: the first 16 bytes of a hash over host and program, in base32. Source: apiserver
 * pkg/server/config.go.
 */
export function serverId(hostname: string): string {
  const hash = createHash('sha256').update(prefixed(hostname)).update(prefixed('kube-apiserver')).digest().subarray(0, 16);
  const bits = `${[...hash].map((byte) => byte.toString(2).padStart(8, '0')).join('')}00`;
  return `apiserver-${(bits.match(/.{5}/g) ?? []).map((five) => base32[Number.parseInt(five, 2)]).join('')}`;
}

const configMap = (name: string, data: Record<string, string>): BootstrapObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});

function leaseOf({ hostname, instanceId, now }: AnnounceOptions): BootstrapObject {
  const name = serverId(hostname);
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { name, namespace, labels: { 'apiserver.kubernetes.io/identity': 'kube-apiserver', 'kubernetes.io/hostname': hostname } },
    spec: { holderIdentity: `${name}_${instanceId}`, leaseDurationSeconds: leaseSeconds, renewTime: rfc3339Micro(now()) },
  };
}

/** Source: pkg/controlplane/controller/clusterauthenticationtrust/cluster_authentication_trust_controller.go. */
const trustData = ({ clientCertificateAuthority, frontProxy }: AnnounceOptions): Record<string, string> => ({
  'client-ca-file': clientCertificateAuthority,
  'requestheader-allowed-names': JSON.stringify([frontProxy.name]),
  'requestheader-client-ca-file': frontProxy.certificateAuthority,
  'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
  'requestheader-group-headers': '["X-Remote-Group"]',
  'requestheader-uid-headers': '["X-Remote-Uid"]',
  'requestheader-username-headers': '["X-Remote-User"]',
});

/** Makes the objects, restores them when they are deleted, and renews the Lease until the signal aborts. */
export async function announceServer(registry: Registry, options: AnnounceOptions): Promise<void> {
  const { signal, now, setTimer } = options;
  const context = serverContext(signal);
  const trust = configMap('extension-apiserver-authentication', trustData(options));
  const tracking = configMap('kube-apiserver-legacy-service-account-token-tracking', { since: rfc3339(now()).slice(0, 10) });
  const renew = async (): Promise<void> => {
    if (signal.aborted) return;
    // If a renewal fails, the Lease is valid for another forty minutes, which leaves time for two more attempts.
    await ensureObject(registry, context, leaseOf(options)).catch(() => undefined);
    setTimer(renewMs, () => void renew(), heartbeat);
  };
  await Promise.all([ensureObject(registry, context, trust), ensureObject(registry, context, tracking, 'as it is'), renew()]);
  keepObject(registry, context, trust, options);
  keepObject(registry, context, tracking, options);
}
