/** The EndpointSlice controller. Source: pkg/controller/endpointslice, k8s.io/endpointslice. */

import type { Node, Pod, Service } from '../../api/generated/core/v1.ts';
import type { Endpoint, EndpointPort } from '../../api/generated/discovery/v1.ts';
import { node } from '../../api/kinds/core/node.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { service } from '../../api/kinds/core/service.ts';
import { endpointSlice } from '../../api/kinds/discovery/endpoint-slice.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, type ControllerContext, defineController, type Outcome, settled, watching } from '../controller.ts';
import { isPodReady } from '../pods.ts';
import {
  addressOf,
  hasSelector,
  headlessLabel,
  hostnameIn,
  isHeadless,
  podsOf,
  portsKey,
  targetPort,
  targetRefOf,
  triggerTime,
  triggerTimeAnnotation,
  watchServicePods,
} from './service-pods.ts';
import { sliceGauges, sliceSyncs } from './slice-metrics.ts';
import { managedByLabel, type PortGroup, removeSlices, serviceNameLabel, slicesByService, slicesOf, writeSlices } from './slices.ts';

const manager = 'endpointslice-controller.k8s.io';
const zoneLabel = 'topology.kubernetes.io/zone';
const capacity = 100;

export const endpointSliceController: Controller<Service> = defineController<Service>({
  name: 'endpoint-slice',
  identity: controllerAccount('endpointslice-controller'),
  eventSource: 'endpoint-slice-controller',
  reconciles: service,
  reads: [pod, node],
  indexes: [slicesByService],
  gauges: sliceGauges(manager, capacity),
  watches: [
    watchServicePods,
    watching(endpointSlice, ({ metadata }) => {
      const name = metadata.labels?.[managedByLabel] === manager ? metadata.labels[serviceNameLabel] : undefined;
      return name === undefined ? [] : [{ namespace: metadata.namespace ?? '', name }];
    }),
  ],
  reconcile: async (ref, context) => {
    const object = context.cache(service).get(ref);
    const present = slicesOf(context, ref.namespace, ref.name, manager);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined || !hasSelector(object)) {
      if (object === undefined) await removeSlices(present, context);
      return settled;
    }
    try {
      const outcome = await reconcile(object, present, context);
      context.meters.count(sliceSyncs, { result: 'success' });
      return outcome;
    } catch (error) {
      context.meters.count(sliceSyncs, { result: 'error' });
      throw error;
    }
  },
});

async function reconcile(object: Service, present: ReturnType<typeof slicesOf>, context: ControllerContext): Promise<Outcome> {
  if (object.spec.type === 'ExternalName') return settled;
  const pods = podsOf(object, context);
  const families = object.spec.ipFamilies ?? ['IPv4'];
  const groups = families.flatMap((family) => groupsOf(object, pods, family === 'IPv6' ? 'IPv6' : 'IPv4', context));
  const { [headlessLabel]: _, ...labels } = object.metadata.labels ?? {};
  await writeSlices(
    {
      owner: object,
      ownerKind: service,
      labels: {
        ...labels,
        ...(isHeadless(object) ? { [headlessLabel]: '' } : {}),
        [managedByLabel]: manager,
        [serviceNameLabel]: object.metadata.name,
      },
      annotations: { [triggerTimeAnnotation]: triggerTime(object, pods) },
      present,
      groups,
      capacity,
    },
    context,
  );
  return settled;
}

/** Pods with different ports are put into different groups. A Service without Pods has one empty slice. */
function groupsOf(object: Service, pods: readonly Pod[], family: 'IPv4' | 'IPv6', context: ControllerContext): readonly PortGroup[] {
  const groups = new Map<
    string,
    { readonly addressType: 'IPv4' | 'IPv6'; readonly ports: readonly EndpointPort[]; readonly endpoints: Endpoint[] }
  >();
  for (const candidate of pods) {
    const address = addressOf(candidate, family);
    if (address === undefined) continue;
    const ports = portsOf(object, candidate);
    const key = portsKey(ports);
    const group = groups.get(key) ?? { addressType: family, ports, endpoints: [] };
    groups.set(key, group);
    const { nodeName } = candidate.spec;
    const host = nodeName === undefined ? undefined : context.cache(node).get({ namespace: '', name: nodeName });
    group.endpoints.push(endpointOf(object, candidate, address, host));
  }
  return groups.size === 0 ? [{ addressType: family, ports: [], endpoints: [] }] : [...groups.values()];
}

function portsOf(object: Service, candidate: Pod): readonly EndpointPort[] {
  return (object.spec.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(candidate, servicePort);
    const { name, protocol, appProtocol } = servicePort;
    return port === undefined ? [] : [{ name: name ?? '', protocol, port, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

function endpointOf(object: Service, candidate: Pod, address: string, host: Node | undefined): Endpoint {
  const serving = isPodReady(candidate);
  const terminating = candidate.metadata.deletionTimestamp !== undefined;
  const ready = object.spec.publishNotReadyAddresses === true || (serving && !terminating);
  const hostname = hostnameIn(candidate, object.metadata.name);
  const zone = host?.metadata.labels?.[zoneLabel];
  const { nodeName } = candidate.spec;
  return {
    addresses: [address],
    conditions: { ready, serving, terminating },
    ...(hostname === undefined ? {} : { hostname }),
    targetRef: targetRefOf(candidate),
    ...(nodeName === undefined ? {} : { nodeName }),
    ...(zone === undefined ? {} : { zone }),
  };
}
