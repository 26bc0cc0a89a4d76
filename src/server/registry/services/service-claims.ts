/**
 * Which Service holds which cluster address and node port. The claims of stored Services are derived from the store;
 * the claims of a write in progress are held separately until it ends. So nothing can leak: a claim exists exactly as
 * long as its Service.
 */
import type { Service } from '../../../api/generated/core/v1.ts';
import type { KubeObject } from '../../../api/object.ts';
import { type Store, storePrefix } from '../../store/store.ts';
import { addressesOf, isServiceAddress } from './service-addresses.ts';

/** `ip/10.96.0.1` or `port/30001`. */
export type Claim = string;

export const ipClaim = (address: string): Claim => `ip/${address}`;
const portPrefix = 'port/';
export const portClaim = (port: number): Claim => `${portPrefix}${port}`;

/** Source: pkg/registry/core/service/portallocator/operation.go (AllocateNext). */
const firstGuess = 32_768;

/** All claims of a Service. */
export function claimsOf(service: Service): readonly Claim[] {
  const { spec } = service;
  const ports = [spec.healthCheckNodePort, ...(spec.ports ?? []).map(({ nodePort }) => nodePort)];
  const taken = ports.filter((port) => port !== undefined && port !== 0);
  return [...addressesOf(service).map(ipClaim), ...new Set(taken.map((port) => portClaim(port ?? 0)))];
}

/** Only Services are stored under their prefix. */
const claimsOfService = (object: KubeObject): readonly Claim[] => claimsOf(object as Service);

/** An IPAddress that somebody else made takes its address. Those of Services are known already. */
const claimsOfAddress = (object: KubeObject): readonly Claim[] => (isServiceAddress(object) ? [] : [ipClaim(object.metadata.name)]);

export class ServiceClaims {
  readonly #stored = new Map<Claim, number>();
  readonly #held = new Set<Claim>();

  constructor(store: Store) {
    this.#follow(store, storePrefix('services'), claimsOfService);
    this.#follow(store, storePrefix('ipaddresses.networking.k8s.io'), claimsOfAddress);
  }

  #follow(store: Store, prefix: string, claims: (object: KubeObject) => readonly Claim[]): void {
    for (const { object } of store.list(prefix).entries) this.#count(claims(object), 1);
    store.watch(prefix, store.revision, (events) => {
      for (const event of events) {
        if (event.previous !== undefined) this.#count(claims(event.previous.object), -1);
        if (event.type !== 'DELETED') this.#count(claims(event.entry.object), 1);
      }
    });
  }

  isTaken(claim: Claim): boolean {
    return this.#stored.has(claim) || this.#held.has(claim);
  }

  /** Starts a write. `owned` are the claims that the Service already has and may keep. A dry run holds nothing. */
  begin(owned: readonly Claim[], dryRun: boolean): ClaimTransaction {
    const mine = new Set(owned);
    const taken = new Set<Claim>();
    return {
      dryRun,
      take: (claim) => {
        if (mine.has(claim) || taken.has(claim)) return true;
        if (this.isTaken(claim)) return false;
        taken.add(claim);
        if (!dryRun) this.#held.add(claim);
        return true;
      },
      guessPort: () => {
        const ports = [...taken].filter((claim) => claim.startsWith(portPrefix)).map((claim) => Number(claim.slice(portPrefix.length)));
        const port = (ports.length === 0 ? firstGuess : Math.max(...ports)) + 1;
        taken.add(portClaim(port));
        return port;
      },
      release: () => {
        if (!dryRun) for (const claim of taken) this.#held.delete(claim);
      },
    };
  }

  #count(claims: readonly Claim[], change: 1 | -1): void {
    for (const claim of claims) {
      const count = (this.#stored.get(claim) ?? 0) + change;
      if (count > 0) this.#stored.set(claim, count);
      else this.#stored.delete(claim);
    }
  }
}

/** The claims of one write in progress. */
export interface ClaimTransaction {
  readonly dryRun: boolean;
  /** Takes a claim; false when another Service holds it. */
  take(claim: Claim): boolean;
  /** A port to show in a dry run, whether it is free or not: the one after the highest that the write has taken. */
  guessPort(): number;
  /** Ends the write, whether it succeeded or not. */
  release(): void;
}
