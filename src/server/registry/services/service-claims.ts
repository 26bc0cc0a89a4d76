/**
 * Which Service holds which cluster address and node port. The claims of stored Services are derived from the store;
 * the claims of a write in progress are held separately until it ends. So nothing can leak: a claim exists exactly as
 * long as its Service.
 */
import type { Service } from '../../../api/generated/core/v1.ts';
import type { KubeObject } from '../../../api/object.ts';
import { type Store, storePrefix } from '../../store/store.ts';

/** `ip/10.96.0.1` or `port/30001`. */
export type Claim = string;

export const ipClaim = (address: string): Claim => `ip/${address}`;
export const portClaim = (port: number): Claim => `port/${port}`;

const isIp = (text: string | undefined): text is string => text !== undefined && text !== '' && text !== 'None';

/** All claims of a Service. */
export function claimsOf({ spec }: Service): readonly Claim[] {
  const addresses = new Set([spec.clusterIP, ...(spec.clusterIPs ?? [])].filter(isIp));
  const ports = [spec.healthCheckNodePort, ...(spec.ports ?? []).map(({ nodePort }) => nodePort)];
  const taken = ports.filter((port) => port !== undefined && port !== 0);
  return [...[...addresses].map(ipClaim), ...new Set(taken.map((port) => portClaim(port ?? 0)))];
}

const prefix = storePrefix('services');

export class ServiceClaims {
  readonly #stored = new Map<Claim, number>();
  readonly #held = new Set<Claim>();

  constructor(store: Store) {
    for (const { object } of store.list(prefix).entries) this.#count(object, 1);
    store.watch(prefix, store.revision, (events) => {
      for (const event of events) {
        if (event.previous !== undefined) this.#count(event.previous.object, -1);
        if (event.type !== 'DELETED') this.#count(event.entry.object, 1);
      }
    });
  }

  isTaken(claim: Claim): boolean {
    return this.#stored.has(claim) || this.#held.has(claim);
  }

  /** Starts a write. `owned` are the claims that the Service already has and may keep. */
  begin(owned: readonly Claim[]): ClaimTransaction {
    const mine = new Set(owned);
    const taken = new Set<Claim>();
    return {
      take: (claim) => {
        if (mine.has(claim) || taken.has(claim)) return true;
        if (this.isTaken(claim)) return false;
        taken.add(claim);
        this.#held.add(claim);
        return true;
      },
      release: () => {
        for (const claim of taken) this.#held.delete(claim);
      },
    };
  }

  #count(object: KubeObject, change: 1 | -1): void {
    // Only Services are stored under this prefix.
    for (const claim of claimsOf(object as Service)) {
      const count = (this.#stored.get(claim) ?? 0) + change;
      if (count > 0) this.#stored.set(claim, count);
      else this.#stored.delete(claim);
    }
  }
}

/** The claims of one write in progress. */
export interface ClaimTransaction {
  /** Takes a claim; false when another Service holds it. */
  take(claim: Claim): boolean;
  /** Ends the write, whether it succeeded or not. */
  release(): void;
}
