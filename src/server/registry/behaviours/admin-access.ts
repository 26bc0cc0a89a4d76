/**
 * Claims of devices that others use already: only in namespaces that allow it. Source: pkg/registry/resource/utils.go
 * (AuthorizedForAdmin).
 */
import { FieldPath, fieldErrors } from '../../../api/field-error.ts';
import type { DeviceClaim, ResourceClaim, ResourceClaimTemplate } from '../../../api/generated/resource/v1.ts';
import { type Store, storeKey } from '../../store/store.ts';
import type { GuardedWrite, WriteCheck } from '../registry-parts.ts';

const allowingLabel = 'resource.kubernetes.io/admin-access';
const rule = `admin access to devices requires the \`${allowingLabel}: true\` label on the containing namespace`;

function requestIn({ requests }: DeviceClaim): FieldPath | undefined {
  const found = (requests ?? []).findIndex(({ exactly }) => exactly?.adminAccess === true);
  return found === -1 ? undefined : FieldPath.root.field('spec', 'devices', 'requests').index(found).field('adminAccess');
}

function allocationIn({ status }: ResourceClaim): FieldPath | undefined {
  const found = (status.allocation?.devices.results ?? []).findIndex(({ adminAccess }) => adminAccess === true);
  return found === -1 ? undefined : FieldPath.root.field('status', 'allocation', 'devices', 'results').index(found).field('adminAccess');
}

/** Specs never change: only new ones are looked at. */
function fieldOf({ object, previous, target }: GuardedWrite): FieldPath | undefined {
  // Only claims and their templates come to this guard.
  if (target.kind.kind === 'ResourceClaimTemplate') {
    return previous === undefined ? requestIn((object as ResourceClaimTemplate).spec.spec.devices) : undefined;
  }
  const claim = object as ResourceClaim;
  if (target.subresource === 'status') return allocationIn(claim);
  return previous === undefined ? requestIn(claim.spec.devices) : undefined;
}

/** What is forbidden in claims and their templates. */
export const adminAccessCheck =
  (store: Store): WriteCheck =>
  (write) => {
    const at = fieldOf(write);
    if (at === undefined) return [];
    const namespace = store.get(storeKey('namespaces', '', write.target.namespace))?.object;
    return namespace?.metadata.labels?.[allowingLabel] === 'true' ? [] : [fieldErrors.forbidden(at, rule)];
  };
