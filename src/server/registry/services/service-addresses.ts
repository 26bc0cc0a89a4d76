/**
 * Shows every cluster address of a Service as an IPAddress: made in the commit after the Service's own, removed with
 * it, and restored when it is deleted while its Service has it. Source: pkg/registry/core/service/ipallocator
 * (createIPAddress), ipallocator/controller/repairip.go.
 */
import type { Service } from '../../../api/generated/core/v1.ts';
import type { IPAddress } from '../../../api/generated/networking/v1.ts';
import { isIp6 } from '../../../api/ip.ts';
import type { KubeObject } from '../../../api/object.ts';
import { rfc3339 } from '../../../api/time.ts';
import { KeyConflictError, type Store, type StoreEvent, storeKey, storePrefix } from '../../store/store.ts';

const managerLabel = 'ipaddress.kubernetes.io/managed-by';
const familyLabel = 'ipaddress.kubernetes.io/ip-family';
const manager = 'ipallocator.k8s.io';
const resourceName = 'ipaddresses.networking.k8s.io';
const services = storePrefix('services');
const addresses = storePrefix(resourceName);

export interface ServiceAddressesOptions {
  readonly store: Store;
  /** Milliseconds since the epoch. */
  now(): number;
  newUid(): string;
  /** Told of a write that failed; it is tried again with the next change of the object. */
  onError(error: unknown): void;
}

/** True for addresses that are kept here, and not by somebody else. */
export const isServiceAddress = ({ metadata }: KubeObject): boolean => metadata.labels?.[managerLabel] === manager;

/** The addresses of a Service. */
export function addressesOf({ spec }: Service): readonly string[] {
  return [...new Set([spec.clusterIP, ...(spec.clusterIPs ?? [])])].flatMap((ip) =>
    ip === undefined || ip === '' || ip === 'None' ? [] : [ip],
  );
}

/** Only Services are stored under their prefix, and only IPAddresses under theirs. */
const asService = (object: KubeObject): Service => object as Service;
const asAddress = (object: KubeObject): IPAddress => object as IPAddress;

export class ServiceAddresses {
  readonly #options: ServiceAddressesOptions;

  constructor(options: ServiceAddressesOptions) {
    this.#options = options;
  }

  /** Brings the addresses up to date and keeps them so; returns what ends that. Resolves when they are. */
  async start(): Promise<() => void> {
    const { store } = this.#options;
    const { entries, revision } = store.list(services);
    const wanted = new Map(entries.flatMap(({ object }) => addressesOf(asService(object)).map((ip) => [ip, asService(object)] as const)));
    const kept = store.list(addresses).entries.filter(({ object }) => isServiceAddress(object));
    const watches = [
      store.watch(services, revision, (events) => this.#follow(events)),
      store.watch(addresses, revision, (events) => this.#restore(events)),
    ];
    await Promise.all([
      ...[...wanted].map(([ip, service]) => this.#make(ip, service)),
      ...kept.filter(({ object }) => !wanted.has(object.metadata.name)).map(({ object }) => this.#remove(object.metadata.name)),
    ]);
    return () => {
      for (const watch of watches) watch.close();
    };
  }

  #follow(events: readonly StoreEvent[]): void {
    for (const { type, entry, previous } of events) {
      const now = type === 'DELETED' ? [] : addressesOf(asService(entry.object));
      const before = previous === undefined ? [] : addressesOf(asService(previous.object));
      for (const ip of before) if (!now.includes(ip)) void this.#remove(ip);
      for (const ip of now) if (!before.includes(ip)) void this.#make(ip, asService(entry.object));
    }
  }

  #restore(events: readonly StoreEvent[]): void {
    for (const { type, entry } of events) {
      if (type !== 'DELETED' || !isServiceAddress(entry.object)) continue;
      const { name, namespace = '' } = asAddress(entry.object).spec.parentRef;
      const service = this.#options.store.get(storeKey('services', namespace, name))?.object;
      const ip = entry.object.metadata.name;
      if (service !== undefined && addressesOf(asService(service)).includes(ip)) void this.#make(ip, asService(service));
    }
  }

  async #make(ip: string, { metadata }: Service): Promise<void> {
    const { now, newUid } = this.#options;
    const address: IPAddress = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'IPAddress',
      metadata: {
        name: ip,
        uid: newUid(),
        creationTimestamp: rfc3339(now()),
        resourceVersion: '',
        labels: { [familyLabel]: isIp6(ip) ? 'IPv6' : 'IPv4', [managerLabel]: manager },
      },
      spec: { parentRef: { resource: 'services', namespace: metadata.namespace ?? '', name: metadata.name } },
    };
    await this.#write(ip, address);
  }

  #remove(ip: string): Promise<void> {
    const found = this.#options.store.get(storeKey(resourceName, '', ip));
    if (found !== undefined && !isServiceAddress(found.object)) return Promise.resolve();
    return this.#write(ip, undefined);
  }

  /** One write; that the address is there already, or is gone, is as good. */
  async #write(ip: string, object: IPAddress | undefined): Promise<void> {
    const key = storeKey(resourceName, '', ip);
    try {
      if (object !== undefined) await this.#options.store.write({ key, object, expectedRevision: 0 });
      else if (this.#options.store.get(key) !== undefined) await this.#options.store.write({ key, object });
    } catch (error) {
      if (!(error instanceof KeyConflictError)) this.#options.onError(error);
    }
  }
}
