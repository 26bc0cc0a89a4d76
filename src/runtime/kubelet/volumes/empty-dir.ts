/** `emptyDir`: a folder, or memory, that lives as long as its pod. Source: pkg/volume/emptydir/empty_dir.go. */
import type { EmptyDirVolumeSource } from '../../../api/generated/core/v1.ts';
import { parseQuantity } from '../../../api/quantity.ts';
import { makeFolder } from '../host-files.ts';
import { giveToGroup } from './atomic-writer.ts';
import { memoryVolumeBytes } from './memory-volume.ts';
import { fsGroup, memoryOwner, volumeMode } from './volume-owner.ts';
import type { VolumePlugin } from './volume-plugin.ts';

const inMemory = ({ medium }: EmptyDirVolumeSource): boolean => medium === 'Memory';

export const emptyDirVolume: VolumePlugin<EmptyDirVolumeSource> = {
  sourceOf: ({ emptyDir }) => emptyDir,
  folder: 'empty-dir',
  readOnly: false,
  setUp: async (source, path, { pod, facts }, { mounter }) => {
    const isNew = await makeFolder(path, volumeMode);
    if (inMemory(source) && !(await mounter.isMounted(path))) {
      await mounter.mountTmpfs(path, { sizeBytes: memoryVolumeBytes(pod, source.sizeLimit, facts.allocatable), ...memoryOwner(pod) });
    }
    const group = fsGroup(pod);
    if (isNew && group !== undefined) await giveToGroup(path, group, true);
  },
  usesDisk: (source) => !inMemory(source),
  diskLimit: (source) => {
    // A volume in memory is limited by the size of its mount.
    if (source.sizeLimit === undefined || inMemory(source)) return undefined;
    const limit = parseQuantity(source.sizeLimit);
    return limit.nanos > 0n ? limit : undefined;
  },
};
