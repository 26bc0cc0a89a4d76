/**
 * The binder: matches claims with volumes, and reclaims volumes whose claim is gone. Two controllers, one for each
 * Kind, share what they have just written. Volumes are made by provisioners. Differs: upstream looks at everything
 * again every 15 seconds; here whatever may end a wait queues those that wait. Source:
 * pkg/controller/volume/persistentvolume.
 */
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/core/v1.ts';
import { persistentVolume } from '../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { storageClassOf } from '../../api/kinds/core/storage-text.ts';
import { storageClass } from '../../api/kinds/storage/storage-class.ts';
import { type ObjectRef, refOf } from '../../api/object.ts';
import { claimNamesOf } from '../../api/pod/volume-claims.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, type ControllerContext, defineController, settled, watching } from '../controller.ts';
import { Assumed } from './assumed.ts';
import { isFullyBound } from './binding.ts';
import type { Written } from './binding-writes.ts';
import { ClaimBinder } from './claim-binder.ts';
import { podsByClaim } from './pod-claims.ts';
import { VolumeBinder } from './volume-binder.ts';
import type { VolumeFolders } from './volume-folders.ts';
import {
  claimKey,
  claimsByVolume,
  claimsByVolumeName,
  unnamedClass,
  volumesByClassOrClaim,
  volumesByClassOrClaimName,
  waitingClaims,
  waitingClaimsName,
} from './volume-indexes.ts';

const identity = controllerAccount('persistent-volume-binder');
const eventSource = 'persistentvolume-controller';

const claimsOf = ({ cache }: ControllerContext, index: string, value: string): readonly ObjectRef[] =>
  cache(persistentVolumeClaim).byIndex(index, value).map(refOf);

/** The claims that a change of a volume may concern: its own, those that name it, and those that it may suit. */
function claimsAfter(volume: PersistentVolume, context: ControllerContext): readonly ObjectRef[] {
  const { claimRef } = volume.spec;
  const named = claimsOf(context, claimsByVolumeName, volume.metadata.name);
  if (claimRef !== undefined) return [{ namespace: claimRef.namespace ?? '', name: claimRef.name ?? '' }, ...named];
  return volume.status.phase === 'Available' ? [...named, ...claimsOf(context, waitingClaimsName, storageClassOf(volume))] : named;
}

/** The claims that wait and that a Pod uses: what they wait for changes with the Pod. */
function waitingClaimsOf(namespace: string, names: readonly string[], { cache }: ControllerContext): readonly ObjectRef[] {
  return names
    .map((name) => ({ namespace, name }))
    .filter((ref) => {
      const claim = cache(persistentVolumeClaim).get(ref);
      return claim !== undefined && !isFullyBound(claim);
    });
}

function claimController(written: Written): Controller<PersistentVolumeClaim> {
  return defineController<PersistentVolumeClaim>({
    name: 'persistentvolume-binder',
    identity,
    eventSource,
    reconciles: persistentVolumeClaim,
    watches: [
      watching(persistentVolume, claimsAfter),
      watching(storageClass, ({ metadata }, context) => [
        ...claimsOf(context, waitingClaimsName, metadata.name),
        ...claimsOf(context, waitingClaimsName, unnamedClass),
      ]),
      watching(pod, (object, context) => waitingClaimsOf(object.metadata.namespace ?? '', claimNamesOf(object), context)),
    ],
    indexes: [podsByClaim, volumesByClassOrClaim, claimsByVolume, waitingClaims],
    // One claim after another: two at once could choose the same volume.
    workers: 1,
    reconcile: async (ref, context) => {
      const claim = context.cache(persistentVolumeClaim).get(ref);
      if (claim === undefined) {
        written.claims.forget(ref);
        return settled;
      }
      const againMs = await new ClaimBinder(context, written).sync(written.claims.newest(claim));
      return againMs === undefined ? settled : { requeueAfterMs: againMs };
    },
  });
}

function volumeController(written: Written, folders: VolumeFolders): Controller<PersistentVolume> {
  return defineController<PersistentVolume>({
    name: 'persistentvolume-reclaimer',
    identity,
    eventSource,
    reconciles: persistentVolume,
    watches: [
      watching(persistentVolumeClaim, (claim, { cache }) => [
        ...cache(persistentVolume).byIndex(volumesByClassOrClaimName, claimKey(claim)).map(refOf),
        ...((claim.spec.volumeName ?? '') === '' ? [] : [{ namespace: '', name: claim.spec.volumeName ?? '' }]),
      ]),
    ],
    reads: [pod],
    indexes: [podsByClaim, volumesByClassOrClaim],
    reconcile: async (ref, context) => {
      const volume = context.cache(persistentVolume).get(ref);
      if (volume === undefined) written.volumes.forget(ref);
      else await new VolumeBinder(context, written, folders).sync(written.volumes.newest(volume));
      return settled;
    },
  });
}

/** The binder's controllers. */
export function volumeBinder(folders: VolumeFolders): readonly (Controller<PersistentVolumeClaim> | Controller<PersistentVolume>)[] {
  const written: Written = { claims: new Assumed(), volumes: new Assumed() };
  return [claimController(written), volumeController(written, folders)];
}
