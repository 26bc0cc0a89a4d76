/**
 * `persistentVolumeClaim` and `ephemeral`: a folder of the host, or a block device, that a bound PersistentVolume
 * names. It is found anew at each set-up. Source: pkg/kubelet/volumemanager/populator/desired_state_of_world_populator.go;
 * pkg/volume/local/local.go.
 */
import { join } from 'node:path';
import { errorText } from '../../../api/error-text.ts';
import type { LocalVolumeSource, PersistentVolume, PersistentVolumeClaim, Pod, Volume } from '../../../api/generated/core/v1.ts';
import { hostPathProvisioner } from '../../../api/kinds/storage/host-path-provisioner.ts';
import { claimNameOf, notForPod } from '../../../api/pod/volume-claims.ts';
import { makeFolder, privateFolder } from '../host-files.ts';
import { giveToGroup, statOrUndefined } from './atomic-writer.ts';
import { unknownDriver } from './csi.ts';
import { hostPathVolume } from './host-path.ts';
import { exportedFolder } from './nfs.ts';
import { fsGroup } from './volume-owner.ts';
import { type Located, ProcessingError, type VolumeContext, VolumeError, type VolumeHost, type VolumePlugin } from './volume-plugin.ts';

const protection = 'kubernetes.io/pvc-protection';

async function claimFor(volume: Volume, { pod, sources }: VolumeContext): Promise<PersistentVolumeClaim> {
  const namespace = pod.metadata.namespace ?? '';
  const name = claimNameOf(pod, volume) ?? '';
  const failed = (why: string): ProcessingError => new ProcessingError(volume, `error processing PVC ${namespace}/${name}: ${why}`);
  const claim = await sources.claim(namespace, name);
  if (claim === undefined) {
    throw failed(`failed to fetch PVC from API server: persistentvolumeclaims ${JSON.stringify(name)} not found`);
  }
  const conflict = volume.ephemeral === undefined ? undefined : notForPod(pod, claim);
  if (conflict !== undefined) throw new ProcessingError(volume, conflict);
  const { deletionTimestamp, finalizers = [] } = claim.metadata;
  if (deletionTimestamp !== undefined && !finalizers.includes(protection)) throw failed('PVC is being deleted');
  if (claim.status.phase !== 'Bound') throw failed('PVC is not bound');
  if ((claim.spec.volumeName ?? '') === '') throw failed('PVC has empty pvc.Spec.VolumeName');
  return claim;
}

async function boundVolume(volume: Volume, context: VolumeContext): Promise<PersistentVolume> {
  const claim = await claimFor(volume, context);
  const { namespace, name, uid } = claim.metadata;
  const volumeName = claim.spec.volumeName ?? '';
  const failed = (why: string): ProcessingError => new ProcessingError(volume, `error processing PVC ${namespace}/${name}: ${why}`);
  const found = await context.sources.volume(volumeName);
  if (found === undefined) {
    throw failed(`failed to fetch PV ${volumeName} from API server: persistentvolumes ${JSON.stringify(volumeName)} not found`);
  }
  const { claimRef } = found.spec;
  if (claimRef === undefined) {
    throw failed(`found PV object ${volumeName} but it has a nil pv.Spec.ClaimRef indicating it is not yet bound to the claim`);
  }
  if (claimRef.uid !== uid) {
    throw failed(`found PV object ${volumeName} but its pv.Spec.ClaimRef.UID ${claimRef.uid ?? ''} does not point to claim.UID ${uid}`);
  }
  const use = usesOf(context.pod, volume);
  const { volumeMode } = found.spec;
  if (volumeMode === 'Block' && use.mounted) {
    throw new ProcessingError(volume, `volume ${volume.name} has volumeMode Block, but is specified in volumeMounts`);
  }
  if (volumeMode !== 'Block' && use.device) {
    throw new ProcessingError(volume, `volume ${volume.name} has volumeMode Filesystem, but is specified in volumeDevices`);
  }
  return found;
}

function usesOf({ spec }: Pod, { name }: Volume): { readonly mounted: boolean; readonly device: boolean } {
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  return {
    mounted: containers.some(({ volumeMounts = [] }) => volumeMounts.some((mount) => mount.name === name)),
    device: containers.some(({ volumeDevices = [] }) => volumeDevices.some((device) => device.name === name)),
  };
}

/**
 * Gives a folder to the pod's group, unless the pod only wants that where the folder has another, or only reads.
 * Source: pkg/volume/volume_linux.go (skipPermissionChange); pkg/volume/local/local.go (SetUpAt).
 */
async function own(path: string, volume: Volume, pod: Pod): Promise<void> {
  const group = fsGroup(pod);
  if (group === undefined || volume.persistentVolumeClaim?.readOnly === true) return;
  const root = await statOrUndefined(path);
  if (pod.spec.securityContext.fsGroupChangePolicy === 'OnRootMismatch' && root?.gid === group && (Number(root.mode) & 0o2770) === 0o2770)
    return;
  await giveToGroup(path, group, true);
}

/** Where a PersistentVolume is. `folder`: see `locate`. */
async function placeOf(volume: Volume, found: PersistentVolume, context: VolumeContext, folder: string): Promise<Located> {
  const { name } = found.metadata;
  const { hostPath, local, nfs, csi, volumeMode } = found.spec;
  const isBlock = volumeMode === 'Block';
  if (local !== undefined) {
    const { path } = local;
    const device = (await statOrUndefined(path))?.isBlockDevice() === true;
    if (device && !isBlock) {
      const place = join(folder, 'kubernetes.io~local-volume', name);
      return onDevice({ found, local, place }, volume, context);
    }
    return { name, place: path, setUp: (isNew) => setUpLocal({ name, path, isBlock }, isNew, volume, context) };
  }
  if (hostPath !== undefined && !isBlock) {
    // Differs: folders that minik has made are given to the pod's group; upstream gives no hostPath volume to it.
    const isOwn = found.metadata.annotations?.['pv.kubernetes.io/provisioned-by'] === hostPathProvisioner;
    const setUp = async (isNew: boolean, host: VolumeHost): Promise<void> => {
      await hostPathVolume.setUp(hostPath, hostPath.path, context, host);
      if (isOwn && isNew) await own(hostPath.path, volume, context.pod);
    };
    return { name, place: hostPath.path, setUp };
  }
  if (nfs !== undefined && !isBlock) return { name, place: exportedFolder(nfs), setUp: async () => undefined };
  if (csi !== undefined) {
    const message = unknownDriver(csi.driver);
    const event = `MountVolume.MountDevice failed for volume ${JSON.stringify(name)} : kubernetes.io/csi: attacher.MountDevice failed to create newCsiDriverClient: ${message}`;
    throw new VolumeError(message, { event });
  }
  throw new ProcessingError(volume, `failed to get Plugin from volumeSpec for volume ${JSON.stringify(name)} err=no volume plugin matched`);
}

interface DeviceVolume {
  readonly found: PersistentVolume;
  readonly local: LocalVolumeSource;
  /** Where it is mounted. */
  readonly place: string;
}

/**
 * A file system on a device of the machine. Differs: upstream mounts it once for all pods of the node, and then for
 * each of them; here it is mounted for each alone.
 */
function onDevice({ found, local: { path, fsType }, place }: DeviceVolume, volume: Volume, { pod }: VolumeContext): Located {
  const { name } = found.metadata;
  const setUp = async (isNew: boolean, { mounter }: VolumeHost): Promise<void> => {
    await makeFolder(place, privateFolder);
    if (!(await mounter.isMounted(place))) {
      try {
        await mounter.mountDevice(place, { device: path, fsType, options: found.spec.mountOptions ?? [] });
      } catch (error) {
        const message = errorText(error);
        const event = `MountVolume.MountDevice failed for volume ${JSON.stringify(name)} : ${message}`;
        throw new VolumeError(message, { event, cause: error });
      }
    }
    if (isNew) await own(place, volume, pod);
  };
  return { name, place, setUp };
}

interface LocalVolume {
  /** Of the PersistentVolume. */
  readonly name: string;
  readonly path: string;
  readonly isBlock: boolean;
}

async function setUpLocal({ name, path, isBlock }: LocalVolume, isNew: boolean, volume: Volume, { pod }: VolumeContext): Promise<void> {
  const found = await statOrUndefined(path);
  const fail = (stage: string, message: string): VolumeError =>
    new VolumeError(message, { event: `${stage} failed for volume ${JSON.stringify(name)} : ${message}` });
  if (isBlock) {
    if (found?.isBlockDevice() !== true) throw fail('MapVolume.SetUpDevice', `${path} is not a block device`);
    return;
  }
  if (found === undefined) throw fail('MountVolume.NewMounter initialization', `path ${JSON.stringify(path)} does not exist`);
  if (!found.isDirectory()) throw fail('MountVolume.SetUp', `path ${JSON.stringify(path)} is not a directory`);
  if (isNew) await own(path, volume, pod);
}

const located = async (volume: Volume, context: VolumeContext, folder: string): Promise<Located> =>
  placeOf(volume, await boundVolume(volume, context), context, folder);

const setUpNowhere = (): Promise<void> => Promise.reject(new VolumeError('the volume has not been located'));

export const persistentClaimVolume: VolumePlugin<NonNullable<Volume['persistentVolumeClaim']>> = {
  sourceOf: ({ persistentVolumeClaim }) => persistentVolumeClaim,
  folder: 'persistent-claim',
  readOnly: false,
  asksReadOnly: ({ readOnly }) => readOnly === true,
  locate: located,
  setUp: setUpNowhere,
};

export const ephemeralVolume: VolumePlugin<NonNullable<Volume['ephemeral']>> = {
  sourceOf: ({ ephemeral }) => ephemeral,
  folder: 'ephemeral',
  readOnly: false,
  locate: located,
  setUp: setUpNowhere,
};
