/** Everything in one document: APIGroupDiscoveryList. Source: KEP-3352; api apidiscovery/v2/types.go. */
import type { JsonObject } from '../../../api/json.ts';
import type { ServedGroup, ServedGroupVersion, ServedResource } from './group-versions.ts';

function resourceJson({ kind, verbs, subresources }: ServedResource, group: string, version: string): JsonObject {
  const subs = subresources.map((sub): JsonObject => {
    return { subresource: sub.name, responseKind: { group: sub.group, version: sub.version, kind: sub.kind }, verbs: sub.verbs };
  });
  return {
    resource: kind.plural,
    // Upstream's list of the core group leaves the version out. Source: kube-aggregator pkg/apiserver/handler_discovery.go.
    responseKind: { group, version: group === '' ? '' : version, kind: kind.kind },
    scope: kind.scope === 'Namespaced' ? 'Namespaced' : 'Cluster',
    singularResource: kind.names.singular,
    verbs,
    ...(kind.names.shortNames.length === 0 ? {} : { shortNames: kind.names.shortNames }),
    ...(kind.names.categories.length === 0 ? {} : { categories: kind.names.categories }),
    ...(subs.length === 0 ? {} : { subresources: subs }),
  };
}

const versionJson = ({ group, version, resources }: ServedGroupVersion): JsonObject => ({
  version,
  resources: resources.map((resource) => resourceJson(resource, group, version)),
  freshness: 'Current',
});

/** `discoveryVersion` is v2 or v2beta1 of apidiscovery.k8s.io; the two read alike. */
export const groupDiscoveryList = (groups: readonly ServedGroup[], discoveryVersion: string): JsonObject => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${discoveryVersion}`,
  metadata: {},
  items: groups.map(({ name, versions }): JsonObject => {
    return { metadata: name === '' ? {} : { name }, versions: versions.map(versionJson) };
  }),
});
