/**
 * Allocates cluster addresses, node ports and health-check ports of Services before they are validated. Source:
 * pkg/registry/core/service/storage/alloc.go; pkg/registry/core/service/{ipallocator,portallocator}.
 */
import { type FieldError, FieldPath, fieldErrors } from '../../../api/field-error.ts';
import type { Service, ServicePort, ServiceSpec } from '../../../api/generated/core/v1.ts';
import { prepareServiceForUpdate } from '../../../api/kinds/core/prepare/service.ts';
import { clusterIpErrors } from '../../../api/kinds/core/validation/service-cluster-ip.ts';
import { type StatusError, statusErrors } from '../../../api/status-error.ts';
import type { Reservation } from '../registry-parts.ts';
import { addressAt, formatIp, parseIp } from './ip-range.ts';
import { type ClaimTransaction, claimsOf, ipClaim, portClaim, type ServiceClaims } from './service-claims.ts';
import type { ServiceRanges } from './service-ranges.ts';
import { isHeadless, needsClusterIp, needsHealthCheckPort, needsNodePort, withServiceSpec } from './service-types.ts';

export interface ServiceAllocatorOptions {
  readonly claims: ServiceClaims;
  readonly ranges: ServiceRanges;
  /** First and last port, inclusive. Default 30000–32767. */
  readonly nodePorts?: { readonly from: number; readonly to: number };
  /** In [0, 1). */
  readonly random: () => number;
}

const dnsOffset = 10;
const spec = FieldPath.root.field('spec');

/** The endpoints of a headless Service without selector are unknown, so both families are allowed. */
const isOpen = (service: Service): boolean => isHeadless(service) && Object.keys(service.spec.selector ?? {}).length === 0;

/** A policy of one family for values of two. */
function singleStackErrors({ ipFamilyPolicy, clusterIPs = [], ipFamilies = [] }: ServiceSpec): readonly FieldError[] {
  if (ipFamilyPolicy !== 'SingleStack') return [];
  const refuse = (what: string): FieldError =>
    fieldErrors.invalid(
      spec.field('ipFamilyPolicy'),
      ipFamilyPolicy,
      `must be 'RequireDualStack' or 'PreferDualStack' when multiple ${what} are specified`,
    );
  return [...(clusterIPs.length === 2 ? [refuse('cluster IPs')] : []), ...(ipFamilies.length === 2 ? [refuse('IP families')] : [])];
}

/**
 * Whether an update needs no address: one of a Service that is not external may not change. Source: alloc.go
 * (updateClusterIPs).
 */
const keepsAddresses = (previous: Service | undefined): boolean => previous !== undefined && previous.spec.type !== 'ExternalName';

const invalid = (service: Service, at: FieldPath, value: unknown, detail: string): StatusError =>
  statusErrors.invalid({ group: '', kind: 'Service' }, service.metadata.name, [fieldErrors.invalid(at, value, detail)]);

export class ServiceAllocator {
  readonly #claims: ServiceClaims;
  readonly #ranges: ServiceRanges;
  readonly #ports: { readonly from: number; readonly to: number };
  readonly #random: () => number;

  constructor({ claims, ranges, nodePorts = { from: 30_000, to: 32_767 }, random }: ServiceAllocatorOptions) {
    this.#claims = claims;
    this.#ranges = ranges;
    this.#ports = nodePorts;
    this.#random = random;
  }

  /**
   * Allocates for a new Service. Throws StatusError (422, 500 when a range is full). A dry run, as upstream's, looks
   * for neither free addresses nor free ports.
   */
  create(received: Service, dryRun: boolean): Reservation {
    const { clusterIP, clusterIPs } = received.spec;
    const single = clusterIP !== undefined && clusterIP !== '' && (clusterIPs ?? []).length === 0;
    return this.#allocate(single ? withServiceSpec(received, { clusterIPs: [clusterIP] }) : received, undefined, dryRun);
  }

  /**
   * Allocates what an update newly needs. What it no longer needs becomes free when the update is stored. Throws
   * StatusError.
   */
  update(received: Service, previous: Service, dryRun: boolean): Reservation {
    const next = prepareServiceForUpdate(received, previous);
    return this.#allocate(next, previous, dryRun);
  }

  #allocate(service: Service, previous: Service | undefined, dryRun: boolean): Reservation {
    const transaction = this.#claims.begin(previous === undefined ? [] : claimsOf(previous), dryRun);
    try {
      const complete = this.#withFamilies(service);
      const addressed = keepsAddresses(previous) ? complete : this.#withAddresses(complete, transaction);
      const ported = needsNodePort(addressed)
        ? this.#withNodePorts(addressed, transaction, previous === undefined)
        : this.#claimGivenPorts(addressed, transaction);
      return { object: this.#withHealthCheckPort(ported, transaction), release: transaction.release };
    } catch (error) {
      transaction.release();
      throw error;
    }
  }

  /** Sets the IP families; a minik cluster has one. Source: alloc.go (initIPFamilyFields). */
  #withFamilies(service: Service): Service {
    if (!needsClusterIp(service)) return service;
    const { ipFamilies = [], ipFamilyPolicy } = service.spec;
    const asked = { ...service.spec, ipFamilyPolicy: ipFamilyPolicy ?? (isOpen(service) ? 'RequireDualStack' : 'SingleStack') };
    const unusable = [...clusterIpErrors(asked, spec)];
    if (unusable.length === 0) unusable.push(...singleStackErrors(asked));
    if (unusable.length > 0) throw statusErrors.invalid({ group: '', kind: 'Service' }, service.metadata.name, unusable);
    const errors = ipFamilies.flatMap((family, index) =>
      family === 'IPv6' && !isHeadless(service)
        ? [fieldErrors.invalid(spec.field('ipFamilies').index(index), family, 'not configured on this cluster')]
        : [],
    );
    if (ipFamilyPolicy === 'RequireDualStack' && !isHeadless(service)) {
      errors.push(
        fieldErrors.invalid(spec.field('ipFamilyPolicy'), ipFamilyPolicy, 'this cluster is not configured for dual-stack services'),
      );
    }
    if (errors.length > 0) throw statusErrors.invalid({ group: '', kind: 'Service' }, service.metadata.name, errors);
    const policy = asked.ipFamilyPolicy;
    const [first = 'IPv4'] = ipFamilies;
    const both = isOpen(service) && policy !== 'SingleStack' ? ([first, first === 'IPv4' ? 'IPv6' : 'IPv4'] as const) : ([first] as const);
    return withServiceSpec(service, { ipFamilyPolicy: policy, ipFamilies: ipFamilies.length > 1 ? ipFamilies : both });
  }

  #withAddresses(service: Service, transaction: ClaimTransaction): Service {
    if (!needsClusterIp(service) || isHeadless(service)) return service;
    const [asked = ''] = service.spec.clusterIPs ?? [];
    const address = asked === '' ? this.#nextAddress(transaction) : this.#takeAddress(service, asked, transaction);
    return withServiceSpec(service, {
      clusterIP: service.spec.clusterIP || address,
      clusterIPs: [address, ...(service.spec.clusterIPs ?? []).slice(1)],
    });
  }

  #takeAddress(service: Service, address: string, transaction: ClaimTransaction): string {
    const number = parseIp(address);
    // Validation reports a text that is not an address.
    if (number === undefined) return address;
    const refuse = (cause: string): StatusError =>
      invalid(service, spec.field('clusterIPs'), service.spec.clusterIPs, `failed to allocate IP ${address}: ${cause}`);
    if (!this.#ranges.isUsable(number)) {
      throw refuse(`the provided IP (${address}) is not in the valid range. The range of valid IPs is ${this.#ranges.own.text}`);
    }
    if (!transaction.dryRun && !transaction.take(ipClaim(address))) throw refuse('provided IP is already allocated');
    return address;
  }

  /**
   * A random free address of the first range that has one. The lower part of each is kept for addresses that users
   * request, and is used when the upper part is full.
   */
  #nextAddress(transaction: ClaimTransaction): string {
    if (transaction.dryRun) return addressAt(this.#ranges.own, 0);
    for (const { first, size } of this.#ranges.all) {
      const reserved = Math.min(Math.max(16, Math.floor(size / 16)), 256);
      const lower = Math.min(reserved, size - 2);
      const found = this.#probe(first + lower, first + size - 2, transaction) ?? this.#probe(first + 1, first + lower - 1, transaction);
      if (found !== undefined) return found;
    }
    throw statusErrors.internal('failed to allocate a serviceIP: range is full');
  }

  #probe(from: number, to: number, transaction: ClaimTransaction): string | undefined {
    const count = to - from + 1;
    const start = Math.floor(this.#random() * count);
    const kept = new Set([addressAt(this.#ranges.own, 1), addressAt(this.#ranges.own, dnsOffset)]);
    for (let step = 0; step < count; step++) {
      const address = formatIp(from + ((start + step) % count));
      if (!kept.has(address) && !this.#claims.isTaken(ipClaim(address)) && transaction.take(ipClaim(address))) return address;
    }
    return undefined;
  }

  /** Of a new Service, equal ports share a node port. Source: alloc.go (initNodePorts, updateNodePorts). */
  #withNodePorts(service: Service, transaction: ClaimTransaction, isNew: boolean): Service {
    const claimed = this.#claimGivenPorts(service, transaction);
    const chosen = new Map<number, number>();
    for (const { port, nodePort = 0 } of claimed.spec.ports ?? []) if (nodePort !== 0 && !chosen.has(port)) chosen.set(port, nodePort);
    const ports = claimed.spec.ports?.map((port): ServicePort => {
      if ((port.nodePort ?? 0) !== 0) return port;
      const shared = isNew ? chosen.get(port.port) : undefined;
      const nodePort = shared ?? this.#nextPort('a nodePort', transaction);
      chosen.set(port.port, nodePort);
      return { ...port, nodePort };
    });
    return withServiceSpec(claimed, { ports });
  }

  /** Claims the node ports that the Service itself names. */
  #claimGivenPorts(service: Service, transaction: ClaimTransaction): Service {
    if (service.spec.type !== 'NodePort' && service.spec.type !== 'LoadBalancer') return service;
    service.spec.ports?.forEach(({ nodePort = 0 }, index) => {
      const refused = nodePort === 0 ? undefined : this.#takePort(nodePort, transaction);
      if (refused !== undefined) throw invalid(service, spec.field('ports').index(index).field('nodePort'), nodePort, refused);
    });
    return service;
  }

  #withHealthCheckPort(service: Service, transaction: ClaimTransaction): Service {
    if (!needsHealthCheckPort(service)) return service;
    const { healthCheckNodePort = 0 } = service.spec;
    if (healthCheckNodePort === 0)
      return withServiceSpec(service, { healthCheckNodePort: this.#nextPort('a HealthCheck NodePort', transaction) });
    const refused = this.#takePort(healthCheckNodePort, transaction);
    if (refused !== undefined)
      throw statusErrors.internal(`failed to allocate requested HealthCheck NodePort ${healthCheckNodePort}: ${refused}`);
    return service;
  }

  /** Claims a port; returns the error when it cannot be claimed. */
  #takePort(port: number, transaction: ClaimTransaction): string | undefined {
    const { from, to } = this.#ports;
    if (!transaction.dryRun && (port < from || port > to))
      return `provided port is not in the valid range. The range of valid ports is ${from}-${to}`;
    return transaction.take(portClaim(port)) ? undefined : 'provided port is already allocated';
  }

  #nextPort(what: string, transaction: ClaimTransaction): number {
    if (transaction.dryRun) return transaction.guessPort();
    const { from, to } = this.#ports;
    const count = to - from + 1;
    const start = Math.floor(this.#random() * count);
    for (let step = 0; step < count; step++) {
      const port = from + ((start + step) % count);
      if (!this.#claims.isTaken(portClaim(port)) && transaction.take(portClaim(port))) return port;
    }
    throw statusErrors.internal(`failed to allocate ${what}: range is full`);
  }
}
