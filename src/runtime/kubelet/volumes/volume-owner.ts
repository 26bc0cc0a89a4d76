/** Ownership and mode of volumes' files. */
import type { Pod } from '../../../api/generated/core/v1.ts';
import type { MemoryMount } from './volume-plugin.ts';

/**
 * Mode of a volume's own folder. Access to it is restricted by the folders above it and by which containers mount it.
 * Source: empty_dir.go (perm).
 */
export const volumeMode = 0o777;

/** The group that owns a pod's volumes; undefined when this process is not root and so cannot change owners. */
export const fsGroup = (pod: Pod): number | undefined => (process.getuid?.() === 0 ? pod.spec.securityContext.fsGroup : undefined);

/** Whose a volume in memory is: it belongs to the pod's group from the start, since not everybody may give it away. */
export const memoryOwner = ({ spec }: Pod): Pick<MemoryMount, 'mode' | 'gid'> =>
  spec.securityContext.fsGroup === undefined ? {} : { mode: 0o3777, gid: spec.securityContext.fsGroup };
