/**
 * The folders of the volumes that a cluster provisions, on the host, below the cluster's own folder. The simulated
 * runtime reads no files, so its volumes have none.
 */
import { readdir } from 'node:fs/promises';
import { join, normalize, sep } from 'node:path';
import { isErrno } from '../api/errno.ts';
import type { ClusterSettings } from '../cli/cluster-port.ts';
import type { VolumeFolders } from '../controllers/volumes/volume-folders.ts';
import { makeFolder } from '../runtime/kubelet/host-files.ts';
import { volumeMode } from '../runtime/kubelet/volumes/volume-owner.ts';
import { removeTree, volumesFolder } from './container-runtime.ts';

export function volumeFolders(settings: ClusterSettings): VolumeFolders {
  const root = volumesFolder(settings);
  const onHost = settings.runtime === 'docker';
  return {
    make: async (name) => {
      const path = join(root, name);
      // Every user of a container may write; the folders above let nobody else in.
      if (onHost) await makeFolder(path, volumeMode);
      return path;
    },
    owns: (path) => normalize(path) === path && path.startsWith(`${root}${sep}`) && path.length > root.length + 1,
    remove: async (path) => {
      if (onHost) await removeTree(settings, path);
    },
    empty: async (path) => {
      if (!onHost) return;
      try {
        for (const entry of await readdir(path)) await removeTree(settings, join(path, entry));
      } catch (error) {
        if (!isErrno(error, 'ENOENT')) throw error;
      }
    },
  };
}
