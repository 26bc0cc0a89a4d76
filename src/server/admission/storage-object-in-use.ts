/**
 * StorageObjectInUseProtection: claims, volumes and attributes classes begin with the finalizer that keeps them while
 * they are in use. Source: plugin/pkg/admission/storage/storageobjectinuseprotection/admission.go.
 */
import type { AdmissionPlugin } from './admission.ts';

const finalizers: ReadonlyMap<string, string> = new Map([
  ['persistentvolumeclaims', 'kubernetes.io/pvc-protection'],
  ['persistentvolumes', 'kubernetes.io/pv-protection'],
  ['volumeattributesclasses.storage.k8s.io', 'kubernetes.io/vac-protection'],
]);

/** Makes the plugin. */
export function storageObjectInUseProtection(): AdmissionPlugin {
  return {
    name: 'StorageObjectInUseProtection',
    leavesDefaults: true,
    admit({ operation, kind, subresource, object }) {
      const finalizer = finalizers.get(kind.resourceName);
      if (operation !== 'CREATE' || subresource !== '' || finalizer === undefined || object?.metadata === undefined) return undefined;
      const present = object.metadata.finalizers ?? [];
      if (present.includes(finalizer)) return undefined;
      return { ...object, metadata: { ...object.metadata, finalizers: [...present, finalizer] } };
    },
  };
}
