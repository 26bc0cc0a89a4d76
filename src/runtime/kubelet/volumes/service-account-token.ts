/** A token of the pod's service account, renewed in time. Source: pkg/volume/projected/projected.go; pkg/kubelet/token/token_manager.go. */
import type { Pod, ServiceAccountTokenProjection } from '../../../api/generated/core/v1.ts';
import type { Files } from './content-volume.ts';
import type { Projection } from './projection.ts';
import type { VolumeContext } from './volume-plugin.ts';

async function tokenFiles(projection: ServiceAccountTokenProjection, mode: number, context: VolumeContext): Promise<Files> {
  const { pod, sources } = context;
  const expirationSeconds = projection.expirationSeconds ?? 3600;
  const issued = await sources.token({
    namespace: pod.metadata.namespace ?? '',
    serviceAccount: pod.spec.serviceAccountName ?? 'default',
    audience: projection.audience ?? '',
    expirationSeconds,
    pod: { name: pod.metadata.name, uid: pod.metadata.uid },
  });
  // Renewed after 80 % of its life. Source: token_manager.go (requiresRefresh).
  context.renewAt(issued.expiresAtMs - expirationSeconds * 200);
  const content = Buffer.from(issued.token, 'utf8');
  // Only for those who need it, when this process may give files away. The group's right is added with the group.
  const mayGive = process.getuid?.() === 0;
  const owner = mayGive ? commonUser(pod) : undefined;
  const isPrivate = mayGive && (owner !== undefined || pod.spec.securityContext.fsGroup !== undefined);
  return new Map([[projection.path, { content, mode: isPrivate ? 0o600 : mode, ...(owner === undefined ? {} : { owner }) }]]);
}

/** The user that all containers run as by the spec; undefined when they differ or one leaves it open. Source: pkg/volume/util/util.go (FsUserFrom). */
function commonUser({ spec }: Pod): number | undefined {
  const users = [...(spec.initContainers ?? []), ...spec.containers].map(
    (c) => c.securityContext?.runAsUser ?? spec.securityContext.runAsUser,
  );
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}

export const tokenProjection: Projection<ServiceAccountTokenProjection> = {
  sourceOf: ({ serviceAccountToken }) => serviceAccountToken,
  files: tokenFiles,
  hasEffects: true,
};
