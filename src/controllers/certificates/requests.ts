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

export const hasCondition = ({ status }: CertificateSigningRequest, ...types: readonly string[]): boolean =>
  (status.conditions ?? []).some(({ type }) => types.includes(type));

export const isIssued = ({ status }: CertificateSigningRequest): boolean => (status.certificate ?? '') !== '';

/** The request that is to be certified; validation has read it before. */
export const requestOf = ({ spec }: CertificateSigningRequest): CertificateRequest => parseCertificateRequest(pemOf(spec.request));

/** Ignores the error when another client has changed or deleted the object: its event triggers the next reconcile. */
export function ignoreRace(error: unknown): void {
  if (!isNotFound(error) && !isConflict(error)) throw error;
}

/** Why a request is not for a client certificate. */
export function clientError(usages: readonly string[]): string | undefined {
  const other = usages.find((usage) => !['digital signature', 'key encipherment', 'client auth'].includes(usage));
  if (other !== undefined) return `invalid usage for client certificate: ${other}`;
  return usages.includes('client auth') ? undefined : 'missing required usage for client certificate: client auth';
}
