/**
 * The versions of API groups that Services in the cluster serve, as APIServices declare them. Source: kube-aggregator
 * pkg/apiserver/apiserver.go.
 */
import type { APIService } from '../../api/generated/apiregistration/v1.ts';
import type { JsonObject } from '../../api/json.ts';
import { type Store, storePrefix } from '../store/store.ts';

/** An APIService with a Service. */
export type RemoteApi = APIService & { readonly spec: { readonly service: NonNullable<APIService['spec']['service']> } };

const isRemote = (service: APIService): service is RemoteApi => service.spec.service !== undefined;

/** Knows them all; follows the store. */
export class RemoteApis {
  readonly #store: Store;
  readonly #prefix = storePrefix('apiservices.apiregistration.k8s.io');
  /** What each serves, by the name of the APIService: an APIResourceList. */
  readonly #resources = new Map<string, JsonObject>();
  #known: readonly RemoteApi[] | undefined;
  #version = 0;
  readonly #listeners: (() => void)[] = [];

  constructor(store: Store) {
    this.#store = store;
    store.watch(this.#prefix, store.revision, () => {
      this.#known = undefined;
      this.#changed();
    });
  }

  /** Calls back after each change. */
  onChange(listener: () => void): void {
    this.#listeners.push(listener);
  }

  /** Grows when anything has changed, so that documents are made again. */
  get version(): number {
    return this.#version;
  }

  get all(): readonly RemoteApi[] {
    this.#known ??= this.#read();
    return this.#known;
  }

  /** Undefined: no Service serves it. */
  find(group: string, version: string): RemoteApi | undefined {
    return this.all.find(({ spec }) => (spec.group ?? '') === group && spec.version === version);
  }

  /** What an APIService serves, as far as it is known. */
  resourcesOf({ metadata }: RemoteApi): JsonObject | undefined {
    return this.#resources.get(metadata.name);
  }

  /** Remembers what an APIService serves. */
  learn({ metadata }: APIService, resources: JsonObject): void {
    const before = this.#resources.get(metadata.name);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(resources)) return;
    this.#resources.set(metadata.name, resources);
    this.#changed();
  }

  #changed(): void {
    this.#version++;
    for (const listener of this.#listeners) listener();
  }

  #read(): readonly RemoteApi[] {
    // Only APIServices are stored under this prefix.
    const all = this.#store.list(this.#prefix).entries.map(({ object }) => object as APIService);
    const found = all.filter(isRemote);
    const names = new Set(found.map(({ metadata }) => metadata.name));
    for (const name of this.#resources.keys()) if (!names.has(name)) this.#resources.delete(name);
    return found;
  }
}
