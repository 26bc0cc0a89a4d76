/** Warnings about Pods that are accepted all the same. Source: pkg/api/pod/warnings.go, pkg/api/node/util.go. */
import { deepEqual } from '../../deep-equal.ts';
import type { FieldPath } from '../../field-error.ts';
import type { Container, EphemeralContainer, NodeSelectorTerm, PodSpec, Volume } from '../../generated/core/v1.ts';
import type { ObjectMeta } from '../../generated/meta/v1.ts';
import { isLabelValue } from '../../names.ts';
import { deprecatedNodeLabels } from '../../node-labels.ts';
import { isWhole, parseQuantity } from '../../quantity.ts';
import { ipWarnings } from '../../validation/ip-warnings.ts';
import { appArmorAnnotationPrefix, appArmorProfileOf } from '../app-armor.ts';
import { overlappingPathWarnings } from './path-warnings.ts';
import { portWarnings } from './port-warnings.ts';
import { containersOf } from './windows.ts';

const deprecatedAnnotations: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
    'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
    'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  }),
);

const deprecatedVolumes = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;

/** Warnings about a term that selects nodes. */
export function nodeTermWarnings(term: NodeSelectorTerm, checksValues: boolean, at: FieldPath): readonly string[] {
  return (term.matchExpressions ?? []).flatMap(({ key, values = [] }, i) => {
    const here = at.field('matchExpressions').index(i);
    const message = deprecatedNodeLabels.get(key);
    const bad = checksValues
      ? values.flatMap((value, j) => isLabelValue(value).map((what) => `${here.field('values').index(j)}: ${value} is invalid, ${what}`))
      : [];
    return [...(message === undefined ? [] : [`${here.field('key')}: ${key} is ${message}`]), ...bad];
  });
}

const nullSelector = 'a null labelSelector results in matching no pod';

function schedulingWarnings(spec: PodSpec, at: FieldPath): readonly string[] {
  const affinity = spec.affinity?.nodeAffinity;
  const here = at.field('affinity', 'nodeAffinity');
  const required = here.field('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  const preferred = here.field('preferredDuringSchedulingIgnoredDuringExecution');
  return [
    ...Object.keys(spec.nodeSelector ?? {}).flatMap((key) =>
      deprecatedNodeLabels.get(key) === undefined ? [] : [`${at.field('nodeSelector').key(key)}: ${deprecatedNodeLabels.get(key)}`],
    ),
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).flatMap((term, i) =>
      nodeTermWarnings(term, false, required.index(i)),
    ),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(({ preference }, i) =>
      nodeTermWarnings(preference, true, preferred.index(i).field('preference')),
    ),
    ...(spec.topologySpreadConstraints ?? []).flatMap(({ topologyKey, labelSelector }, i) => {
      const path = at.field('topologySpreadConstraints').index(i);
      const message = deprecatedNodeLabels.get(topologyKey);
      return [
        ...(message === undefined ? [] : [`${path.field('topologyKey')}: ${topologyKey} is ${message}`]),
        ...(labelSelector === undefined ? [`${path.field('labelSelector')}: ${nullSelector}`] : []),
      ];
    }),
  ];
}

function duplicates(values: readonly string[], what: string, path: (i: number) => FieldPath): readonly string[] {
  const seen = new Set<string>();
  return values.flatMap((value, i) => {
    if (seen.has(value)) return [`${path(i)}: duplicate ${what} ${JSON.stringify(value)}`];
    seen.add(value);
    return [];
  });
}

function fractionWarnings(
  amounts: Readonly<Record<string, string>> | undefined,
  at: FieldPath,
  names: readonly string[] = ['memory', 'ephemeral-storage'],
): readonly string[] {
  return names.flatMap((name) => {
    const amount = amounts?.[name];
    return amount === undefined || isWhole(parseQuantity(amount))
      ? []
      : [`${at.key(name)}: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`];
  });
}

/** Warns of a variable that is set twice when the second value does not refer to the first. */
function envWarnings({ env = [] }: Container | EphemeralContainer, at: FieldPath): readonly string[] {
  const seen = new Set<string>();
  return env.flatMap(({ name, value = '', valueFrom }, i) => {
    const reference = `$(${name})`;
    const builds = valueFrom === undefined && value !== reference && value.includes(reference);
    const known = seen.has(name);
    seen.add(name);
    return !known || builds
      ? []
      : [`${at.field('env').index(i)}: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`];
  });
}

const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/';

/**
 * Warns of annotations that fields have replaced. In a Pod, it also warns of annotations that have been converted to
 * fields.
 */
function profileWarnings(meta: ObjectMeta, spec: PodSpec, container: Container | EphemeralContainer, at: FieldPath): readonly string[] {
  const { annotations = {} } = meta;
  const warnings: string[] = [];
  const seccomp = seccompContainer + container.name;
  if (container.securityContext?.seccompProfile === undefined && annotations[seccomp] !== undefined) {
    warnings.push(`${at.key(seccomp)}: non-functional in v1.27+; use the "seccompProfile" field instead`);
  }
  const key = appArmorAnnotationPrefix + container.name;
  const annotation = annotations[key];
  if (annotation === undefined || container.securityContext?.appArmorProfile !== undefined) return warnings;
  const [wanted, ofPod] = [appArmorProfileOf(annotation), spec.securityContext?.appArmorProfile];
  if (wanted === undefined || !deepEqual(wanted, ofPod)) {
    warnings.push(`${at.key(key)}: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
  return warnings;
}

function claimWarnings({ ephemeral }: Volume, at: FieldPath): readonly string[] {
  const resources = ephemeral?.volumeClaimTemplate?.spec.resources;
  const here = at.field('ephemeral', 'volumeClaimTemplate', 'spec', 'resources');
  return [
    ...fractionWarnings(resources?.requests, here.field('requests'), ['storage']),
    ...fractionWarnings(resources?.limits, here.field('limits'), ['storage']),
  ];
}

function volumeWarnings(volumes: readonly Volume[], at: FieldPath): readonly string[] {
  return volumes.flatMap((volume, i) => {
    const deprecated = (from: number, to?: number): readonly string[] =>
      deprecatedVolumes
        .slice(from, to)
        .flatMap(([source, path, message]) => (volume[source] === undefined ? [] : [`${at.index(i).field(path)}: ${message}`]));
    return [...deprecated(0, 7), ...claimWarnings(volume, at.index(i)), ...deprecated(7)];
  });
}

function podAffinityWarnings({ affinity }: PodSpec, at: FieldPath): readonly string[] {
  return (['podAffinity', 'podAntiAffinity'] as const).flatMap((name) => {
    const {
      requiredDuringSchedulingIgnoredDuringExecution: required = [],
      preferredDuringSchedulingIgnoredDuringExecution: preferred = [],
    } = affinity?.[name] ?? {};
    const here = at.field('affinity', name);
    const [must, may] = [
      here.field('requiredDuringSchedulingIgnoredDuringExecution'),
      here.field('preferredDuringSchedulingIgnoredDuringExecution'),
    ];
    return [
      ...required.flatMap(({ labelSelector }, i) =>
        labelSelector === undefined ? [`${must.index(i).field('labelSelector')}: ${nullSelector}`] : [],
      ),
      ...preferred.flatMap(({ podAffinityTerm }, i) =>
        podAffinityTerm.labelSelector === undefined ? [`${may.index(i).field('podAffinityTerm', 'labelSelector')}: ${nullSelector}`] : [],
      ),
    ];
  });
}

/** What deserves a warning in a Pod (`at` is the root) or in a template. */
export function podWarnings(meta: ObjectMeta, spec: PodSpec, at: FieldPath): readonly string[] {
  const here = at.field('spec');
  const annotations = at.field('metadata', 'annotations');
  const secrets = (spec.imagePullSecrets ?? []).map(({ name = '' }) => name);
  const secretPath = (i: number): FieldPath => here.field('imagePullSecrets').index(i).field('name');
  const hosts = (spec.hostAliases ?? []).map(({ ip }) => ip);
  return [
    ...schedulingWarnings(spec, here),
    ...Object.keys(meta.annotations ?? {}).flatMap((key) =>
      deprecatedAnnotations.get(key) === undefined ? [] : [`${annotations.key(key)}: ${deprecatedAnnotations.get(key)}`],
    ),
    ...volumeWarnings(spec.volumes ?? [], here.field('volumes')),
    ...overlappingPathWarnings(spec.volumes ?? []),
    ...duplicates(hosts, 'ip', (i) => here.field('hostAliases').index(i).field('ip')),
    ...duplicates(secrets, 'name', secretPath),
    ...secrets.flatMap((name, i) => (name === '' ? [`${secretPath(i)}: invalid empty name ""`] : [])),
    ...fractionWarnings(spec.overhead, here.field('overhead')),
    ...(spec.securityContext?.seccompProfile === undefined && meta.annotations?.[seccompPod] !== undefined
      ? [`${annotations.key(seccompPod)}: non-functional in v1.27+; use the "seccompProfile" field instead`]
      : []),
    ...[...containersOf(spec, here)].flatMap(([container, path]) => [
      ...profileWarnings(meta, spec, container, annotations),
      ...fractionWarnings(container.resources.limits, path.field('resources', 'limits'), ['memory']),
      ...fractionWarnings(container.resources.requests, path.field('resources', 'requests'), ['memory']),
      ...fractionWarnings(container.resources.limits, path.field('resources', 'limits'), ['ephemeral-storage']),
      ...fractionWarnings(container.resources.requests, path.field('resources', 'requests'), ['ephemeral-storage']),
      ...envWarnings(container, path),
    ]),
    ...portWarnings(spec, here),
    ...(spec.terminationGracePeriodSeconds < 0
      ? [`${here.field('terminationGracePeriodSeconds')}: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
    ...podAffinityWarnings(spec, here),
    ...(spec.dnsConfig?.nameservers ?? []).flatMap((ip, i) => ipWarnings(ip, here.field('dnsConfig', 'nameservers').index(i))),
    ...hosts.flatMap((ip, i) => ipWarnings(ip, here.field('hostAliases').index(i).field('ip'))),
  ];
}
