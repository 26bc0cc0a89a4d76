/**
 * Defaults of volumes. Pure: return new objects. Source: pkg/apis/core/v1/defaults.go and the `+default` markers of
 * core/v1.
 */
import type { DownwardAPIVolumeFile, Volume, VolumeProjection } from '../../generated/core/v1.ts';
import { defaultPullPolicy } from './container.ts';
import { defaultClaimSpec } from './volume-claim.ts';

const fileMode = 0o644;

const defaultFile = (file: DownwardAPIVolumeFile): DownwardAPIVolumeFile =>
  file.fieldRef === undefined ? file : { ...file, fieldRef: { ...file.fieldRef, apiVersion: file.fieldRef.apiVersion || 'v1' } };

const withItems = <T extends { readonly items?: readonly DownwardAPIVolumeFile[] | undefined }>(source: T): T =>
  source.items === undefined ? source : { ...source, items: source.items.map(defaultFile) };

function defaultProjection(projection: VolumeProjection): VolumeProjection {
  const { serviceAccountToken, downwardAPI } = projection;
  return {
    ...projection,
    ...(downwardAPI === undefined ? {} : { downwardAPI: withItems(downwardAPI) }),
    ...(serviceAccountToken === undefined
      ? {}
      : { serviceAccountToken: { ...serviceAccountToken, expirationSeconds: serviceAccountToken.expirationSeconds ?? 3600 } }),
  };
}

/** Defaults of the volume sources that carry a default file mode. */
function defaultFiles(volume: Volume): Volume {
  const { secret, configMap, downwardAPI, projected } = volume;
  return {
    ...volume,
    ...(secret === undefined ? {} : { secret: { ...secret, defaultMode: secret.defaultMode ?? fileMode } }),
    ...(configMap === undefined ? {} : { configMap: { ...configMap, defaultMode: configMap.defaultMode ?? fileMode } }),
    ...(downwardAPI === undefined ? {} : { downwardAPI: { ...withItems(downwardAPI), defaultMode: downwardAPI.defaultMode ?? fileMode } }),
    ...(projected === undefined
      ? {}
      : {
          projected: {
            ...projected,
            sources: (projected.sources ?? []).map(defaultProjection),
            defaultMode: projected.defaultMode ?? fileMode,
          },
        }),
  };
}

type NetworkStorage = Pick<Volume, 'azureDisk'> & {
  readonly iscsi?: { readonly iscsiInterface?: string | undefined } | undefined;
  readonly rbd?:
    | { readonly pool?: string | undefined; readonly user?: string | undefined; readonly keyring?: string | undefined }
    | undefined;
  readonly scaleIO?: { readonly storageMode?: string | undefined; readonly fsType?: string | undefined } | undefined;
};

/** Defaults of network storage that upstream still sets for removed in-tree drivers. */
export function defaultNetworkStorage<T extends NetworkStorage>(volume: T): T {
  const { iscsi, rbd, azureDisk, scaleIO } = volume;
  return {
    ...volume,
    ...(iscsi === undefined ? {} : { iscsi: { ...iscsi, iscsiInterface: iscsi.iscsiInterface || 'default' } }),
    ...(rbd === undefined
      ? {}
      : { rbd: { ...rbd, pool: rbd.pool || 'rbd', user: rbd.user || 'admin', keyring: rbd.keyring || '/etc/ceph/keyring' } }),
    ...(azureDisk === undefined
      ? {}
      : {
          azureDisk: {
            ...azureDisk,
            cachingMode: azureDisk.cachingMode ?? 'ReadWrite',
            kind: azureDisk.kind ?? 'Shared',
            fsType: azureDisk.fsType ?? 'ext4',
            readOnly: azureDisk.readOnly ?? false,
          },
        }),
    ...(scaleIO === undefined
      ? {}
      : { scaleIO: { ...scaleIO, storageMode: scaleIO.storageMode || 'ThinProvisioned', fsType: scaleIO.fsType || 'xfs' } }),
  };
}

/** The defaults of one volume; a volume without a source is an emptyDir. */
export function defaultVolume(volume: Volume): Volume {
  const { name, ...sources } = volume;
  if (Object.values(sources).every((source) => source === undefined)) return { name, emptyDir: {} };
  const { hostPath, image, ephemeral } = volume;
  const template = ephemeral?.volumeClaimTemplate;
  return {
    ...defaultNetworkStorage(defaultFiles(volume)),
    ...(hostPath === undefined ? {} : { hostPath: { ...hostPath, type: hostPath.type ?? '' } }),
    ...(image === undefined ? {} : { image: { ...image, pullPolicy: image.pullPolicy || defaultPullPolicy(image.reference ?? '') } }),
    ...(ephemeral === undefined || template === undefined
      ? {}
      : {
          ephemeral: {
            ...ephemeral,
            volumeClaimTemplate: { ...template, spec: defaultClaimSpec(template.spec) },
          },
        }),
  };
}
