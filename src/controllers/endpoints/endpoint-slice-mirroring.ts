/**
 * Mirrors Endpoints that users create for Services without a selector into EndpointSlices. Source:
 * pkg/controller/endpointslicemirroring.
 */

import type { EndpointAddress, EndpointSubset, Endpoints } from '../../api/generated/core/v1.ts';
import type { Endpoint } from '../../api/generated/discovery/v1.ts';
import { endpoints } from '../../api/kinds/core/endpoints.ts';
import { service } from '../../api/kinds/core/service.ts';
import { endpointSlice } from '../../api/kinds/discovery/endpoint-slice.ts';
import { refOf } from '../../api/object.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, defineController, settled, watching } from '../controller.ts';
import { hasSelector, triggerTimeAnnotation } from './service-pods.ts';
import { managedByLabel, type PortGroup, removeSlices, serviceNameLabel, slicesByService, slicesOf, writeSlices } from './slices.ts';

const manager = 'endpointslicemirroring-controller.k8s.io';
const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
const capacity = 1000;

const isMirrored = ({ metadata }: Endpoints): boolean =>
  metadata.labels?.[skipLabel] !== 'true' && metadata.annotations?.[leaderAnnotation] === undefined;

export const endpointSliceMirroringController: Controller<Endpoints> = defineController<Endpoints>({
  name: 'endpoint-slice-mirroring',
  identity: controllerAccount('endpointslicemirroring-controller'),
  reconciles: endpoints,
  indexes: [slicesByService],
  watches: [
    watching(service, (object) => (hasSelector(object) ? [] : [refOf(object)])),
    watching(endpointSlice, ({ metadata }) => {
      const name = metadata.labels?.[managedByLabel] === manager ? metadata.labels[serviceNameLabel] : undefined;
      return name === undefined ? [] : [{ namespace: metadata.namespace ?? '', name }];
    }),
  ],
  reconcile: async (ref, context) => {
    const object = context.cache(endpoints).get(ref);
    const owner = context.cache(service).get(ref);
    const present = slicesOf(context, ref.namespace, ref.name, manager);
    if (object === undefined || owner === undefined || hasSelector(owner) || !isMirrored(object)) {
      await removeSlices(present, context);
      return settled;
    }
    const { [triggerTimeAnnotation]: _time, [lastApplied]: _config, ...annotations } = object.metadata.annotations ?? {};
    const mirrored = repacked(object.subsets ?? []).map(mirroredOf);
    const skipped = mirrored.reduce((sum, each) => sum + each.skipped, 0);
    if (skipped > 0) {
      const text = `A max of ${capacity} addresses can be mirrored to EndpointSlices per Endpoints subset. ${skipped} addresses were skipped`;
      context.events.event(object, 'Warning', 'TooManyAddressesToMirror', text);
    }
    await writeSlices(
      {
        owner: object,
        ownerKind: endpoints,
        labels: { ...object.metadata.labels, [serviceNameLabel]: object.metadata.name, [managedByLabel]: manager },
        annotations,
        mirrors: true,
        present,
        groups: mirrored.flatMap(({ groups }) => groups),
        capacity,
      },
      context,
    );
    return settled;
  },
});

interface Packed {
  readonly address: EndpointAddress;
  readonly ready: boolean;
}

/**
 * The subsets with each port once, so that those with the same ports are one; what is not ready in one of them is not.
 * Source: pkg/api/v1/endpoints/util.go, RepackSubsets.
 */
function repacked(subsets: readonly EndpointSubset[]): readonly EndpointSubset[] {
  const byPort = new Map<string, { readonly ports: NonNullable<EndpointSubset['ports']>; readonly packed: Map<string, Packed> }>();
  for (const { ports = [], addresses = [], notReadyAddresses = [] } of subsets) {
    for (const ofPort of ports.length === 0 ? [[]] : ports.map((port) => [port])) {
      const key = JSON.stringify(ofPort);
      const known = byPort.get(key) ?? { ports: ofPort, packed: new Map<string, Packed>() };
      byPort.set(key, known);
      const { packed } = known;
      const put = (address: EndpointAddress, ready: boolean): void => {
        const id = `${address.ip} ${address.targetRef?.uid ?? ''}`;
        packed.set(id, { address: packed.get(id)?.address ?? address, ready: ready && packed.get(id)?.ready !== false });
      };
      for (const address of addresses) put(address, true);
      for (const address of notReadyAddresses) put(address, false);
    }
  }
  const alike = Map.groupBy(byPort.values(), ({ packed }) => JSON.stringify([...packed].map(([id, { ready }]) => [id, ready]).toSorted()));
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const of = (ready: boolean) => [...first.packed.values()].filter((each) => each.ready === ready).map(({ address }) => address);
    return [{ addresses: of(true), notReadyAddresses: of(false), ports: group.flatMap(({ ports }) => ports) }];
  });
}

/** The addresses of a subset, ready ones first, as far as there is room. */
function mirroredOf(subset: EndpointSubset): { readonly groups: readonly PortGroup[]; readonly skipped: number } {
  const ports = (subset.ports ?? []).map(({ name, ...port }) => ({ name: name ?? '', ...port }));
  const all = [
    ...(subset.addresses ?? []).map((address) => endpointOf(address, true)),
    ...(subset.notReadyAddresses ?? []).map((address) => endpointOf(address, false)),
  ];
  const endpointsOf = Map.groupBy(all.slice(0, capacity), ({ addresses: [ip = ''] }) => (ip.includes(':') ? 'IPv6' : 'IPv4'));
  const groups = [...endpointsOf].map(([addressType, endpoints]): PortGroup => ({ addressType, ports, endpoints }));
  return { groups, skipped: Math.max(0, all.length - capacity) };
}

function endpointOf({ ip, hostname, nodeName, targetRef }: EndpointAddress, ready: boolean): Endpoint {
  return {
    addresses: [ip],
    conditions: { ready },
    ...(hostname === undefined ? {} : { hostname }),
    ...(targetRef === undefined ? {} : { targetRef }),
    ...(nodeName === undefined ? {} : { nodeName }),
  };
}
