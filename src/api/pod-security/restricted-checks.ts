/** The checks that the restricted level adds. Source: pod-security-admission policy/check_*.go. */
import type { Volume } from '../generated/core/v1.ts';
import { procMount } from './baseline-checks.ts';
import {
  type AnyContainer,
  type Check,
  type CheckedPod,
  containersOf,
  containersText,
  counted,
  exceptInUserNamespace,
  exceptOnWindows,
  joinQuoted,
  namesWhere,
  settersText,
  sortedSet,
  type Violation,
} from './check.ts';
import { seccompRestricted } from './seccomp-checks.ts';

function allowPrivilegeEscalation(pod: CheckedPod): Violation | undefined {
  const bad = namesWhere(pod, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (bad.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${containersText(bad)} must set securityContext.allowPrivilegeEscalation=false`,
  };
}

const addedCapabilities = ({ securityContext }: AnyContainer): readonly string[] =>
  (securityContext?.capabilities?.add ?? []).filter((capability) => capability !== 'NET_BIND_SERVICE');

function capabilities(pod: CheckedPod): Violation | undefined {
  const keeping = namesWhere(pod, ({ securityContext }) => !(securityContext?.capabilities?.drop ?? []).includes('ALL'));
  const adding = namesWhere(pod, (container) => addedCapabilities(container).length > 0);
  const details: string[] = [];
  if (keeping.length > 0) details.push(`${containersText(keeping)} must set securityContext.capabilities.drop=["ALL"]`);
  if (adding.length > 0) {
    const added = joinQuoted(sortedSet(containersOf(pod.spec).flatMap(addedCapabilities)));
    details.push(`${containersText(adding)} must not include ${added} in securityContext.capabilities.add`);
  }
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
}

const allowedVolumes: readonly (keyof Volume)[] = [
  ...(['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image', 'persistentVolumeClaim', 'projected', 'secret'] as const),
];
/** A volume with several sources is named by the first of these. */
const restrictedVolumes: readonly (keyof Volume)[] = [
  ...(['hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'gitRepo', 'nfs', 'iscsi', 'glusterfs', 'rbd', 'flexVolume'] as const),
  ...(['cinder', 'cephfs', 'flocker', 'fc', 'azureFile', 'vsphereVolume', 'quobyte', 'azureDisk', 'photonPersistentDisk'] as const),
  ...(['portworxVolume', 'scaleIO', 'storageos'] as const),
];

function volumeTypes({ spec }: CheckedPod): Violation | undefined {
  const bad = (spec.volumes ?? []).filter((volume) => !allowedVolumes.some((type) => volume[type] !== undefined));
  if (bad.length === 0) return undefined;
  const names = bad.map(({ name }) => name);
  const types = sortedSet(bad.map((volume) => restrictedVolumes.find((type) => volume[type] !== undefined) ?? 'unknown'));
  return {
    reason: 'restricted volume types',
    detail: `${counted('volume', names)} ${names.length === 1 ? 'uses' : 'use'} ${counted('restricted volume type', types)}`,
  };
}

function runAsNonRoot(pod: CheckedPod): Violation | undefined {
  const ofPod = pod.spec.securityContext?.runAsNonRoot;
  const setters = settersText(
    ofPod === false,
    namesWhere(pod, ({ securityContext }) => securityContext?.runAsNonRoot === false),
  );
  const reason = 'runAsNonRoot != true';
  if (setters !== '') return { reason, detail: `${setters} must not set securityContext.runAsNonRoot=false` };
  const silent = ofPod === true ? [] : namesWhere(pod, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
  if (silent.length === 0) return undefined;
  return { reason, detail: `pod or ${containersText(silent)} must set securityContext.runAsNonRoot=true` };
}

function runAsUser(pod: CheckedPod): Violation | undefined {
  const bad = namesWhere(pod, ({ securityContext }) => securityContext?.runAsUser === 0);
  const setters = settersText(pod.spec.securityContext?.runAsUser === 0, bad);
  return setters === '' ? undefined : { reason: 'runAsUser=0', detail: `${setters} must not set runAsUser=0` };
}

/** In the order of their ids, in which violations are told. */
export const restrictedChecks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    versions: [
      { since: 8, judge: allowPrivilegeEscalation },
      { since: 25, judge: exceptOnWindows(allowPrivilegeEscalation) },
    ],
  },
  {
    id: 'capabilities_restricted',
    versions: [
      { since: 22, judge: capabilities, replaces: 'capabilities_baseline' },
      { since: 25, judge: exceptOnWindows(capabilities), replaces: 'capabilities_baseline' },
    ],
  },
  { id: 'procMount_restricted', versions: [{ since: 35, judge: procMount, replaces: 'procMount' }] },
  { id: 'restrictedVolumes', versions: [{ since: 0, judge: volumeTypes, replaces: 'hostPathVolumes' }] },
  {
    id: 'runAsNonRoot',
    versions: [
      { since: 0, judge: runAsNonRoot },
      { since: 35, judge: exceptInUserNamespace(runAsNonRoot) },
    ],
  },
  {
    id: 'runAsUser',
    versions: [
      { since: 23, judge: runAsUser },
      { since: 35, judge: exceptInUserNamespace(runAsUser) },
    ],
  },
  { id: 'seccompProfile_restricted', versions: seccompRestricted },
];
