/**
 * PersistentVolumeClaimResize: lets only bound claims grow whose class allows it. Source:
 * plugin/pkg/admission/storage/persistentvolume/resize/admission.go.
 */
import type { PersistentVolumeClaim } from '../../api/generated/core/v1.ts';
import type { StorageClass } from '../../api/generated/storage/v1.ts';
import { compareQuantity, tryParseQuantity, zeroQuantity } from '../../api/quantity.ts';
import { type AdmissionPlugin, admissionForbidden } from './admission.ts';
import type { ObjectReader } from './object-reader.ts';

const oldClass = 'volume.beta.kubernetes.io/storage-class';
const storageOf = ({ spec }: PersistentVolumeClaim) => tryParseQuantity(spec.resources?.requests?.storage) ?? zeroQuantity;
const classOf = ({ metadata, spec }: PersistentVolumeClaim): string => metadata.annotations?.[oldClass] ?? spec.storageClassName ?? '';

/** Makes the plugin. Classes are read from the store. */
export function persistentVolumeClaimResize(reader: ObjectReader): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    validate(attributes) {
      const { operation, kind, subresource, object, oldObject } = attributes;
      if (operation !== 'UPDATE' || kind.resourceName !== 'persistentvolumeclaims' || subresource !== '') return;
      // Only claims are stored under this resource name.
      const [next, previous] = [object as PersistentVolumeClaim, oldObject as PersistentVolumeClaim];
      if (compareQuantity(storageOf(next), storageOf(previous)) <= 0) return;
      if (previous.status.phase !== 'Bound') throw admissionForbidden(attributes, 'Only bound persistent volume claims can be expanded');
      const name = classOf(next);
      const found = name === '' || name !== classOf(previous) ? undefined : reader.get('storageclasses.storage.k8s.io', '', name);
      // Only StorageClasses are stored under this resource name.
      if ((found as StorageClass | undefined)?.allowVolumeExpansion === true) return;
      const cause = 'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize';
      throw admissionForbidden(attributes, cause);
    },
  };
}
