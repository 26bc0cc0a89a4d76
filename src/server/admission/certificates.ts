/**
 * CertificateApproval, CertificateSigning and CertificateSubjectRestriction: who may approve and sign requests for a
 * signer, and that no request asks for `system:masters`. Source: plugin/pkg/admission/certificates,
 * pkg/certauthorization/certauthorization.go.
 */
import { deepEqual } from '../../api/deep-equal.ts';
import type { CertificateSigningRequest } from '../../api/generated/certificates/v1.ts';
import { CertificateRequestError, parseCertificateRequest } from '../../api/kinds/certificates/certificate-request.ts';
import { pemOf } from '../../api/kinds/certificates/validation/certificate-signing-request.ts';
import type { UserInfo } from '../registry/registry.ts';
import { type AdmissionAttributes, type AdmissionPlugin, admissionForbidden } from './admission.ts';

/** Decides whether a user may do something; structurally auth's AccessAuthorizer. */
export interface SignerAuthorizer {
  authorize(attributes: {
    readonly user: UserInfo;
    readonly verb: string;
    readonly isResourceRequest: boolean;
    readonly namespace: string;
    readonly apiGroup: string;
    readonly resource: string;
    readonly subresource: string;
    readonly name: string;
    readonly path: string;
  }): { readonly allowed: boolean; readonly reason: string };
}

const group = 'certificates.k8s.io';
const resourceName = `certificatesigningrequests.${group}`;

/** Whether a user has the verb for a signer, by its name or by `domain/*`. */
function maySign(authorizer: SignerAuthorizer, user: UserInfo, verb: string, signer: string): boolean {
  const [domain = ''] = signer.split('/', 1);
  return [signer, `${domain}/*`].some(
    (name) =>
      authorizer.authorize({
        ...{ user, verb, isResourceRequest: true, namespace: '', apiGroup: group, resource: 'signers', subresource: '', name, path: '' },
      }).allowed,
  );
}

const concerns = ({ kind, subresource, operation }: AdmissionAttributes, wanted: 'approval' | 'status'): boolean =>
  kind.resourceName === resourceName && subresource === wanted && operation === 'UPDATE';

/** Only CertificateSigningRequests have this resource name. */
const asRequest = (object: unknown): CertificateSigningRequest => object as CertificateSigningRequest;

/** Only who may approve requests for a signer may write to their approval. */
export const certificateApproval = (authorizer: SignerAuthorizer): AdmissionPlugin => ({
  name: 'CertificateApproval',
  validate(attributes) {
    if (!concerns(attributes, 'approval')) return;
    const { signerName } = asRequest(attributes.oldObject).spec;
    if (maySign(authorizer, attributes.context.user, 'approve', signerName)) return;
    throw admissionForbidden(attributes, `user not permitted to approve requests with signerName ${JSON.stringify(signerName)}`);
  },
});

/** Only who may sign requests for a signer may write their certificates and conditions. */
export const certificateSigning = (authorizer: SignerAuthorizer): AdmissionPlugin => ({
  name: 'CertificateSigning',
  validate(attributes) {
    if (!concerns(attributes, 'status')) return;
    const { status } = asRequest(attributes.object);
    const { status: previous, spec } = asRequest(attributes.oldObject);
    if ((status.certificate ?? '') === (previous.certificate ?? '') && deepEqual(status.conditions, previous.conditions)) return;
    if (maySign(authorizer, attributes.context.user, 'sign', spec.signerName)) return;
    throw admissionForbidden(attributes, `user not permitted to sign requests with signerName ${JSON.stringify(spec.signerName)}`);
  },
});

const clientSigner = 'kubernetes.io/kube-apiserver-client';

/** Nobody becomes a member of `system:masters` by a request. */
export const certificateSubjectRestriction = (): AdmissionPlugin => ({
  name: 'CertificateSubjectRestriction',
  validate(attributes) {
    if (attributes.kind.resourceName !== resourceName || attributes.subresource !== '' || attributes.operation !== 'CREATE') return;
    const { spec } = asRequest(attributes.object);
    if (spec.signerName !== clientSigner) return;
    try {
      if (!parseCertificateRequest(pemOf(spec.request)).organizations.includes('system:masters')) return;
    } catch (error) {
      if (error instanceof CertificateRequestError) throw admissionForbidden(attributes, `failed to parse CSR: ${error.message}`);
      throw error;
    }
    throw admissionForbidden(attributes, `use of ${clientSigner} signer with system:masters group is not allowed`);
  },
});
