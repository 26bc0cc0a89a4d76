/** Which groups, versions and resources are served, in upstream's order, derived from the Kinds. */
import { createHash } from 'node:crypto';
import { type AnyKind, servedKinds } from '../../../api/kind.ts';
import { compareVersions } from '../../../api/version-order.ts';
import type { VirtualResource } from '../virtual/virtual-resource.ts';
import { type SubresourceInfo, subresourcesOf } from './subresource-info.ts';

export interface ServedResource {
  readonly kind: AnyKind;
  readonly verbs: readonly string[];
  readonly subresources: readonly SubresourceInfo[];
  /** Absent for virtual resources. */
  readonly storageVersionHash: string | undefined;
}

export interface ServedGroupVersion {
  readonly group: string;
  readonly version: string;
  /** Sorted by plural name. */
  readonly resources: readonly ServedResource[];
}

export interface ServedGroup {
  readonly name: string;
  /** Best first. */
  readonly versions: readonly ServedGroupVersion[];
}

/** Groups in upstream's priority (kube-aggregator's API services). Other groups follow, sorted by name. */
const groupOrder: readonly string[] = [
  ...['', 'apiregistration.k8s.io', 'events.k8s.io', 'authentication.k8s.io', 'authorization.k8s.io', 'autoscaling', 'batch'],
  ...['certificates.k8s.io', 'networking.k8s.io', 'policy', 'rbac.authorization.k8s.io', 'storage.k8s.io', 'admissionregistration.k8s.io'],
  ...['apiextensions.k8s.io', 'scheduling.k8s.io', 'coordination.k8s.io', 'node.k8s.io', 'discovery.k8s.io', 'resource.k8s.io'],
  ...['flowcontrol.apiserver.k8s.io', 'internal.apiserver.k8s.io', 'storagemigration.k8s.io', 'apps'],
];

/** These groups come last, so that short names resolve to the current groups. */
const legacyGroups: readonly string[] = ['extensions'];

const groupRank = (group: string): number => {
  if (group === 'apps') return 1.5;
  if (legacyGroups.includes(group)) return 1000;
  const index = groupOrder.indexOf(group);
  return index < 0 ? 500 : index;
};

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const;

/** Source: apiserver pkg/endpoints/discovery/storageversionhash.go. */
const storageVersionHash = (kind: AnyKind): string =>
  createHash('sha256').update(`${kind.group}/${kind.version}/${kind.kind}`).digest().subarray(0, 8).toString('base64');

const servedAs = (kind: AnyKind): readonly (readonly [string, string])[] => [
  [kind.group, kind.version],
  ...(kind.codec.alsoServed ?? []).map((also) => [also.group ?? kind.group, also.version] as const),
];

/** A custom resource whose definition is being deleted takes no new objects, and changes none. */
const whileTerminating: readonly string[] = allVerbs.filter((verb) => !['create', 'patch', 'update'].includes(verb));

function verbsOf(kind: AnyKind): readonly string[] {
  if (kind.create?.refusal !== undefined) return whileTerminating;
  return kind.delete?.collection === false ? allVerbs.filter((verb) => verb !== 'deletecollection') : allVerbs;
}

/** Everything served. */
export function servedGroups(kinds: readonly AnyKind[], virtual: readonly VirtualResource[]): readonly ServedGroup[] {
  const groups = new Map<string, Map<string, Map<string, ServedResource>>>();
  const put = (group: string, version: string, resource: ServedResource): void => {
    const versions = groups.get(group) ?? new Map<string, Map<string, ServedResource>>();
    const resources = versions.get(version) ?? new Map<string, ServedResource>();
    groups.set(group, versions.set(version, resources.set(resource.kind.plural, resource)));
  };
  for (const kind of kinds) {
    const hash = storageVersionHash(kind);
    for (const served of servedKinds(kind)) {
      const verbs = verbsOf(served);
      for (const [group, version] of servedAs(served)) {
        put(group, version, { kind: served, verbs, subresources: subresourcesOf(served, group, version), storageVersionHash: hash });
      }
    }
  }
  for (const { kind, verbs } of virtual)
    put(kind.group, kind.version, { kind, verbs: verbs.toSorted(), subresources: [], storageVersionHash: undefined });
  return [...groups]
    .map(([name, versions]) => ({
      name,
      versions: [...versions]
        .map(([version, resources]) => ({
          group: name,
          version,
          resources: [...resources.values()].toSorted((a, b) => compareText(a.kind.plural, b.kind.plural)),
        }))
        .toSorted((a, b) => compareVersions(a.version, b.version)),
    }))
    .toSorted((a, b) => groupRank(a.name) - groupRank(b.name) || compareText(a.name, b.name));
}
