/** The behaviours of the built-in Kinds that have one. */
import type { Store } from '../../store/store.ts';
import type { ResourceBehaviour, WriteCheck, WriteGuard } from '../registry-parts.ts';
import { parseRange } from '../services/ip-range.ts';
import { ServiceAllocator } from '../services/service-allocator.ts';
import { ServiceClaims } from '../services/service-claims.ts';
import { ServiceRanges } from '../services/service-ranges.ts';
import { adminAccessCheck } from './admin-access.ts';
import { certificateSigningRequestsBehaviour } from './certificate-signing-requests.ts';
import { deploymentsBehaviour } from './deployments.ts';
import { bindingsBehaviour, podsBehaviour } from './pods.ts';
import { resourceSlicesBehaviour } from './resource-slices.ts';
import { serviceAccountsBehaviour, type TokenIssuer } from './service-accounts.ts';
import { servicesBehaviour } from './services.ts';

export interface BehaviourOptions {
  readonly store: Store;
  /** The cluster's Service range, e.g. `10.96.0.0/16`; IPv4. */
  readonly serviceRange: string;
  /** Inclusive. Default 30000–32767. */
  readonly nodePorts?: { readonly from: number; readonly to: number };
  readonly tokens: TokenIssuer;
  /** In [0, 1). */
  readonly random: () => number;
  /** By resource name; default: none. */
  readonly guards?: ReadonlyMap<string, WriteGuard>;
  /** By resource name; default: none. */
  readonly checks?: ReadonlyMap<string, WriteCheck>;
}

/** Makes all behaviours, by resource name. Throws an Error when the range is invalid. */
export function createBehaviours({
  store,
  serviceRange,
  nodePorts,
  tokens,
  random,
  guards = new Map(),
  checks = new Map(),
}: BehaviourOptions): ReadonlyMap<string, ResourceBehaviour> {
  const allocator = new ServiceAllocator({
    claims: new ServiceClaims(store),
    ranges: new ServiceRanges(store, parseRange(serviceRange)),
    random,
    ...(nodePorts === undefined ? {} : { nodePorts }),
  });
  return new Map<string, ResourceBehaviour>([
    ...[...guards].map(([name, guard]): [string, ResourceBehaviour] => [name, { guard }]),
    ...[...checks].map(([name, check]): [string, ResourceBehaviour] => [name, { check }]),
    ['bindings', bindingsBehaviour],
    ['certificatesigningrequests.certificates.k8s.io', certificateSigningRequestsBehaviour],
    ['deployments.apps', deploymentsBehaviour],
    ['pods', podsBehaviour],
    ['resourceclaims.resource.k8s.io', { forbids: adminAccessCheck(store) }],
    ['resourceclaimtemplates.resource.k8s.io', { forbids: adminAccessCheck(store) }],
    ['resourceslices.resource.k8s.io', resourceSlicesBehaviour],
    ['services', servicesBehaviour(allocator)],
    ['serviceaccounts', serviceAccountsBehaviour(tokens)],
  ]);
}
