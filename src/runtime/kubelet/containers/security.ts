/**
 * Merges the security contexts of pod and container into the engine's settings.
 * Source: pkg/securitycontext/util.go (DetermineEffectiveSecurityContext); pkg/kubelet/kuberuntime/security_context.go.
 */
import { join } from 'node:path';
import type { Container, Pod } from '../../../api/generated/core/v1.ts';
import type { ContainerSecurity, Image } from '../../container/container-runtime.ts';

type SeccompProfile = { readonly type: string; readonly localhostProfile?: string | undefined };

/** A profile as the engine's settings name it. A profile of the host is named by `local`. */
function profileName(profile: SeccompProfile | undefined, local = (name: string): string => name): string | undefined {
  if (profile === undefined) return undefined;
  if (profile.type === 'Unconfined') return 'unconfined';
  if (profile.type === 'RuntimeDefault') return 'runtime/default';
  return `localhost/${local(profile.localhostProfile ?? '')}`;
}

const defined = <K extends string, V>(key: K, value: V | undefined): { [P in K]?: V } => {
  const result: { [P in K]?: V } = {};
  if (value !== undefined) result[key] = value;
  return result;
};

export interface SeccompSettings {
  /** The folder with the host's profiles. */
  readonly seccompFolder: string;
  /** Whether containers that name no profile get the engine's; else they get none. */
  readonly seccompDefault: boolean;
}

/**
 * The effective security settings of one container. If the spec sets a group but no user, the image's user is used, or
 * root when the image names none.
 */
export function containerSecurity(
  pod: Pod,
  container: Container,
  image: Pick<Image, 'user'>,
  { seccompFolder, seccompDefault }: SeccompSettings,
): ContainerSecurity {
  const ofPod = pod.spec.securityContext;
  const own = container.securityContext;
  const group = own?.runAsGroup ?? ofPod.runAsGroup;
  const strict = ofPod.supplementalGroupsPolicy === 'Strict';
  // A group that the image names keeps the image's other groups away.
  const named = group !== undefined || (strict && !image.user.includes(':'));
  const imageUser = named ? image.user.split(':')[0] || '0' : undefined;
  const seccomp = own?.seccompProfile ?? ofPod.seccompProfile ?? (seccompDefault ? undefined : { type: 'Unconfined' });
  const selinux = own?.seLinuxOptions ?? ofPod.seLinuxOptions;
  return {
    ...defined('runAsUser', own?.runAsUser ?? ofPod.runAsUser ?? imageUser),
    ...defined('runAsGroup', group),
    supplementalGroups: [...(ofPod.supplementalGroups ?? []), ...(ofPod.fsGroup === undefined ? [] : [ofPod.fsGroup])],
    imageGroups: !strict,
    privileged: own?.privileged ?? false,
    readOnlyRootFilesystem: own?.readOnlyRootFilesystem ?? false,
    addCapabilities: own?.capabilities?.add ?? [],
    dropCapabilities: own?.capabilities?.drop ?? [],
    noNewPrivileges: own?.allowPrivilegeEscalation === false,
    unmaskedProc: own?.procMount === 'Unmasked',
    ...defined(
      'seccompProfile',
      profileName(seccomp, (name) => join(seccompFolder, name)),
    ),
    ...defined('apparmorProfile', profileName(own?.appArmorProfile ?? ofPod.appArmorProfile)),
    ...defined(
      'selinuxOptions',
      selinux === undefined
        ? undefined
        : Object.fromEntries(Object.entries(selinux).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : []))),
    ),
  };
}

/**
 * Checks `runAsNonRoot` against the user that the container would run as; returns upstream's error text, or undefined
 * when the check passes. Source: pkg/kubelet/kuberuntime/security_context.go (verifyRunAsNonRoot).
 */
export function runAsNonRootViolation(pod: Pod, container: Container, image: Image): string | undefined {
  const nonRoot = container.securityContext?.runAsNonRoot ?? pod.spec.securityContext.runAsNonRoot ?? false;
  if (!nonRoot) return undefined;
  const user = container.securityContext?.runAsUser ?? pod.spec.securityContext.runAsUser;
  const where = `(pod: "${pod.metadata.name}_${pod.metadata.namespace ?? ''}(${pod.metadata.uid})", container: ${container.name})`;
  if (user !== undefined) return user === 0 ? `container's runAsUser breaks non-root policy ${where}` : undefined;
  const imageUser = image.user.split(':')[0] ?? '';
  if (imageUser === '' || imageUser === '0') return `container has runAsNonRoot and image will run as root ${where}`;
  if (!/^\d+$/.test(imageUser)) {
    return `container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root ${where}`;
  }
  return undefined;
}
