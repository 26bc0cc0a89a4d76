/** Whose a volume's files are. */
import type { Pod } from '../../../api/generated/core/v1.ts';

/** Of a volume's own folder; who can reach it at all is decided by the folders above and by its mounts. Source: empty_dir.go (perm). */
export const volumeMode = 0o777;

/** The group that owns a pod's volumes; none when this process may not give files away. */
export const fsGroup = (pod: Pod): number | undefined => (process.getuid?.() === 0 ? pod.spec.securityContext.fsGroup : undefined);
