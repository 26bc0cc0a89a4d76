/** Volumes without folders, for tests and for engines that read no files of the host. */
import type { VolumeFolders } from '../volumes/volume-folders.ts';

export const noFolders: VolumeFolders = {
  make: (name) => Promise.resolve(`/volumes/${name}`),
  owns: (path) => path.startsWith('/volumes/'),
  remove: () => Promise.resolve(),
  empty: () => Promise.resolve(),
};
