/** AppArmor profiles in annotations, as before there were fields for them. Source: pkg/api/pod/util.go. */
import { deepEqual } from '../deep-equal.ts';
import { FieldPath } from '../field-error.ts';
import type { AppArmorProfile, Pod, SecurityContext } from '../generated/core/v1.ts';
import { appArmorErrors } from './validation/security-context.ts';

/** Followed by the container's name. */
export const appArmorAnnotationPrefix = 'container.apparmor.security.beta.kubernetes.io/';

/** The profile that an annotation stands for; undefined when it stands for none. */
export function appArmorProfileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  const name = /^localhost\/(.+)$/s.exec(annotation)?.[1];
  return name === undefined ? undefined : { type: 'Localhost', localhostProfile: name };
}

interface Confined {
  readonly name: string;
  readonly securityContext?: SecurityContext | undefined;
}

/**
 * Sets the fields that annotations stand for, where a container has none and the pod has another. Source:
 * pkg/registry/core/pod/strategy.go (applyAppArmorVersionSkew).
 */
export function withAppArmorFields(pod: Pod): Pod {
  const { annotations } = pod.metadata;
  if (annotations === undefined || pod.spec.os?.name === 'windows') return pod;
  if (!Object.keys(annotations).some((key) => key.startsWith(appArmorAnnotationPrefix))) return pod;
  const { containers, initContainers, ephemeralContainers, securityContext } = pod.spec;
  const confined = <C extends Confined>(container: C): C => {
    const annotation = annotations[appArmorAnnotationPrefix + container.name];
    if (annotation === undefined || container.securityContext?.appArmorProfile !== undefined) return container;
    const appArmorProfile = appArmorProfileOf(annotation);
    const invalid = appArmorErrors(appArmorProfile, FieldPath.root).length > 0;
    if (appArmorProfile === undefined || invalid || deepEqual(appArmorProfile, securityContext?.appArmorProfile)) return container;
    return { ...container, securityContext: { ...container.securityContext, appArmorProfile } };
  };
  const spec = {
    ...pod.spec,
    containers: containers.map(confined),
    ...(initContainers === undefined ? {} : { initContainers: initContainers.map(confined) }),
    ...(ephemeralContainers === undefined ? {} : { ephemeralContainers: ephemeralContainers.map(confined) }),
  };
  return { ...pod, spec };
}
