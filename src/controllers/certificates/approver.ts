/**
 * Approves the requests of kubelets for client certificates, when their user may have them. Source:
 * pkg/controller/certificates/approver/sarapprove.go.
 */
import type { CertificateSigningRequest } from '../../api/generated/certificates/v1.ts';
import { certificateSigningRequest } from '../../api/kinds/certificates/certificate-signing-request.ts';
import { kubeletClientError, signers } from '../../api/kinds/certificates/kubelet-requests.ts';
import { asJson } from '../../api/object-fields.ts';
import type { UserInfo } from '../../api/requests.ts';
import { type Controller, defineController, settled } from '../controller.ts';
import { certificateController, hasCondition, ignoreRace, isIssued, requestOf } from './requests.ts';

/** Whether a user may create a sub-resource of CertificateSigningRequests: what upstream asks a SubjectAccessReview. */
export type MayCreate = (user: UserInfo, subresource: string) => boolean;

const userOf = ({ spec: { username = '', uid = '', groups = [], extra = {} } }: CertificateSigningRequest): UserInfo => ({
  ...{ name: username, uid, groups, extra },
});

/** The permissions that let a request be approved, each with the message of its approval. */
const permissions = (request: CertificateSigningRequest): readonly (readonly [subresource: string, message: string])[] => {
  const asked = requestOf(request);
  if (request.spec.signerName !== signers.kubeletClient) return [];
  if (kubeletClientError(asked, request.spec.usages ?? []) !== undefined) return [];
  const own = request.spec.username === asked.commonName;
  return [
    ...(own ? ([['selfnodeclient', 'Auto approving self kubelet client certificate after SubjectAccessReview.']] as const) : []),
    ['nodeclient', 'Auto approving kubelet client certificate after SubjectAccessReview.'],
  ];
};

/** Makes the controller. Differs: upstream asks again later whether the user may; minik when the request changes. */
export const certificateApprover = (mayCreate: MayCreate): Controller<CertificateSigningRequest> =>
  defineController<CertificateSigningRequest>({
    name: 'csrapproving',
    identity: certificateController,
    reconciles: certificateSigningRequest,
    concerns: (request) => !isIssued(request) && !hasCondition(request, 'Approved', 'Denied'),
    reconcile: async (ref, { cache, api }) => {
      const request = cache(certificateSigningRequest).get(ref);
      if (request === undefined || isIssued(request) || hasCondition(request, 'Approved', 'Denied')) return settled;
      const given = permissions(request).find(([subresource]) => mayCreate(userOf(request), subresource));
      if (given === undefined) return settled;
      const condition = { type: 'Approved', status: 'True', reason: 'AutoApproved', message: given[1] };
      const conditions = [...(request.status.conditions ?? []), condition];
      const approved: CertificateSigningRequest = { ...request, status: { ...request.status, conditions } };
      await api(certificateSigningRequest).subresource('update', ref, 'approval', asJson(approved)).catch(ignoreRace);
      return settled;
    },
  });
