/** Serves discovery. Documents are cached until the set of Kinds changes. */
import { createHash } from 'node:crypto';
import type { JsonObject } from '../../../api/json.ts';
import { type AnyKind, isCustom } from '../../../api/kind.ts';
import type { RemoteApis } from '../../aggregation/remote-apis.ts';
import type { KindSet } from '../../registry/registry.ts';
import { remoteGroupVersions } from '../aggregation/remote-groups.ts';
import type { VirtualResource } from '../virtual/virtual-resource.ts';
import { groupDiscoveryList } from './aggregated-discovery.ts';
import { type ServedGroup, type ServedGroupVersion, servedGroups } from './group-versions.ts';
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from './legacy-discovery.ts';

export interface AggregatedDocument {
  readonly object: JsonObject;
  readonly etag: string;
}

export class Discovery {
  readonly #kinds: KindSet;
  readonly #virtual: readonly VirtualResource[];
  /** `host:port` of this server, for old clients. */
  serverAddress = '127.0.0.1:6443';
  #all: readonly AnyKind[] | undefined;
  #count = -1;
  readonly #remote: RemoteApis | undefined;
  #remoteVersion = 0;
  #groups: readonly ServedGroup[] = [];
  readonly #documents = new Map<string, AggregatedDocument>();

  /** `remote`: what Services serve. Default: nothing. */
  constructor(kinds: KindSet, virtual: readonly VirtualResource[], remote?: RemoteApis) {
    this.#kinds = kinds;
    this.#virtual = virtual;
    this.#remote = remote;
  }

  get groups(): readonly ServedGroup[] {
    const { all } = this.#kinds;
    const remoteVersion = this.#remote?.version ?? 0;
    if (all !== this.#all || all.length !== this.#count || remoteVersion !== this.#remoteVersion) {
      this.#all = all;
      this.#count = all.length;
      this.#remoteVersion = remoteVersion;
      this.#groups = servedGroups(all, this.#virtual, this.#remote === undefined ? [] : remoteGroupVersions(this.#remote));
      this.#documents.clear();
    }
    return this.#groups;
  }

  /**
   * The document of a path that is split at its slashes (`['apis', 'apps', 'v1']`); undefined when nothing is served
   * there.
   */
  legacy(parts: readonly string[]): JsonObject | undefined {
    const [prefix, first, second, more] = parts;
    if (more !== undefined) return undefined;
    if (prefix === 'api')
      return second !== undefined ? undefined : first === undefined ? apiVersions(this.serverAddress) : this.#resources('', first);
    if (first === undefined) return apiGroupList(this.groups);
    const group = this.groups.find(({ name }) => name === first && name !== '');
    if (group === undefined) return undefined;
    return second === undefined ? apiGroup(group) : this.#resources(first, second);
  }

  /**
   * Whether a path that is split at its slashes lies below `/api` or in the group of a built-in Kind, where the router
   * answers. Source: apiserver pkg/server/handler.go, director.
   */
  serves([prefix, group]: readonly string[]): boolean {
    return (
      prefix === 'api' ||
      this.groups.some(
        ({ name, versions }) =>
          name === group && name !== '' && versions.some(({ resources }) => resources.some(({ kind }) => !isCustom(kind))),
      )
    );
  }

  #version(groupName: string | undefined, version: string | undefined): ServedGroupVersion | undefined {
    const group = this.groups.find(({ name }) => name === groupName);
    return group?.versions.find((item) => item.version === version);
  }

  #resources(groupName: string, version: string): JsonObject | undefined {
    const found = this.#version(groupName, version);
    return found === undefined ? undefined : apiResourceList(found);
  }

  /** The aggregated document of `api` or `apis`. */
  aggregated(prefix: string, discoveryVersion: string): AggregatedDocument {
    const { groups } = this;
    const key = `${prefix} ${discoveryVersion}`;
    const known = this.#documents.get(key);
    if (known !== undefined) return known;
    const object = groupDiscoveryList(
      groups.filter(({ name }) => (name === '') === (prefix === 'api')),
      discoveryVersion,
    );
    const document = { object, etag: `"${createHash('sha512').update(JSON.stringify(object)).digest('hex').toUpperCase()}"` };
    this.#documents.set(key, document);
    return document;
  }

  /** `/api`, `/apis/apps`, `/apis/apps/v1` …, for the index at `/`. */
  paths(): readonly string[] {
    const below = this.groups
      .filter(({ name }) => name !== '')
      .flatMap(({ name, versions }) => [`/apis/${name}`, ...versions.map(({ version }) => `/apis/${name}/${version}`)]);
    return ['/api', '/api/v1', '/apis', ...below];
  }
}
