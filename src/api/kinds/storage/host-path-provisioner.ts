/** minik's own way to make volumes. */
import type { JsonObject } from '../../json.ts';

/** The name by which storage classes ask for volumes that are folders on the host. */
export const hostPathProvisioner = 'minik.io/host-path';

/**
 * The class that new clusters have, marked as the default. It binds at once, as minikube's does and kind's does not: a
 * volume is a folder that every node reaches, so nothing is gained by waiting for a Pod. Volumes can grow, for a folder
 * has no size.
 */
export const standardStorageClass = {
  apiVersion: 'storage.k8s.io/v1',
  kind: 'StorageClass',
  metadata: { name: 'standard', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
  provisioner: hostPathProvisioner,
  reclaimPolicy: 'Delete',
  volumeBindingMode: 'Immediate',
  allowVolumeExpansion: true,
} satisfies JsonObject;
