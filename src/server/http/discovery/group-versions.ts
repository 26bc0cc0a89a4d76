/** Which groups, versions and resources are served, in upstream's order, derived from the Kinds. */
import { createHash } from 'node:crypto';
import { priorityOf } from '../../../api/group-priorities.ts';
import type { JsonObject } from '../../../api/json.ts';
import { type AnyKind, isCustom, servedKinds } from '../../../api/kind.ts';
import { compareVersions } from '../../../api/version-order.ts';
import type { RemoteGroupVersion } from '../aggregation/remote-groups.ts';
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
  /** Set when a Service serves it: the version as a part of an APIGroupDiscoveryList. */
  readonly remote?: JsonObject;
}

export interface ServedGroup {
  readonly name: string;
  /** Best first. */
  readonly versions: readonly ServedGroupVersion[];
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const allVerbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'] as const;

/** Source: apiserver pkg/endpoints/discovery/storageversionhash.go. */
const storageVersionHash = (kind: AnyKind): string =>
  createHash('sha256').update(`${kind.group}/${kind.version}/${kind.kind}`).digest().subarray(0, 8).toString('base64');

/**
 * Under which versions a Kind is shown, and as what. Versions that Kubernetes has removed have no short names and are
 * in no category, so that clients find them only by their names.
 */
const servedAs = (kind: AnyKind): readonly (readonly [group: string, version: string, shown: AnyKind])[] => [
  [kind.group, kind.version, kind],
  ...(kind.codec.alsoServed ?? []).map(({ group = kind.group, version, old }) => {
    const shown = old === true ? { ...kind, names: { ...kind.names, shortNames: [], categories: [] } } : kind;
    return [group, version, shown] as const;
  }),
];

/** Source: apiextensions-apiserver pkg/apiserver/customresource_discovery_controller.go. */
const customVerbs: readonly string[] = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];

/** A custom resource whose definition is being deleted takes no new objects, and changes none. */
const whileTerminating = customVerbs.filter((verb) => !['create', 'patch', 'update'].includes(verb));

function verbsOf(kind: AnyKind): readonly string[] {
  if (isCustom(kind)) return kind.create?.refusal === undefined ? customVerbs : whileTerminating;
  return kind.delete?.collection === false ? allVerbs.filter((verb) => verb !== 'deletecollection') : allVerbs;
}

/** The group that serves the others comes before them all. Source: kube-aggregator pkg/apiserver/handler_apis.go. */
const first = 'apiregistration.k8s.io';
const firstPriority = 17_999;

/** Everything served, by this server or by Services. What a Service serves takes the place of what this server does. */
export function servedGroups(
  kinds: readonly AnyKind[],
  virtual: readonly VirtualResource[],
  remote: readonly RemoteGroupVersion[] = [],
): readonly ServedGroup[] {
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
      for (const [group, version, shown] of servedAs(served)) {
        put(group, version, { kind: shown, verbs, subresources: subresourcesOf(served, group, version), storageVersionHash: hash });
      }
    }
  }
  for (const { kind, verbs } of virtual)
    put(kind.group, kind.version, { kind, verbs: verbs.toSorted(), subresources: [], storageVersionHash: undefined });
  for (const { group } of remote) if (!groups.has(group)) groups.set(group, new Map());
  const remoteOf = (group: string, version: string) => remote.find((one) => one.group === group && one.version === version);
  const priority = (group: string, version: string) => remoteOf(group, version)?.priority ?? priorityOf(group, version);
  const groupPriority = ({ name, versions }: ServedGroup): number =>
    name === first ? firstPriority : Math.max(...versions.map(({ version }) => priority(name, version).group));
  const bestFirst = (a: ServedGroupVersion, b: ServedGroupVersion): number =>
    priority(b.group, b.version).version - priority(a.group, a.version).version || compareVersions(a.version, b.version);
  return [...groups]
    .map(([name, versions]): ServedGroup => {
      const ofRemote = remote.filter(({ group }) => group === name).map(({ version, discovery }) => ({ version, discovery }));
      const own = [...versions]
        .filter(([version]) => remoteOf(name, version) === undefined)
        .map(([version, resources]) => ({
          group: name,
          version,
          resources: [...resources.values()].toSorted((a, b) => compareText(a.kind.plural, b.kind.plural)),
        }));
      const others = ofRemote.map(({ version, discovery }) => ({ group: name, version, resources: [], remote: discovery }));
      return { name, versions: [...own, ...others].toSorted(bestFirst) };
    })
    .toSorted((a, b) => groupPriority(b) - groupPriority(a) || compareText(a.name, b.name));
}
