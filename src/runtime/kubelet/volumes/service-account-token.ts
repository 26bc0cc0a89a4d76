/**
 * A token of the pod's service account, renewed in time. Source: pkg/volume/projected/projected.go;
 * pkg/kubelet/token/token_manager.go.
 */
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
  // The token is renewed after 80 % of its lifetime. Source: token_manager.go (requiresRefresh).
  context.renewAt(issued.expiresAtMs - expirationSeconds * 200);
  const content = Buffer.from(issued.token, 'utf8');
  // When this process is root and can change owners, only the pod's user or fsGroup may read the token. The group's
  // read permission is added together with the group.
  const mayGive = process.getuid?.() === 0;
  const owner = mayGive ? commonUser(pod) : undefined;
  const isPrivate = mayGive && (owner !== undefined || pod.spec.securityContext.fsGroup !== undefined);
  return new Map([[projection.path, { content, mode: isPrivate ? 0o600 : mode, ...(owner === undefined ? {} : { owner }) }]]);
}

/**
 * The `runAsUser` that all containers of the spec share; undefined when they differ or one does not set it. Source:
 * pkg/volume/util/util.go (FsUserFrom).
 */
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
