/**
 * Says of each ServiceCIDR whether it is ready, and keeps one that is deleted while Services have addresses of it that
 * no other range holds. Source: pkg/controller/servicecidrs/servicecidrs_controller.go.
 */
import type { IPAddress, ServiceCIDR } from '../api/generated/networking/v1.ts';
import { cidrContains } from '../api/ip.ts';
import { ipAddress } from '../api/kinds/networking/ip-address.ts';
import { serviceCidr } from '../api/kinds/networking/service-cidr.ts';
import { withMeta } from '../api/object-fields.ts';
import { parseTime, rfc3339 } from '../api/time.ts';
import { controllerAccount } from '../client/identity.ts';
import { type Controller, type ControllerContext, defineController, settled, watching } from './controller.ts';

const finalizer = 'networking.k8s.io/service-cidr-finalizer';
/** How long a range that is deleted stays, so that no address is drawn from it meanwhile. */
const graceMs = 10_000;

const ready = { status: 'True', reason: '', message: 'Kubernetes Service CIDR is ready' } as const;
const terminating = {
  status: 'False',
  reason: 'Terminating',
  message: 'There are still IPAddresses referencing the ServiceCIDR, please remove them or create a new ServiceCIDR',
} as const;

const cidrsOf = ({ spec }: ServiceCIDR): readonly string[] => spec.cidrs ?? [];
const hostCidr = ({ metadata: { name } }: IPAddress): string => `${name}/${name.includes(':') ? 128 : 32}`;
const isManaged = ({ metadata }: IPAddress): boolean => metadata.labels?.['ipaddress.kubernetes.io/managed-by'] === 'ipallocator.k8s.io';
const holds = (range: ServiceCIDR, cidr: string): boolean => cidrsOf(range).some((own) => cidrContains(own, cidr));
const refOf = ({ metadata }: ServiceCIDR) => ({ namespace: '', name: metadata.name });

/** Whether every address of the range stays in some other range. */
function mayGo(range: ServiceCIDR, { cache }: ControllerContext): boolean {
  const others = cache(serviceCidr)
    .list()
    .filter(({ metadata }) => metadata.name !== range.metadata.name);
  if (cidrsOf(range).every((cidr) => others.some((other) => holds(other, cidr)))) return true;
  return cache(ipAddress)
    .list()
    .filter((address) => isManaged(address) && holds(range, hostCidr(address)))
    .every((address) => others.some((other) => holds(other, hostCidr(address))));
}

async function setReady(range: ServiceCIDR, wanted: typeof ready | typeof terminating, context: ControllerContext): Promise<void> {
  const conditions = range.status.conditions ?? [];
  const current = conditions.find(({ type }) => type === 'Ready');
  if (current?.status === wanted.status && (range.metadata.name === 'kubernetes' || current.message === wanted.message)) return;
  const condition = { type: 'Ready', ...wanted, lastTransitionTime: rfc3339(context.clock.now()) };
  const next = [...conditions.filter(({ type }) => type !== 'Ready'), condition];
  await context.api(serviceCidr).updateStatus({ ...range, status: { ...range.status, conditions: next } });
}

/** Maintains the conditions and the finalizer of ServiceCIDRs. */
export const serviceCidrController: Controller<ServiceCIDR> = defineController<ServiceCIDR>({
  name: 'service-cidr',
  identity: controllerAccount('service-cidrs-controller'),
  eventSource: 'service-cidrs-controller',
  reconciles: serviceCidr,
  watches: [
    // The range that is left may let another one go, or hold it.
    watching(serviceCidr, (_range, { cache }) => cache(serviceCidr).list().map(refOf)),
    watching(ipAddress, (address, { cache }) =>
      cache(serviceCidr)
        .list()
        .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
        .filter((range) => holds(range, hostCidr(address)))
        .map(refOf),
    ),
  ],
  reconcile: async (ref, context) => {
    const range = context.cache(serviceCidr).get(ref);
    if (range === undefined) return settled;
    const finalizers = range.metadata.finalizers ?? [];
    const { deletionTimestamp } = range.metadata;
    if (deletionTimestamp === undefined) {
      if (!finalizers.includes(finalizer)) {
        await context.api(serviceCidr).update(withMeta(range, { finalizers: [...finalizers, finalizer] }));
        return settled;
      }
      await setReady(range, ready, context);
      return settled;
    }
    if (!finalizers.includes(finalizer)) return settled;
    if (!mayGo(range, context)) {
      await setReady(range, terminating, context);
      return settled;
    }
    const left = graceMs - (context.clock.now() - (parseTime(deletionTimestamp) ?? 0));
    if (left > 0) return { requeueAfterMs: left };
    const others = finalizers.filter((name) => name !== finalizer);
    await context.api(serviceCidr).update(withMeta(range, { finalizers: others.length === 0 ? undefined : others }));
    return settled;
  },
});
