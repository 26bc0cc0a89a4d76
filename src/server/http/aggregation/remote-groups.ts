/**
 * What Services serve, as discovery shows it. Source: kube-aggregator
 * pkg/apiserver/{handler_discovery,handler_apis}.go.
 */
import { isObject, type JsonObject, type JsonValue } from '../../../api/json.ts';
import { availability } from '../../../api/kinds/apiregistration/api-service.ts';
import type { RemoteApi, RemoteApis } from '../../aggregation/remote-apis.ts';

/** A version of a group that a Service serves. */
export interface RemoteGroupVersion {
  readonly group: string;
  readonly version: string;
  readonly priority: { readonly group: number; readonly version: number };
  /** The version as a part of an APIGroupDiscoveryList. */
  readonly discovery: JsonObject;
}

/** All of them. */
export const remoteGroupVersions = (remote: RemoteApis): readonly RemoteGroupVersion[] =>
  remote.all.map((api) => groupVersion(api, remote));

function groupVersion(api: RemoteApi, remote: RemoteApis): RemoteGroupVersion {
  const { group = '', version = '', groupPriorityMinimum, versionPriority } = api.spec;
  const resources = remote.resourcesOf(api);
  const current = availability(api)?.status === 'True' && resources !== undefined;
  const shown = resources === undefined ? [] : discoveryResources(resources, group, version);
  return {
    group,
    version,
    priority: { group: groupPriorityMinimum, version: versionPriority },
    discovery: { version, ...(shown.length === 0 ? {} : { resources: shown }), freshness: current ? 'Current' : 'Stale' },
  };
}

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
const list = (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : []);

/** The resources of an APIResourceList, with their sub-resources below them. */
function discoveryResources(resources: JsonObject, group: string, version: string): readonly JsonObject[] {
  const all = list(resources.resources).filter(isObject);
  const kindOf = (item: JsonObject): JsonObject => ({
    group: text(item.group) || group,
    version: text(item.version) || version,
    kind: text(item.kind),
  });
  const subresources = (plural: string): readonly JsonObject[] =>
    all
      .filter((item) => text(item.name).startsWith(`${plural}/`))
      .map((item) => ({ subresource: text(item.name).slice(plural.length + 1), responseKind: kindOf(item), verbs: list(item.verbs) }));
  return all
    .filter((item) => !text(item.name).includes('/'))
    .map((item) => {
      const name = text(item.name);
      const below = subresources(name);
      return {
        resource: name,
        responseKind: kindOf(item),
        scope: item.namespaced === true ? 'Namespaced' : 'Cluster',
        singularResource: text(item.singularName),
        verbs: list(item.verbs),
        ...(list(item.shortNames).length === 0 ? {} : { shortNames: list(item.shortNames) }),
        ...(list(item.categories).length === 0 ? {} : { categories: list(item.categories) }),
        ...(below.length === 0 ? {} : { subresources: below }),
      };
    });
}
