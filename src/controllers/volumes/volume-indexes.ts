/** How claims find volumes in the caches, and volumes claims. */
import { persistentVolume } from '../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { storageClassOf } from '../../api/kinds/core/storage-text.ts';
import { type KubeObject, refKey, refOf } from '../../api/object.ts';
import { type CacheIndex, indexing } from '../controller.ts';
import { isFullyBound, namesClass } from './binding.ts';

export const claimKey = (claim: KubeObject): string => refKey(refOf(claim));

/** Volumes by their class, and by the claim that they are reserved for or bound to, as `namespace/name`. */
export const volumesByClassOrClaimName = 'pv-class-or-claim';

export const volumesByClassOrClaim: CacheIndex = indexing(persistentVolume, volumesByClassOrClaimName, (object) => {
  const { claimRef } = object.spec;
  const byClass = storageClassOf(object);
  return claimRef === undefined ? [byClass] : [byClass, `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`];
});

/** Claims by the volume that they name. */
export const claimsByVolumeName = 'pvc-volume';

export const claimsByVolume: CacheIndex = indexing(persistentVolumeClaim, claimsByVolumeName, ({ spec }) =>
  (spec.volumeName ?? '') === '' ? [] : [spec.volumeName ?? ''],
);

/** Claims that wait for a volume, by their class. */
export const waitingClaimsName = 'pvc-waiting-class';
/** Stands for the class of claims that name none, not even ''. */
export const unnamedClass = '<unset>';

export const waitingClaims: CacheIndex = indexing(persistentVolumeClaim, waitingClaimsName, (claim) => {
  if (isFullyBound(claim)) return [];
  return namesClass(claim) ? [storageClassOf(claim)] : ['', unnamedClass];
});
