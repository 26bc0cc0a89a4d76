/**
 * What the controllers of certificate requests share. Source:
 * pkg/controller/certificates/certificate_controller_utils.go.
 */
import type { CertificateSigningRequest } from '../../api/generated/certificates/v1.ts';
import { type CertificateRequest, parseCertificateRequest } from '../../api/kinds/certificates/certificate-request.ts';
import { pemOf } from '../../api/kinds/certificates/validation/certificate-signing-request.ts';
import { isConflict, isNotFound } from '../../api/status-error.ts';
import { controllerAccount } from '../../client/identity.ts';

/** All of them act as one account. */
export const certificateController = controllerAccount('certificate-controller');

export const signers = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
  legacy: 'kubernetes.io/legacy-unknown',
} as const;

export const hasCondition = ({ status }: CertificateSigningRequest, ...types: readonly string[]): boolean =>
  (status.conditions ?? []).some(({ type }) => types.includes(type));

export const isIssued = ({ status }: CertificateSigningRequest): boolean => (status.certificate ?? '') !== '';

/** The request that is to be certified; validation has read it before. */
export const requestOf = ({ spec }: CertificateSigningRequest): CertificateRequest => parseCertificateRequest(pemOf(spec.request));

/** Ignores the error when another client has changed or deleted the object: its event triggers the next reconcile. */
export function ignoreRace(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}

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

/** Why a request is not that of a kubelet for its client certificate. Source: pkg/apis/certificates/helpers.go. */
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

/** Why a request is not for a client certificate. */
export function clientError(usages: readonly string[]): string | undefined {
  const other = usages.find((usage) => !['digital signature', 'key encipherment', 'client auth'].includes(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}
