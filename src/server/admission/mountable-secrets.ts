/**
 * What pods may use of Secrets when their account demands that it names them all. Source:
 * plugin/pkg/admission/serviceaccount/admission.go (limitSecretReferences).
 */
import type { Container, EphemeralContainer, PodSpec, ServiceAccount } from '../../api/generated/core/v1.ts';
import { parseGoBool } from '../../api/go-bool.ts';

const annotation = 'kubernetes.io/enforce-mountable-secrets';

/** Whether pods of an account may only use the Secrets that it names. */
export const enforcesMountableSecrets = ({ metadata }: ServiceAccount): boolean => parseGoBool(metadata.annotations?.[annotation]) ?? false;

/** The first Secret that a pod may not use, as text for a message. */
export function forbiddenSecret({ metadata: { name }, secrets, imagePullSecrets }: ServiceAccount, spec: PodSpec): string | undefined {
  const mountable = new Set((secrets ?? []).map((secret) => secret.name));
  for (const { secret } of spec.volumes ?? []) {
    if (secret !== undefined && !mountable.has(secret.secretName)) {
      return `volume with secret.secretName="${secret.secretName ?? ''}" is not allowed because service account ${name} does not reference that secret`;
    }
  }
  const inContainers =
    forbiddenInContainers('init container', spec.initContainers ?? [], mountable, name) ??
    forbiddenInContainers('container', spec.containers, mountable, name);
  if (inContainers !== undefined) return inContainers;
  const pullable = new Set((imagePullSecrets ?? []).map((secret) => secret.name));
  const index = (spec.imagePullSecrets ?? []).findIndex((secret) => !pullable.has(secret.name));
  if (index < 0) return undefined;
  return `imagePullSecrets[${index}].name="${spec.imagePullSecrets?.[index]?.name ?? ''}" is not allowed because service account ${name} does not reference that imagePullSecret`;
}

/** The same for the ephemeral containers of a pod. */
export function forbiddenEphemeralSecret({ metadata: { name }, secrets }: ServiceAccount, spec: PodSpec): string | undefined {
  const mountable = new Set((secrets ?? []).map((secret) => secret.name));
  return forbiddenInContainers('ephemeral container', spec.ephemeralContainers ?? [], mountable, name);
}

function forbiddenInContainers(
  what: string,
  containers: readonly (Container | EphemeralContainer)[],
  mountable: ReadonlySet<string | undefined>,
  account: string,
): string | undefined {
  const rule = (secret: string): string =>
    `referencing secret.secretName="${secret}" is not allowed because service account ${account} does not reference that secret`;
  for (const { name, env, envFrom } of containers) {
    for (const { name: variable, valueFrom } of env ?? []) {
      const secret = valueFrom?.secretKeyRef;
      if (secret !== undefined && !mountable.has(secret.name)) return `${what} ${name} with envVar ${variable} ${rule(secret.name ?? '')}`;
    }
    for (const { secretRef } of envFrom ?? []) {
      if (secretRef !== undefined && !mountable.has(secretRef.name)) return `${what} ${name} with envFrom ${rule(secretRef.name ?? '')}`;
    }
  }
  return undefined;
}
