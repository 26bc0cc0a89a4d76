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
    const { [triggerTimeAnnotation]: time, [lastApplied]: _, ...annotations } = object.metadata.annotations ?? {};
    await writeSlices(
      {
        owner: object,
        ownerKind: endpoints,
        labels: { ...object.metadata.labels, [serviceNameLabel]: object.metadata.name, [managedByLabel]: manager },
        annotations: time === undefined ? annotations : { ...annotations, [triggerTimeAnnotation]: time },
        present,
        groups: (object.subsets ?? []).flatMap(groupsOf),
        capacity,
      },
      context,
    );
    return settled;
  },
});

function groupsOf(subset: EndpointSubset): readonly PortGroup[] {
  const ports = (subset.ports ?? []).map(({ name, ...port }) => ({ name: name ?? '', ...port }));
  return (['IPv4', 'IPv6'] as const).flatMap((addressType) => {
    const ofFamily = ({ ip }: EndpointAddress): boolean => ip.includes(':') === (addressType === 'IPv6');
    const mirrored = [
      ...(subset.addresses ?? []).filter(ofFamily).map((address) => endpointOf(address, true)),
      ...(subset.notReadyAddresses ?? []).filter(ofFamily).map((address) => endpointOf(address, false)),
    ].slice(0, capacity);
    return mirrored.length === 0 ? [] : [{ addressType, ports, endpoints: mirrored }];
  });
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
