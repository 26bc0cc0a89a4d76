/**
 * Certificate requests: who asks, and when conditions changed. Source:
 * pkg/registry/certificates/certificates/strategy.go (PrepareForCreate, populateConditionTimestamps).
 */
import type { CertificateSigningRequest } from '../../../api/generated/certificates/v1.ts';
import { rfc3339 } from '../../../api/time.ts';
import type { RequestContext } from '../registry.ts';
import type { ResourceBehaviour } from '../registry-parts.ts';

/** Writes the user of the request over what the client has sent. */
function withUser(request: CertificateSigningRequest, { user }: RequestContext): CertificateSigningRequest {
  const { username: _name, uid: _uid, groups: _groups, extra: _extra, ...spec } = request.spec;
  return {
    ...request,
    spec: {
      ...spec,
      username: user.name,
      ...(user.uid === '' ? {} : { uid: user.uid }),
      ...(user.groups.length === 0 ? {} : { groups: user.groups }),
      ...(Object.keys(user.extra).length === 0 ? {} : { extra: user.extra }),
    },
  };
}

/** Sets times that conditions lack. A condition that was there with this status keeps its time of transition. */
function withTimes(
  { status, ...request }: CertificateSigningRequest,
  { status: previous }: CertificateSigningRequest,
  nowMs: number,
): CertificateSigningRequest {
  const now = rfc3339(nowMs);
  const conditions = status.conditions?.map((condition) => {
    const known = previous.conditions?.find(({ type, status: was }) => type === condition.type && was === condition.status);
    return {
      ...condition,
      lastUpdateTime: condition.lastUpdateTime ?? now,
      lastTransitionTime: condition.lastTransitionTime ?? known?.lastTransitionTime ?? now,
    };
  });
  return { ...request, status: conditions === undefined ? status : { ...status, conditions } };
}

export const certificateSigningRequestsBehaviour: ResourceBehaviour = {
  stamp: (parts, { context, target, object, previous }) => {
    // Only CertificateSigningRequests come to this behaviour.
    const request = object as CertificateSigningRequest;
    if (previous === undefined) return withUser(request, context);
    return target.subresource === '' ? request : withTimes(request, previous as CertificateSigningRequest, parts.now());
  },
};
