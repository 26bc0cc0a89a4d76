/**
 * Claims that Pods use, volumes that are bound, and classes of attributes that either names, are not removed while that
 * lasts: their finalizer stays. Source: pkg/controller/volume/{pvcprotection,pvprotection,vacprotection}.
 */
import type { PersistentVolume, PersistentVolumeClaim, Pod } from '../../api/generated/core/v1.ts';
import type { VolumeAttributesClass } from '../../api/generated/storage/v1.ts';
import { persistentVolume } from '../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { volumeAttributesClass } from '../../api/kinds/storage/volume-attributes-class.ts';
import type { KubeObject } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import { claimNameOf, claimNamesOf, isClaimOf } from '../../api/pod/volume-claims.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, defineController, settled, watching } from '../controller.ts';
import { podsByClaim, podsByClaimName } from './pod-claims.ts';

const claimFinalizer = 'kubernetes.io/pvc-protection';
const volumeFinalizer = 'kubernetes.io/pv-protection';
const attributesFinalizer = 'kubernetes.io/vac-protection';

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

/** The classes of attributes that a claim has, had asked for, or asks for. */
const classesOfClaim = ({ spec, status }: PersistentVolumeClaim): readonly string[] =>
  [
    spec.volumeAttributesClassName,
    status.currentVolumeAttributesClassName,
    status.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ].flatMap((name) => (name === undefined || name === '' ? [] : [name]));

const classesOfVolume = ({ spec }: PersistentVolume): readonly string[] =>
  spec.volumeAttributesClassName === undefined ? [] : [spec.volumeAttributesClassName];

const classRefs = (names: readonly string[]) => names.map((name) => ({ namespace: '', name }));

/** Maintains the finalizer of classes of volume attributes. */
export const attributesClassProtectionController: Controller<VolumeAttributesClass> = defineController<VolumeAttributesClass>({
  name: 'vac-protection',
  identity: controllerAccount('volumeattributesclass-protection-controller'),
  eventSource: 'volumeattributesclass-protection-controller',
  reconciles: volumeAttributesClass,
  concerns: (object) => needsWork(object, attributesFinalizer),
  watches: [
    watching(persistentVolumeClaim, (object) => classRefs(classesOfClaim(object))),
    watching(persistentVolume, (object) => classRefs(classesOfVolume(object))),
  ],
  reconcile: async (ref, { cache, api }) => {
    const found = cache(volumeAttributesClass).get(ref);
    if (found === undefined || !needsWork(found, attributesFinalizer)) return settled;
    const classes = api(volumeAttributesClass);
    if (!isDeleted(found)) {
      await classes.update(withFinalizer(found, attributesFinalizer));
      return settled;
    }
    const [claims, volumes] = await Promise.all([api(persistentVolumeClaim).list(), api(persistentVolume).list()]);
    const used =
      claims.items.some((claim) => classesOfClaim(claim).includes(ref.name)) ||
      volumes.items.some((volume) => classesOfVolume(volume).includes(ref.name));
    if (!used) await classes.update(withoutFinalizer(found, attributesFinalizer));
    return settled;
  },
});
