/**
 * CertificateSigningRequests of v1beta1, which need not name a signer. Source:
 * pkg/apis/certificates/v1beta1/defaults.go.
 */
import { isObject, type JsonObject, type JsonValue } from '../json.ts';
import type { ServedVersion } from '../kind.ts';
import { CertificateRequestError, parseCertificateRequest } from '../kinds/certificates/certificate-request.ts';
import { kubeletClientError, kubeletServingError, signers } from '../kinds/certificates/kubelet-requests.ts';
import { pemOf } from '../kinds/certificates/validation/certificate-signing-request.ts';
import { wasSentEmpty } from '../sent-empty.ts';
import { oldVersion, withSpec } from './old-version.ts';

const textsOf = (value: JsonValue | undefined): readonly string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];

/** Who signs a request that does not say: the signer for kubelets when it is a kubelet's. */
function signerOf(pem: string, usages: readonly string[]): string {
  try {
    const request = parseCertificateRequest(pem);
    if (kubeletClientError(request, usages) === undefined) return signers.kubeletClient;
    return kubeletServingError(request, usages) === undefined ? signers.kubeletServing : signers.legacy;
  } catch (error) {
    if (error instanceof CertificateRequestError) return signers.legacy;
    throw error;
  }
}

/** Conditions without a status are true. */
const completedCondition = (condition: JsonValue): JsonValue =>
  isObject(condition) && (condition.status ?? '') === '' ? { ...condition, status: 'True' } : condition;

function toStored(object: JsonObject): JsonObject {
  const { status } = object;
  const whole =
    isObject(status) && Array.isArray(status.conditions)
      ? { ...object, status: { ...status, conditions: status.conditions.map(completedCondition) } }
      : object;
  return withSpec(whole, (spec) => {
    const usages = spec.usages ?? (wasSentEmpty(spec, 'usages') ? undefined : ['digital signature', 'key encipherment']);
    const request = typeof spec.request === 'string' ? spec.request : '';
    return { ...spec, usages, signerName: spec.signerName ?? signerOf(pemOf(request), textsOf(usages)) };
  });
}

export const oldCertificateRequests: readonly ServedVersion[] = [
  oldVersion(
    {
      ofGroup: 'certificates.k8s.io',
      version: 'v1beta1',
      kind: 'CertificateSigningRequest',
      package: 'certificates',
      deprecated: '1.19',
      removed: '1.22',
      replacement: 'certificates.k8s.io/v1',
    },
    { toStored },
  ),
];
