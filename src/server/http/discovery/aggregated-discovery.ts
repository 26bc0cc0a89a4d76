/**
 * Aggregated discovery: everything in one document, an APIGroupDiscoveryList. Source: KEP-3352; api
 * apidiscovery/v2/types.go.
 */
import type { JsonObject } from '../../../api/json.ts';
import { isCustom } from '../../../api/kind.ts';
import type { GroupVersionKind } from '../../../api/object.ts';
import type { ServedGroup, ServedGroupVersion, ServedResource } from './group-versions.ts';

/**
 * Group and version are left empty where they equal those of the list, but not for custom resources. Source: apiserver
 * pkg/endpoints/installer.go (ConvertGroupVersionIntoToDiscovery); apiextensions-apiserver
 * pkg/apiserver/customresource_discovery_controller.go.
 */
function resourceJson({ kind, verbs, subresources }: ServedResource, group: string, version: string): JsonObject {
  const responseKind = (type: GroupVersionKind): JsonObject =>
    type.group === group && type.version === version && !isCustom(kind)
      ? { group: '', version: '', kind: type.kind }
      : { group: type.group, version: type.version, kind: type.kind };
  const subs = subresources.map((sub): JsonObject => ({ subresource: sub.name, responseKind: responseKind(sub), verbs: sub.verbs }));
  return {
    resource: kind.plural,
    responseKind: responseKind({ group, version, kind: kind.kind }),
    scope: kind.scope === 'Namespaced' ? 'Namespaced' : 'Cluster',
    singularResource: kind.names.singular,
    verbs,
    ...(kind.names.shortNames.length === 0 ? {} : { shortNames: kind.names.shortNames }),
    ...(kind.names.categories.length === 0 ? {} : { categories: kind.names.categories }),
    ...(subs.length === 0 ? {} : { subresources: subs }),
  };
}

const versionJson = ({ group, version, resources, remote }: ServedGroupVersion): JsonObject =>
  remote ?? {
    version,
    resources: resources.map((resource) => resourceJson(resource, group, version)),
    freshness: 'Current',
  };

/** `discoveryVersion` is v2 or v2beta1 of apidiscovery.k8s.io; both have the same content. */
export const groupDiscoveryList = (groups: readonly ServedGroup[], discoveryVersion: string): JsonObject => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${discoveryVersion}`,
  metadata: {},
  items: groups.map(({ name, versions }): JsonObject => {
    return { metadata: name === '' ? {} : { name }, versions: versions.map(versionJson) };
  }),
});
