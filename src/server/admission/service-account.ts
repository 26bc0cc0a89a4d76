/**
 * ServiceAccount: sets a pod's account, token volume and image pull secrets, and holds the pod to the Secrets of its
 * account where that is demanded. Source: plugin/pkg/admission/serviceaccount/admission.go.
 */
import type { Container, Pod, ServiceAccount, Volume } from '../../api/generated/core/v1.ts';
import { generateName, unaskableName } from '../../api/names.ts';
import { secretNames } from '../../api/pod/secret-names.ts';
import { StatusError } from '../../api/status-error.ts';
import { type AdmissionAttributes, type AdmissionPlugin, admissionForbidden } from './admission.ts';
import { enforcesMountableSecrets, forbiddenEphemeralSecret, forbiddenSecret } from './mountable-secrets.ts';
import type { ObjectReader } from './object-reader.ts';
import { createdPod, withSpec } from './pod-admission.ts';

const volumePrefix = 'kube-api-access-';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
const mirrorAnnotation = 'kubernetes.io/config.mirror';
/** One hour and seven seconds: upstream's mark of a token that the pod did not request explicitly. */
const tokenSeconds = 3607;
const fileMode = 0o644;
/** How long to wait for the default account: a controller creates it right after its namespace. */
const defaultAccountWaitMs = 1500;

/** Makes the plugin; `random` returns numbers in [0, 1). */
export function serviceAccount(reader: ObjectReader, random: () => number): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    leavesDefaults: true,
    // Synchronous for all that is no pod: each wait would cost a microtask.
    admit: (attributes) => {
      const pod = createdPod(attributes);
      if (pod === undefined) return undefined;
      if (!isMirror(pod)) return completed(pod, attributes, { reader, random });
      checkMirrorPod(pod, attributes);
      return undefined;
    },
    validate: (attributes) => {
      const { operation, kind, subresource } = attributes;
      if (kind.resourceName !== 'pods') return undefined;
      const isEphemeral = operation === 'UPDATE' && subresource === 'ephemeralcontainers';
      if (!isEphemeral && (operation !== 'CREATE' || subresource !== '')) return undefined;
      // Only Pods are written to this resource, and to this sub-resource.
      const pod = attributes.object as Pod;
      return !isEphemeral && isMirror(pod) ? checkMirrorPod(pod, attributes) : checked(pod, attributes, { reader, isEphemeral });
    },
  };
}

/** The pod with its account, and with what it has from it. Rejects with StatusError (403). */
async function completed(
  pod: Pod,
  attributes: AdmissionAttributes,
  { reader, random }: { readonly reader: ObjectReader; readonly random: () => number },
): Promise<Pod> {
  const name = pod.spec.serviceAccountName || pod.spec.serviceAccount || 'default';
  const account = await findAccount(reader, attributes, name);
  const named = withSpec(pod, { serviceAccountName: name, serviceAccount: name });
  const mounted = shouldAutomount(account, pod) ? withToken(named, random) : named;
  const secrets = pod.spec.imagePullSecrets ?? [];
  const inherited = account.imagePullSecrets ?? [];
  const complete = secrets.length === 0 && inherited.length > 0 ? withSpec(mounted, { imagePullSecrets: inherited }) : mounted;
  checkSecrets(account, complete, attributes);
  return complete;
}

/** Rejects with StatusError when the pod has no account, or uses a Secret that it may not use. */
async function checked(
  pod: Pod,
  attributes: AdmissionAttributes,
  { reader, isEphemeral }: { readonly reader: ObjectReader; readonly isEphemeral: boolean },
): Promise<void> {
  const name = pod.spec.serviceAccountName ?? '';
  if (name === '') {
    const cause = `no service account specified for pod ${attributes.namespace}/${pod.metadata.name}`;
    throw admissionForbidden(attributes, cause);
  }
  const account = await findAccount(reader, attributes, name);
  if (!isEphemeral) return checkSecrets(account, pod, attributes);
  const forbidden = enforcesMountableSecrets(account) ? forbiddenEphemeralSecret(account, pod.spec) : undefined;
  // Upstream answers this error as it is. Source: admission.go (limitEphemeralContainerSecretReferences).
  if (forbidden !== undefined) throw new StatusError({ code: 500, message: forbidden });
}

const isMirror = ({ metadata }: Pod): boolean => metadata.annotations?.[mirrorAnnotation] !== undefined;

/** Refuses a pod with Secrets that its account does not name, when the account demands that. */
function checkSecrets(account: ServiceAccount, { spec }: Pod, attributes: AdmissionAttributes): void {
  const forbidden = enforcesMountableSecrets(account) ? forbiddenSecret(account, spec) : undefined;
  if (forbidden !== undefined) throw admissionForbidden(attributes, forbidden);
}

async function findAccount(reader: ObjectReader, attributes: AdmissionAttributes, name: string): Promise<ServiceAccount> {
  const ref = { resourceName: 'serviceaccounts', namespace: attributes.namespace, name };
  const found =
    reader.get(ref.resourceName, ref.namespace, name) ??
    (name === 'default' ? await reader.awaitObject(ref, defaultAccountWaitMs) : undefined);
  if (found === undefined) {
    const why = unaskableName(name) ?? `serviceaccount ${JSON.stringify(name)} not found`;
    throw admissionForbidden(attributes, `error looking up service account ${attributes.namespace}/${name}: ${why}`);
  }
  // Only ServiceAccounts are stored under this resource name.
  return found as ServiceAccount;
}

function checkMirrorPod({ spec }: Pod, attributes: AdmissionAttributes): void {
  if (spec.serviceAccountName !== undefined && spec.serviceAccountName !== '') {
    throw admissionForbidden(attributes, 'a mirror pod may not reference service accounts');
  }
  if (secretNames(spec).size > 0) throw admissionForbidden(attributes, 'a mirror pod may not reference secrets');
  const projects = (spec.volumes ?? []).some(({ projected }) =>
    projected?.sources?.some((source) => source.serviceAccountToken !== undefined),
  );
  if (projects) throw admissionForbidden(attributes, 'a mirror pod may not use ServiceAccountToken volume projections');
}

const shouldAutomount = (account: ServiceAccount, { spec }: Pod): boolean =>
  spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;

function withToken(pod: Pod, random: () => number): Pod {
  const { volumes = [], containers, initContainers } = pod.spec;
  const existing = volumes.find(({ name }) => name.startsWith(volumePrefix));
  const volume = existing ?? tokenVolume(generateName(volumePrefix, random));
  const needsMount = (container: Container): boolean => !container.volumeMounts?.some((mount) => mount.mountPath === mountPath);
  if (![...containers, ...(initContainers ?? [])].some(needsMount)) return pod;
  const mounted = (container: Container): Container =>
    needsMount(container)
      ? { ...container, volumeMounts: [...(container.volumeMounts ?? []), { name: volume.name, readOnly: true, mountPath }] }
      : container;
  return withSpec(pod, {
    volumes: existing === undefined ? [...volumes, volume] : volumes,
    containers: containers.map(mounted),
    ...(initContainers === undefined ? {} : { initContainers: initContainers.map(mounted) }),
  });
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
      defaultMode: fileMode,
    },
  };
}
