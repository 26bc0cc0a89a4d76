/**
 * minik's own provisioner of volumes: each is a folder on the host, in the cluster's folder. It works as provisioners
 * outside the binder do, so claims show the same annotations and Events as elsewhere. Source:
 * sigs.k8s.io/sig-storage-lib-external-provisioner controller/controller.go; github.com/rancher/local-path-provisioner.
 */
import { errorText } from '../../api/error-text.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/core/v1.ts';
import type { StorageClass } from '../../api/generated/storage/v1.ts';
import { persistentVolume } from '../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { storageClassOf } from '../../api/kinds/core/storage-text.ts';
import { hostPathProvisioner } from '../../api/kinds/storage/host-path-provisioner.ts';
import { storageClass } from '../../api/kinds/storage/storage-class.ts';
import { type ObjectRef, refOf } from '../../api/object.ts';
import { withMeta } from '../../api/object-fields.ts';
import { formatQuantity } from '../../api/quantity.ts';
import { isAlreadyExists, isNotFound } from '../../api/status-error.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, type ControllerContext, defineController, settled, watching } from '../controller.ts';
import { annotated, annotationOf, provisionedBy, requestOf, selectedNode, storageProvisioner, waitsForConsumer } from './binding.ts';
import type { VolumeFolders } from './volume-folders.ts';
import { waitingClaims, waitingClaimsName } from './volume-indexes.ts';

/** Keeps a volume until its folder is gone. */
const finalizer = 'external-provisioner.volume.kubernetes.io/finalizer';

const common = { identity: controllerAccount('persistent-volume-binder'), eventSource: hostPathProvisioner };

/** The class of a claim that waits for a volume from here; undefined when nothing is to be made, or not yet. */
function classToServe(claim: PersistentVolumeClaim, { cache }: ControllerContext): StorageClass | undefined {
  if ((claim.spec.volumeName ?? '') !== '' || claim.metadata.deletionTimestamp !== undefined) return undefined;
  if (annotationOf(claim, storageProvisioner) !== hostPathProvisioner) return undefined;
  const found = cache(storageClass).get({ namespace: '', name: storageClassOf(claim) });
  if (found?.provisioner !== hostPathProvisioner) return undefined;
  return waitsForConsumer(found) && (annotationOf(claim, selectedNode) ?? '') === '' ? undefined : found;
}

/** Why the claim cannot have a volume of this kind; undefined when it can. */
function refusal({ spec }: PersistentVolumeClaim, { parameters = {}, mountOptions = [] }: StorageClass): string | undefined {
  const [unknown] = Object.keys(parameters);
  if (unknown !== undefined) return `unknown parameter ${JSON.stringify(unknown)}: volumes that are folders on the host have none`;
  if (spec.volumeMode === 'Block') return 'volumes that are folders on the host have no volumeMode Block';
  if (spec.selector !== undefined) return 'claim.Spec.Selector is not supported for dynamic provisioning';
  if (spec.dataSourceRef !== undefined || spec.dataSource !== undefined) return 'a claim with a data source needs a CSI driver';
  if ((spec.volumeAttributesClassName ?? '') !== '') return 'a claim with a VolumeAttributesClass needs a CSI driver';
  return mountOptions.length === 0 ? undefined : 'mount options are not supported: a folder on the host is not mounted';
}

function volumeFor(claim: PersistentVolumeClaim, { reclaimPolicy, metadata }: StorageClass, path: string) {
  const { namespace, name, uid, resourceVersion } = claim.metadata;
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: {
      name: `pvc-${uid}`,
      annotations: { [provisionedBy]: hostPathProvisioner },
      finalizers: [finalizer],
    },
    spec: {
      capacity: { storage: formatQuantity(requestOf(claim)) },
      accessModes: claim.spec.accessModes,
      claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion },
      persistentVolumeReclaimPolicy: reclaimPolicy === 'Retain' ? ('Retain' as const) : ('Delete' as const),
      storageClassName: metadata.name,
      volumeMode: claim.spec.volumeMode,
      hostPath: { path, type: 'DirectoryOrCreate' as const },
    },
  };
}

/** The folder's name, for people who look for their data. */
const folderOf = ({ metadata }: PersistentVolumeClaim): string => `pvc-${metadata.uid}_${metadata.namespace}_${metadata.name}`;

/** Makes volumes for claims. */
function provisioningController(folders: VolumeFolders): Controller<PersistentVolumeClaim> {
  return defineController<PersistentVolumeClaim>({
    ...common,
    name: 'host-path-provisioner',
    reconciles: persistentVolumeClaim,
    concerns: (claim, context) => classToServe(claim, context) !== undefined,
    watches: [
      watching(storageClass, ({ metadata }, { cache }) =>
        cache(persistentVolumeClaim).byIndex(waitingClaimsName, metadata.name).map(refOf),
      ),
    ],
    reads: [persistentVolume],
    indexes: [waitingClaims],
    reconcile: async (ref, context) => {
      const claim = context.cache(persistentVolumeClaim).get(ref);
      const found = claim === undefined ? undefined : classToServe(claim, context);
      if (claim !== undefined && found !== undefined) await provision(claim, found, context, folders);
      return settled;
    },
  });
}

async function provision(
  claim: PersistentVolumeClaim,
  found: StorageClass,
  context: ControllerContext,
  folders: VolumeFolders,
): Promise<void> {
  const { api, cache, events } = context;
  const name = `pvc-${claim.metadata.uid}`;
  if (cache(persistentVolume).get({ namespace: '', name }) !== undefined) return;
  events.event(claim, 'Normal', 'Provisioning', `External provisioner is provisioning volume for claim ${JSON.stringify(textOf(claim))}`);
  const failed = async (why: string): Promise<void> => {
    const message = `failed to provision volume with StorageClass ${JSON.stringify(found.metadata.name)}: ${why}`;
    events.event(claim, 'Warning', 'ProvisioningFailed', message);
    // Tells the scheduler to choose a node anew.
    if (annotationOf(claim, selectedNode) !== undefined)
      await api(persistentVolumeClaim).update(annotated(claim, { [selectedNode]: undefined }));
  };
  const refused = refusal(claim, found);
  if (refused !== undefined) return failed(refused);
  let path: string;
  try {
    path = await folders.make(folderOf(claim));
  } catch (error) {
    await failed(errorText(error));
    throw error;
  }
  try {
    await api(persistentVolume).create(volumeFor(claim, found, path));
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
  }
  events.event(claim, 'Normal', 'ProvisioningSucceeded', `Successfully provisioned volume ${name}`);
}

const textOf = (claim: PersistentVolumeClaim): string => `${claim.metadata.namespace}/${claim.metadata.name}`;

/** What is to be done about a volume that was made here. */
function dueFor(volume: PersistentVolume): 'nothing' | 'delete' | 'letGo' {
  if (annotationOf(volume, provisionedBy) !== hostPathProvisioner) return 'nothing';
  const { deletionTimestamp, finalizers = [] } = volume.metadata;
  const keeps = finalizers.includes(finalizer);
  if (deletionTimestamp !== undefined && !keeps) return 'nothing';
  const { phase } = volume.status;
  const unused = phase === 'Released' || phase === 'Failed' || (deletionTimestamp !== undefined && phase !== 'Bound');
  if (volume.spec.persistentVolumeReclaimPolicy === 'Delete') return unused ? 'delete' : 'nothing';
  return deletionTimestamp !== undefined && keeps ? 'letGo' : 'nothing';
}

async function letGo(ref: ObjectRef, { api }: ControllerContext): Promise<void> {
  try {
    const current = await api(persistentVolume).get(ref);
    const finalizers = (current.metadata.finalizers ?? []).filter((name) => name !== finalizer);
    if (finalizers.length === current.metadata.finalizers?.length) return;
    await api(persistentVolume).update(withMeta(current, { finalizers: finalizers.length === 0 ? undefined : finalizers }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Deletes the folders of volumes that nobody uses any more, if their policy says so, and then the volumes. */
function deletingController(folders: VolumeFolders): Controller<PersistentVolume> {
  return defineController<PersistentVolume>({
    ...common,
    name: 'host-path-deleter',
    reconciles: persistentVolume,
    concerns: (volume) => dueFor(volume) !== 'nothing',
    reconcile: async (ref, context) => {
      const volume = context.cache(persistentVolume).get(ref);
      const due = volume === undefined ? 'nothing' : dueFor(volume);
      if (volume === undefined || due === 'nothing') return settled;
      const path = volume.spec.hostPath?.path;
      if (due === 'delete' && path !== undefined) {
        if (!folders.owns(path)) {
          const message = `${path} is not a folder of this cluster's volumes`;
          context.events.event(volume, 'Warning', 'VolumeFailedDelete', message);
          return settled;
        }
        try {
          await folders.remove(path);
        } catch (error) {
          context.events.event(volume, 'Warning', 'VolumeFailedDelete', errorText(error));
          throw error;
        }
      }
      if (due === 'delete') await context.api(persistentVolume).delete(ref);
      await letGo(ref, context);
      return settled;
    },
  });
}

/** The provisioner's controllers. */
export function hostPathProvisioning(
  folders: VolumeFolders,
): readonly (Controller<PersistentVolumeClaim> | Controller<PersistentVolume>)[] {
  return [provisioningController(folders), deletingController(folders)];
}
