/**
 * The kinds that Services in the cluster serve, for controllers that cover all kinds: in the preferred version of each
 * group, as far as they can be listed and deleted. Source: client-go discovery/discovery_client.go
 * (ServerPreferredResources).
 */
import { isObject, type JsonObject, type JsonValue } from '../../api/json.ts';
import { type AnyKind, defineKind } from '../../api/kind.ts';
import { availability } from '../../api/kinds/apiregistration/api-service.ts';
import type { CustomObject } from '../../api/object.ts';
import { createOpenFormat } from '../../api/schema/open-format.ts';
import type { Schemas } from '../../api/schema/schema.ts';
import { compareVersions } from '../../api/version-order.ts';
import type { RemoteApi, RemoteApis } from './remote-apis.ts';

interface RemoteKind {
  readonly kind: AnyKind;
  readonly verbs: readonly string[];
}

export interface RemoteKindChange {
  readonly added: readonly AnyKind[];
  readonly removed: readonly AnyKind[];
}

const text = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '');
const list = (value: JsonValue | undefined): readonly JsonValue[] => (Array.isArray(value) ? value : []);

/** Follows the APIs. A kind whose API has changed nothing about it stays the same object. */
export class RemoteKinds {
  readonly #apis: RemoteApis;
  readonly #schemas: Schemas;
  readonly #listeners = new Set<(change: RemoteKindChange) => void>();
  readonly #made = new WeakSet<AnyKind>();
  #known: ReadonlyMap<string, RemoteKind>;

  constructor(apis: RemoteApis, schemas: Schemas) {
    this.#apis = apis;
    this.#schemas = schemas;
    this.#known = this.#read(new Map());
    apis.onChange(() => this.#renew());
  }

  get all(): readonly AnyKind[] {
    return [...this.#known.values()].map(({ kind }) => kind);
  }

  byKind(group: string, version: string, kind: string): AnyKind | undefined {
    return this.all.find((known) => known.group === group && known.version === version && known.kind === kind);
  }

  /** Whether it is one of them, or was. */
  has(kind: AnyKind): boolean {
    return this.#made.has(kind);
  }

  /** Whether its server can do that with it. */
  supports(kind: AnyKind, verb: string): boolean {
    return [...this.#known.values()].some((known) => known.kind === kind && known.verbs.includes(verb));
  }

  /** Versions of groups, as `group/version`, of which is not known what they serve now. */
  get missing(): readonly string[] {
    return this.#apis.all
      .filter((api) => availability(api)?.status !== 'True' || this.#apis.resourcesOf(api) === undefined)
      .map(({ spec }) => `${spec.group}/${spec.version}`)
      .toSorted();
  }

  onChange(listener: (change: RemoteKindChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #renew(): void {
    const before = this.#known;
    this.#known = this.#read(before);
    const removed = [...before].filter(([key]) => !this.#known.has(key)).map(([, { kind }]) => kind);
    const added = [...this.#known].filter(([key]) => !before.has(key)).map(([, { kind }]) => kind);
    if (removed.length > 0 || added.length > 0) for (const listener of this.#listeners) listener({ added, removed });
  }

  #read(before: ReadonlyMap<string, RemoteKind>): ReadonlyMap<string, RemoteKind> {
    const found = new Map<string, RemoteKind>();
    const taken = new Set<string>();
    const preferred = this.#apis.all.toSorted(
      ({ spec: a }, { spec: b }) => b.versionPriority - a.versionPriority || compareVersions(a.version ?? '', b.version ?? ''),
    );
    for (const api of preferred) {
      for (const resource of deletable(this.#apis.resourcesOf(api))) {
        const name = `${text(resource.name)}.${api.spec.group}`;
        if (taken.has(name)) continue;
        taken.add(name);
        const key = JSON.stringify([api.spec.group, api.spec.version, resource.name, resource.kind, resource.namespaced, resource.verbs]);
        found.set(key, before.get(key) ?? { kind: this.#kindOf(api, resource), verbs: list(resource.verbs).map(text) });
      }
    }
    return found;
  }

  #kindOf({ spec: { group = '', version = '' } }: RemoteApi, resource: JsonObject): AnyKind {
    const kind = text(resource.kind);
    const made = defineKind<CustomObject>({
      ...{ group, version, kind, plural: text(resource.name) },
      scope: resource.namespaced === true ? 'Namespaced' : 'Cluster',
      codec: { schema: createOpenFormat(this.#schemas, [...group.split('.').toReversed(), version, kind].join('.')) },
    });
    this.#made.add(made);
    return made;
  }
}

/** The entries of an APIResourceList that are no sub-resources and can be listed and deleted. */
const deletable = (resources: JsonObject | undefined): readonly JsonObject[] =>
  list(resources?.resources)
    .filter(isObject)
    .filter(({ name, verbs }) => !text(name).includes('/') && ['list', 'delete'].every((verb) => list(verbs).includes(verb)));
