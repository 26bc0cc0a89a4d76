/** Warnings about Pods that are accepted all the same. Source: pkg/api/pod/warnings.go, pkg/api/node/util.go. */
import type { FieldPath } from '../../field-error.ts';
import type { Container, EphemeralContainer, NodeSelectorTerm, PodSpec } from '../../generated/core/v1.ts';
import type { ObjectMeta } from '../../generated/meta/v1.ts';
import { isWhole, parseQuantity } from '../../quantity.ts';
import { containersOf } from './windows.ts';

const deprecatedLabels: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
    'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
    'failure-domain.beta.kubernetes.io/region': 'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
    'failure-domain.beta.kubernetes.io/zone': 'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
    'beta.kubernetes.io/instance-type': 'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  }),
);

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

function termWarnings(term: NodeSelectorTerm, at: FieldPath): readonly string[] {
  return (term.matchExpressions ?? []).flatMap(({ key }, i) => {
    const message = deprecatedLabels.get(key);
    return message === undefined ? [] : [`${at.field('matchExpressions').index(i).field('key')}: ${key} is ${message}`];
  });
}

function schedulingWarnings(spec: PodSpec, at: FieldPath): readonly string[] {
  const affinity = spec.affinity?.nodeAffinity;
  const here = at.field('affinity', 'nodeAffinity');
  const required = here.field('requiredDuringSchedulingIgnoredDuringExecution', 'nodeSelectorTerms');
  const preferred = here.field('preferredDuringSchedulingIgnoredDuringExecution');
  return [
    ...Object.keys(spec.nodeSelector ?? {}).flatMap((key) =>
      deprecatedLabels.get(key) === undefined ? [] : [`${at.field('nodeSelector').key(key)}: ${deprecatedLabels.get(key)}`],
    ),
    ...(affinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []).flatMap((term, i) =>
      termWarnings(term, required.index(i)),
    ),
    ...(affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).flatMap(({ preference }, i) =>
      termWarnings(preference, preferred.index(i).field('preference')),
    ),
    ...(spec.topologySpreadConstraints ?? []).flatMap(({ topologyKey, labelSelector }, i) => {
      const path = at.field('topologySpreadConstraints').index(i);
      const message = deprecatedLabels.get(topologyKey);
      return [
        ...(message === undefined ? [] : [`${path.field('topologyKey')}: ${topologyKey} is ${message}`]),
        ...(labelSelector === undefined ? [`${path.field('labelSelector')}: a null labelSelector results in matching no pod`] : []),
      ];
    }),
  ];
}

function duplicates(values: readonly string[], what: string, path: (i: number) => FieldPath): readonly string[] {
  return values.flatMap((value, i) => (values.indexOf(value) < i ? [`${path(i)}: duplicate ${what} ${JSON.stringify(value)}`] : []));
}

function fractionWarnings(amounts: Readonly<Record<string, string>> | undefined, at: FieldPath): readonly string[] {
  return ['memory', 'ephemeral-storage'].flatMap((name) => {
    const amount = amounts?.[name];
    return amount === undefined || isWhole(parseQuantity(amount))
      ? []
      : [`${at.key(name)}: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`];
  });
}

/** A variable that is set twice, the second time without building on the first. */
function envWarnings({ env = [] }: Container | EphemeralContainer, at: FieldPath): readonly string[] {
  const names = env.map(({ name }) => name);
  return env.flatMap(({ name, value = '', valueFrom }, i) => {
    const reference = `$(${name})`;
    const builds = valueFrom === undefined && value !== reference && value.includes(reference);
    return names.indexOf(name) === i || builds
      ? []
      : [`${at.field('env').index(i)}: hides previous definition of ${JSON.stringify(name)}, which may be dropped when using apply`];
  });
}

function portWarnings(spec: PodSpec, at: FieldPath): readonly string[] {
  const warnings: string[] = [];
  const known = new Map<string, Array<{ readonly path: FieldPath; readonly hostPort: number; readonly hostIP: string }>>();
  for (const [{ ports }, path] of containersOf(spec, at)) {
    for (const [i, { containerPort, protocol, hostPort = 0, hostIP = '' }] of (ports ?? []).entries()) {
      const here = path.field('ports').index(i);
      const key = `${containerPort}/${protocol}`;
      const others = known.get(key) ?? [];
      for (const other of others) {
        if (hostIP === other.hostIP && hostPort === other.hostPort) {
          warnings.push(`${here}: duplicate port definition with ${other.path}`);
        } else if (hostPort === 0 || other.hostPort === 0) {
          warnings.push(`${here}: overlapping port definition with ${other.path}`);
        } else if (hostPort === other.hostPort && (hostIP === '' || other.hostIP === '')) {
          warnings.push(`${here}: dangerously ambiguous port definition with ${other.path}`);
        }
      }
      known.set(key, [...others, { path: here, hostPort, hostIP }]);
    }
  }
  return warnings;
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
    ...(spec.volumes ?? []).flatMap((volume, i) =>
      deprecatedVolumes.flatMap(([source, path, message]) =>
        volume[source] === undefined ? [] : [`${here.field('volumes').index(i).field(path)}: ${message}`],
      ),
    ),
    ...duplicates(hosts, 'ip', (i) => here.field('hostAliases').index(i).field('ip')),
    ...duplicates(secrets, 'name', secretPath),
    ...secrets.flatMap((name, i) => (name === '' ? [`${secretPath(i)}: invalid empty name ""`] : [])),
    ...fractionWarnings(spec.overhead, here.field('overhead')),
    ...[...containersOf(spec, here)].flatMap(([container, path]) => [
      ...fractionWarnings(container.resources.limits, path.field('resources', 'limits')),
      ...fractionWarnings(container.resources.requests, path.field('resources', 'requests')),
      ...envWarnings(container, path),
    ]),
    ...portWarnings(spec, here),
    ...(spec.terminationGracePeriodSeconds < 0
      ? [`${here.field('terminationGracePeriodSeconds')}: must be >= 0; negative values are invalid and will be treated as 1`]
      : []),
  ];
}
