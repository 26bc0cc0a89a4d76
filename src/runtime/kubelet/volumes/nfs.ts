/**
 * `nfs`: a folder that another machine exports. The engine mounts it for each container, so that minik needs no
 * privilege for it. Differs: upstream mounts it once for the pod, and tells a failure by `FailedMount`; here it is told
 * by the container that cannot be started. Source: pkg/volume/nfs/nfs.go.
 */
import type { NFSVolumeSource } from '../../../api/generated/core/v1.ts';
import type { RemoteVolume, VolumePlugin } from './volume-plugin.ts';

export const exportedFolder = ({ server, path }: NFSVolumeSource): RemoteVolume => ({ type: 'nfs', server, path });

export const nfsVolume: VolumePlugin<NFSVolumeSource> = {
  sourceOf: ({ nfs }) => nfs,
  folder: 'nfs',
  readOnly: false,
  asksReadOnly: ({ readOnly }) => readOnly === true,
  remote: exportedFolder,
  setUp: async () => undefined,
};
