/**
 * Claims that Pods use, and volumes that are bound, are not removed while that lasts: their finalizer stays. Source:
 * pkg/controller/volume/{pvcprotection,pvprotection}.
 */
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/generated/core/v1.ts';
import { persistentVolume } from '../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import type { KubeObject } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, defineController, settled, watching } from '../controller.ts';
import { claimNameOf, claimNamesOf, isClaimOf, podsByClaim, podsByClaimName } from './pod-claims.ts';

const claimFinalizer = 'kubernetes.io/pvc-protection';
const volumeFinalizer = 'kubernetes.io/pv-protection';

const finalizersOf = ({ metadata }: KubeObject): readonly string[] => metadata.finalizers ?? [];
const isDeleted = ({ metadata }: KubeObject): boolean => metadata.deletionTimestamp !== undefined;

/** An object whose finalizer has to be added, or perhaps removed. */
const needsWork = (object: KubeObject, finalizer: string): boolean => isDeleted(object) === finalizersOf(object).includes(finalizer);

const withFinalizer = <T extends KubeObject>(object: T, finalizer: string): T =>
  withMeta(object, { finalizers: [...finalizersOf(object), finalizer] });

const withoutFinalizer = <T extends KubeObject>(object: T, finalizer: string): T => {
  const left = finalizersOf(object).filter((name) => name !== finalizer);
  return withMeta(object, { finalizers: left.length === 0 ? undefined : left });
};

/** A Pod that has been deleted without grace: nothing of it runs any more. */
const isShutDown = ({ metadata }: Pod): boolean => metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;

/** Only Pods that have a node use their claims: the kubelet starts none whose claim is being deleted. */
function uses(object: Pod, claim: PersistentVolumeClaim): boolean {
  if (!object.spec.nodeName) return false;
  return (object.spec.volumes ?? []).some((volume) => {
    if (claimNameOf(object, volume) !== claim.metadata.name) return false;
    return volume.ephemeral === undefined || (!isShutDown(object) && isClaimOf(object, claim));
  });
}

/** Maintains the finalizer of claims. */
export const claimProtectionController: Controller<PersistentVolumeClaim> = defineController<PersistentVolumeClaim>({
  name: 'pvc-protection',
  identity: controllerAccount('pvc-protection-controller'),
  eventSource: 'pvc-protection-controller',
  reconciles: persistentVolumeClaim,
  concerns: (object) => needsWork(object, claimFinalizer),
  watches: [watching(pod, (object) => claimNamesOf(object).map((name) => ({ namespace: object.metadata.namespace ?? '', name })))],
  indexes: [podsByClaim],
  reconcile: async (ref, { cache, api }) => {
    const claim = cache(persistentVolumeClaim).get(ref);
    if (claim === undefined || !needsWork(claim, claimFinalizer)) return settled;
    const claims = api(persistentVolumeClaim);
    if (!isDeleted(claim)) {
      await claims.update(withFinalizer(claim, claimFinalizer));
      return settled;
    }
    const cached = cache(pod).byIndex(podsByClaimName, `${ref.namespace}/${ref.name}`);
    if (cached.some((object) => uses(object, claim))) return settled;
    // A Pod may have been bound to a node so lately that the cache does not show it.
    const { items } = await api(pod).list({ namespace: ref.namespace });
    if (!items.some((object) => uses(object, claim))) await claims.update(withoutFinalizer(claim, claimFinalizer));
    return settled;
  },
});

/** Maintains the finalizer of volumes. */
export const volumeProtectionController: Controller<PersistentVolume> = defineController<PersistentVolume>({
  name: 'pv-protection',
  identity: controllerAccount('pv-protection-controller'),
  eventSource: 'pv-protection-controller',
  reconciles: persistentVolume,
  concerns: (object) => needsWork(object, volumeFinalizer),
  reconcile: async (ref, { cache, api }) => {
    const volume = cache(persistentVolume).get(ref);
    if (volume === undefined || !needsWork(volume, volumeFinalizer)) return settled;
    if (!isDeleted(volume)) await api(persistentVolume).update(withFinalizer(volume, volumeFinalizer));
    else if (volume.status.phase !== 'Bound') await api(persistentVolume).update(withoutFinalizer(volume, volumeFinalizer));
    return settled;
  },
});
