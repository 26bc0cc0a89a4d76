/**
 * The ranges from which Services may have addresses: the cluster's own, and those of ServiceCIDRs that are ready.
 * Source: pkg/registry/core/service/ipallocator/cidrallocator.go.
 */
import type { ServiceCIDR } from '../../../api/generated/networking/v1.ts';
import type { KubeObject } from '../../../api/object.ts';
import { type Store, storePrefix } from '../../store/store.ts';
import { type IpRange, isUsable, parseRange } from './ip-range.ts';

const prefix = storePrefix('servicecidrs.networking.k8s.io');

/** The IPv4 ranges of a ServiceCIDR, none while it is not ready or is being deleted. */
function rangesOf(object: KubeObject): readonly IpRange[] {
  // Only ServiceCIDRs are stored under this prefix.
  const { metadata, spec, status } = object as ServiceCIDR;
  const ready = (status.conditions ?? []).some((condition) => condition.type === 'Ready' && (condition.status as string) === 'True');
  if (!ready || metadata.deletionTimestamp !== undefined) return [];
  return (spec.cidrs ?? []).flatMap((cidr) => {
    try {
      return [parseRange(cidr)];
    } catch {
      // Of the other family, or of a size that is not served.
      return [];
    }
  });
}

export class ServiceRanges {
  /** The cluster's own, from which addresses are drawn first. */
  readonly own: IpRange;
  readonly #store: Store;
  #more: readonly IpRange[] | undefined;

  constructor(store: Store, own: IpRange) {
    this.own = own;
    this.#store = store;
    store.watch(prefix, store.revision, () => {
      this.#more = undefined;
    });
  }

  /** All ranges, the cluster's own first. */
  get all(): readonly IpRange[] {
    this.#more ??= this.#store.list(prefix).entries.flatMap(({ object }) => rangesOf(object));
    return [this.own, ...this.#more.filter(({ text }) => text !== this.own.text)];
  }

  /** Whether an address can be given to a Service. */
  isUsable(address: number): boolean {
    return this.all.some((range) => isUsable(range, address));
  }
}
