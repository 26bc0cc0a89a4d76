/** Deletes certificate requests that have had their time. Source: pkg/controller/certificates/cleaner/cleaner.go. */
import { X509Certificate } from 'node:crypto';
import type { CertificateSigningRequest } from '../../api/generated/certificates/v1.ts';
import { certificateSigningRequest } from '../../api/kinds/certificates/certificate-signing-request.ts';
import { pemOf } from '../../api/kinds/certificates/validation/certificate-signing-request.ts';
import { type Controller, defineController, settled } from '../controller.ts';
import { certificateController, ignoreRace, isIssued } from './requests.ts';

const hourMs = 3_600_000;
/** How long requests stay that are issued, denied or failed. */
const decidedMs = hourMs;
/** How long requests stay that nobody has decided on, or issued. */
const pendingMs = 24 * hourMs;

/**
 * For how long the first certificate is valid; for ever, of a text that is none. Certificates are in the host's time,
 * all else here is in the cluster's, which may be another.
 */
function lifeOf(pem: string): number {
  try {
    const { validFrom, validTo } = new X509Certificate(pem);
    return Date.parse(validTo) - Date.parse(validFrom);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** When a request may go. */
function deadline(request: CertificateSigningRequest): number {
  const { metadata, status } = request;
  const conditions = status.conditions ?? [];
  if (conditions.length === 0) return Date.parse(metadata.creationTimestamp) + pendingMs;
  const issued = isIssued(request);
  const ends = conditions.map(({ type, lastUpdateTime }) => {
    const sinceMs = Date.parse(lastUpdateTime ?? '');
    if (Number.isNaN(sinceMs)) return Number.POSITIVE_INFINITY;
    if (type === 'Denied' || type === 'Failed') return sinceMs + decidedMs;
    if (type !== 'Approved') return Number.POSITIVE_INFINITY;
    return sinceMs + (issued ? Math.min(decidedMs, lifeOf(pemOf(status.certificate))) : pendingMs);
  });
  return Math.min(...ends);
}

/** Differs: upstream looks at all requests every hour; minik at each when it may go. */
export const certificateCleaner: Controller<CertificateSigningRequest> = defineController<CertificateSigningRequest>({
  name: 'csrcleaner',
  identity: certificateController,
  reconciles: certificateSigningRequest,
  reconcile: async (ref, { cache, api, clock }) => {
    const request = cache(certificateSigningRequest).get(ref);
    if (request === undefined) return settled;
    const restMs = deadline(request) - clock.now();
    if (restMs > 0) return Number.isFinite(restMs) ? { requeueAfterMs: restMs } : settled;
    await api(certificateSigningRequest).delete(ref).catch(ignoreRace);
    return settled;
  },
});
