/** Discovery with one document per path: `/api`, `/apis` and below. Source: apiserver pkg/endpoints/discovery. */
import type { JsonObject } from '../../../api/json.ts';
import { apiVersionOf } from '../../../api/kind.ts';
import type { ServedGroup, ServedGroupVersion, ServedResource } from './group-versions.ts';

export const apiVersions = (serverAddress: string): JsonObject => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
});

const groupJson = ({ name, versions }: ServedGroup): JsonObject => {
  const all = versions.map(({ version }) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: all, ...(all[0] === undefined ? {} : { preferredVersion: all[0] }) };
};

export const apiGroupList = (groups: readonly ServedGroup[]): JsonObject => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groups.filter(({ name }) => name !== '').map(groupJson),
});

export const apiGroup = (group: ServedGroup): JsonObject => ({ kind: 'APIGroup', apiVersion: 'v1', ...groupJson(group) });

function resourceJson(
  { kind, verbs, storageVersionHash, subresources }: ServedResource,
  group: string,
  version: string,
): readonly JsonObject[] {
  const namespaced = kind.scope === 'Namespaced';
  const main: JsonObject = {
    name: kind.plural,
    singularName: kind.names.singular,
    namespaced,
    kind: kind.kind,
    verbs,
    ...(kind.names.shortNames.length === 0 ? {} : { shortNames: kind.names.shortNames }),
    ...(kind.names.categories.length === 0 ? {} : { categories: kind.names.categories }),
    ...(storageVersionHash === undefined ? {} : { storageVersionHash }),
  };
  const subs = subresources.map(
    (sub): JsonObject => ({
      name: `${kind.plural}/${sub.name}`,
      singularName: '',
      namespaced,
      ...(sub.group === group && sub.version === version ? {} : { group: sub.group, version: sub.version }),
      kind: sub.kind,
      verbs: sub.verbs,
    }),
  );
  return [main, ...subs];
}

export const apiResourceList = ({ group, version, resources }: ServedGroupVersion): JsonObject => ({
  kind: 'APIResourceList',
  ...(group === '' ? {} : { apiVersion: 'v1' }),
  groupVersion: apiVersionOf(group, version),
  resources: resources.flatMap((resource) => resourceJson(resource, group, version)),
});
