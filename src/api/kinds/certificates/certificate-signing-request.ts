/** A request that a signer certify a key. https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/ */
import type { CertificateSigningRequest, CertificateSigningRequestCondition } from '../../generated/certificates/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldCertificateRequests } from '../../legacy/certificate-requests.ts';
import { nameIsPathSegment } from '../../names.ts';
import { partSubresource } from '../../subresource.ts';
import type { Table } from '../../table.ts';
import { humanDuration } from '../../time.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { csrErrors, csrUpdateErrors } from './validation/certificate-signing-request.ts';

/** Descriptions of columns are those of v1beta1. */
const descriptions = {
  signerName: [
    'Requested signer for the request. It is a qualified name in the form: `scope-hostname.io/name`. If empty, it will be defaulted:',
    " 1. If it's a kubelet client certificate, it is assigned",
    '    "kubernetes.io/kube-apiserver-client-kubelet".',
    " 2. If it's a kubelet serving certificate, it is assigned",
    '    "kubernetes.io/kubelet-serving".',
    ' 3. Otherwise, it is assigned "kubernetes.io/legacy-unknown".',
    'Distribution of trust for signers happens out of band. You can select on this field using `spec.signerName`.',
  ].join('\n'),
  expirationSeconds: [
    'expirationSeconds is the requested duration of validity of the issued certificate. The certificate signer may issue a certificate with a different validity duration so a client must check the delta between the notBefore and and notAfter fields in the issued certificate to determine the actual duration.',
    '',
    'The v1.22+ in-tree implementations of the well-known Kubernetes signers will honor this field as long as the requested duration is not greater than the maximum duration they will honor per the --cluster-signing-duration CLI flag to the Kubernetes controller manager.',
    '',
    'Certificate signers may not honor this field for various reasons:',
    '',
    '  1. Old signer that is unaware of the field (such as the in-tree',
    '     implementations prior to v1.22)',
    '  2. Signer whose configured maximum is shorter than the requested duration',
    '  3. Signer whose configured minimum is longer than the requested duration',
    '',
    'The minimum valid value for expirationSeconds is 600, i.e. 10 minutes.',
  ].join('\n'),
};

export function stateOf({ status: { conditions = [], certificate = '' } }: CertificateSigningRequest): string {
  const has = (type: string): boolean => conditions.some((condition) => condition.type === type);
  const decided = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return `${decided}${has('Failed') ? ',Failed' : ''}${certificate === '' ? '' : ',Issued'}`;
}

const table: Table<CertificateSigningRequest> = {
  columns: [
    nameColumn,
    ageColumn,
    { name: 'SignerName', type: 'string', description: descriptions.signerName, value: ({ spec }) => spec.signerName || '<none>' },
    { name: 'Requestor', type: 'string', description: 'Base64-encoded PKCS#10 CSR data', value: ({ spec }) => spec.username ?? '' },
    {
      name: 'RequestedDuration',
      type: 'string',
      description: descriptions.expirationSeconds,
      value: ({ spec: { expirationSeconds } }) => (expirationSeconds === undefined ? '<none>' : humanDuration(expirationSeconds * 1000)),
    },
    { name: 'Condition', type: 'string', description: 'Conditions applied to the request, such as approval or denial.', value: stateOf },
  ],
};

/**
 * Conditions by which a request is approved or denied stay as they are, unless some are added or removed, which
 * validation refuses.
 */
function withApprovalOf(
  conditions: readonly CertificateSigningRequestCondition[],
  previous: readonly CertificateSigningRequestCondition[],
): readonly CertificateSigningRequestCondition[] {
  let kept = conditions;
  for (const type of ['Approved', 'Denied']) {
    const old = previous.filter((condition) => condition.type === type);
    if (old.length !== kept.filter((condition) => condition.type === type).length) continue;
    let next = 0;
    kept = kept.map((condition) => (condition.type === type ? (old[next++] ?? condition) : condition));
  }
  return kept;
}

/** Source: pkg/registry/certificates/certificates/strategy.go. */
export const certificateSigningRequest = defineKind<CertificateSigningRequest>({
  group: 'certificates.k8s.io',
  version: 'v1',
  kind: 'CertificateSigningRequest',
  plural: 'certificatesigningrequests',
  scope: 'Cluster',
  names: { shortNames: ['csr'] },
  codec: { schema: 'io.k8s.api.certificates.v1.CertificateSigningRequest', alsoServed: oldCertificateRequests },
  rules: { generation: false, validateName: nameIsPathSegment },
  // Who asks is written by the server: server/registry/behaviours/certificate-signing-requests.ts.
  create: {
    prepare: (object) => ({ ...object, status: {} }),
    validate: (object, at, version) => csrErrors(object, undefined, at, version),
  },
  update: {
    metadata: 'whole',
    resets: [['spec'], ['status']],
    prepare: (next, { spec, status }) => ({ ...next, spec, status }),
    validate: csrErrors,
  },
  subresources: {
    status: partSubresource({
      resets: [['spec'], ['status', 'conditions']],
      take: ({ metadata, status }, previous) => {
        const conditions = withApprovalOf(status.conditions ?? [], previous.status.conditions ?? []);
        return { ...previous, metadata, status: { ...status, ...(conditions.length === 0 ? {} : { conditions }) } };
      },
      validate: (next, previous, at, version) =>
        csrUpdateErrors(next, previous, { setsApproval: false, setsCertificate: true }, at, version),
    }),
    approval: partSubresource({
      resets: [['spec'], ['status', 'certificate']],
      take: ({ metadata, status: { conditions } }, previous) => ({ ...previous, metadata, status: { ...previous.status, conditions } }),
      validate: (next, previous, at, version) =>
        csrUpdateErrors(next, previous, { setsApproval: true, setsCertificate: false }, at, version),
    }),
  },
  select: { 'spec.signerName': ({ spec }) => spec.signerName },
  table,
});
