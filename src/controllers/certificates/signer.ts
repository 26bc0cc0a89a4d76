/**
 * Issues the certificates of approved requests for the four built-in signers. Source:
 * pkg/controller/certificates/signer/signer.go.
 */
import type { CertificateSigningRequest } from '../../api/generated/certificates/v1.ts';
import type { CertificateRequest } from '../../api/kinds/certificates/certificate-request.ts';
import { certificateSigningRequest } from '../../api/kinds/certificates/certificate-signing-request.ts';
import { kubeletClientError, kubeletServingError, signers } from '../../api/kinds/certificates/kubelet-requests.ts';
import { rfc3339 } from '../../api/time.ts';
import { type Controller, defineController, settled } from '../controller.ts';
import { certificateController, clientError, hasCondition, ignoreRace, isIssued, requestOf } from './requests.ts';

/** Makes a certificate as PEM. */
export type SignCertificate = (order: {
  readonly request: CertificateRequest;
  readonly usages: readonly string[];
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly now: Date;
}) => string;

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** `--cluster-signing-duration`. */
const longestMs = 365 * 24 * hourMs;
const shortestMs = 10 * minuteMs;
/** Certificates begin this much earlier, because clocks differ. */
const backdatedMs = 5 * minuteMs;
/** Those that live shorter than this do not end earlier. */
const shortMs = 8 * hourMs;

/** Why a signer refuses a request; undefined when it does not; null when the signer is not one of ours. */
function refusal({ spec }: CertificateSigningRequest, asked: CertificateRequest): string | undefined | null {
  const usages = spec.usages ?? [];
  switch (spec.signerName) {
    case signers.client:
      return clientError(usages);
    case signers.kubeletClient:
      return kubeletClientError(asked, usages);
    case signers.kubeletServing:
      return kubeletServingError(asked, usages);
    case signers.legacy:
      return undefined;
    default:
      return null;
  }
}

function validity({ spec: { expirationSeconds } }: CertificateSigningRequest, nowMs: number): { notBefore: Date; notAfter: Date } {
  const lifeMs = expirationSeconds === undefined ? longestMs : Math.max(shortestMs, Math.min(longestMs, expirationSeconds * 1000));
  const endMs = nowMs + lifeMs - (lifeMs < shortMs ? 0 : backdatedMs);
  return { notBefore: new Date(nowMs - backdatedMs), notAfter: new Date(endMs) };
}

const isWaiting = (request: CertificateSigningRequest): boolean =>
  !isIssued(request) && hasCondition(request, 'Approved') && !hasCondition(request, 'Failed');

/** Makes the controller. */
export const certificateSigner = (sign: SignCertificate): Controller<CertificateSigningRequest> =>
  defineController<CertificateSigningRequest>({
    name: 'csrsigning',
    identity: certificateController,
    reconciles: certificateSigningRequest,
    concerns: isWaiting,
    reconcile: async (ref, { cache, api, clock }) => {
      const request = cache(certificateSigningRequest).get(ref);
      if (request === undefined || !isWaiting(request)) return settled;
      const asked = requestOf(request);
      const why = refusal(request, asked);
      if (why === null) return settled;
      const now = clock.now();
      const status =
        why === undefined
          ? { ...request.status, certificate: issue(sign, request, asked, now) }
          : { ...request.status, conditions: [...(request.status.conditions ?? []), failed(why, now)] };
      await api(certificateSigningRequest)
        .updateStatus({ ...request, status })
        .catch(ignoreRace);
      return settled;
    },
  });

function issue(sign: SignCertificate, request: CertificateSigningRequest, asked: CertificateRequest, nowMs: number): string {
  const pem = sign({ request: asked, usages: request.spec.usages ?? [], ...validity(request, nowMs), now: new Date(nowMs) });
  return Buffer.from(pem).toString('base64');
}

const failed = (message: string, nowMs: number) => ({
  ...{ type: 'Failed', status: 'True', reason: 'SignerValidationFailure', message, lastUpdateTime: rfc3339(nowMs) },
});
