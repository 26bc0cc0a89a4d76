/**
 * The signers of Kubernetes, and which requests are a kubelet's. Source: pkg/apis/certificates/helpers.go,
 * k8s.io/api/certificates/v1/types.go.
 */
import type { CertificateRequest } from './certificate-request.ts';

export const signers = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
  legacy: 'kubernetes.io/legacy-unknown',
} as const;

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  new Set(a).size === b.length && b.every((item) => a.includes(item));

const withoutRsa = (usages: readonly string[]): readonly string[] => usages.filter((usage) => usage !== 'key encipherment');

function usagesError(usages: readonly string[], wanted: readonly string[]): string | undefined {
  if (sameSet(usages, wanted) || sameSet(usages, withoutRsa(wanted))) return undefined;
  return `usages did not match [${wanted.join(' ')}]`;
}

const isOfNodes = ({ organizations }: CertificateRequest): boolean => organizations.length === 1 && organizations[0] === 'system:nodes';
const notOfNodes = 'subject organization is not system:nodes';
const isNamedAsNode = ({ commonName }: CertificateRequest): boolean => commonName.startsWith('system:node:');
const notNamedAsNode = 'subject common name does not begin with system:node:';

/** Why a request is not that of a kubelet for its client certificate. */
export function kubeletClientError(request: CertificateRequest, usages: readonly string[]): string | undefined {
  if (!isOfNodes(request)) return notOfNodes;
  if (request.dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  if (!isNamedAsNode(request)) return notNamedAsNode;
  return usagesError(usages, ['client auth', 'digital signature', 'key encipherment']);
}

/** Why a request is not that of a kubelet for its serving certificate. */
export function kubeletServingError(request: CertificateRequest, usages: readonly string[]): string | undefined {
  if (!isOfNodes(request)) return notOfNodes;
  if (request.dnsNames.length + request.ipAddresses.length === 0) return 'DNS or IP subjectAltName is required';
  if (request.emailAddresses.length > 0) return 'Email subjectAltNames are not allowed';
  if (request.uris.length > 0) return 'URI subjectAltNames are not allowed';
  return (
    usagesError(usages, ['digital signature', 'key encipherment', 'server auth']) ?? (isNamedAsNode(request) ? undefined : notNamedAsNode)
  );
}
