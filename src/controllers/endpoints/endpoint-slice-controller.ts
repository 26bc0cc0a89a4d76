/** The EndpointSlice controller. Source: pkg/controller/endpointslice, k8s.io/endpointslice. */

import { errorText } from '../../api/error-text.ts';
import type { Node, Pod, Service } from '../../api/generated/core/v1.ts';
import type { Endpoint, EndpointPort } from '../../api/generated/discovery/v1.ts';
import { node } from '../../api/kinds/core/node.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { service } from '../../api/kinds/core/service.ts';
import { endpointSlice } from '../../api/kinds/discovery/endpoint-slice.ts';
import { type ObjectRef, refOf } from '../../api/object.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, type ControllerContext, defineController, type Outcome, settled, watching } from '../controller.ts';
import { isPodReady } from '../pods.ts';
import {
  addressOf,
  canBeEndpoint,
  hasSelector,
  headlessLabel,
  hostnameIn,
  isHeadless,
  portsKey,
  selectedPods,
  targetPort,
  targetRefOf,
  triggerTimeAnnotation,
  watchServicePods,
} from './service-pods.ts';
import { noteSliceChange, sliceGauges, sliceSyncs } from './slice-metrics.ts';
import { managedByLabel, type PortGroup, removeSlices, serviceNameLabel, slicesByService, slicesOf, writeSlices } from './slices.ts';
import { isTopologyAware, type SliceContents, sharedOut, withDistribution, withoutHints, zoneShares } from './topology-hints.ts';
import { TriggerTimes } from './trigger-times.ts';

const manager = 'endpointslice-controller.k8s.io';
const zoneLabel = 'topology.kubernetes.io/zone';
const capacity = 100;

export function endpointSliceController(): Controller<Service> {
  const memory: Memory = { times: new TriggerTimes(), hinted: new Set() };
  return defineController<Service>({
    name: 'endpoint-slice',
    identity: controllerAccount('endpointslice-controller'),
    eventSource: 'endpoint-slice-controller',
    reconciles: service,
    reads: [pod],
    indexes: [slicesByService],
    gauges: sliceGauges(manager, capacity),
    watches: [
      watchServicePods,
      watching(endpointSlice, ({ metadata }) => {
        const name = metadata.labels?.[managedByLabel] === manager ? metadata.labels[serviceNameLabel] : undefined;
        return name === undefined ? [] : [{ namespace: metadata.namespace ?? '', name }];
      }),
      // How many endpoints are for which zone depends on the nodes.
      watching(node, (_, context) => context.cache(service).list().filter(isTopologyAware).map(refOf)),
    ],
    reconcile: async (ref, context) => {
      const object = context.cache(service).get(ref);
      const present = slicesOf(context, ref.namespace, ref.name, manager);
      if (object === undefined) forget(ref, memory);
      if (object === undefined || object.metadata.deletionTimestamp !== undefined || !hasSelector(object)) {
        if (object === undefined) await removeSlices(present, context);
        return settled;
      }
      try {
        const outcome = await reconcile(object, present, memory, context);
        context.meters.count(sliceSyncs, { result: 'success' });
        return outcome;
      } catch (error) {
        context.meters.count(sliceSyncs, { result: 'error' });
        const text = `Error updating Endpoint Slices for Service ${ref.namespace}/${ref.name}: ${errorText(error)}`;
        context.events.event(object, 'Warning', 'FailedToUpdateEndpointSlices', text);
        throw error;
      }
    },
  });
}

/** What is remembered of Services. */
interface Memory {
  readonly times: TriggerTimes;
  /** The uids of those whose endpoints were shared out among zones. */
  readonly hinted: Set<string>;
}

function forget({ namespace, name }: ObjectRef, { times }: Memory): void {
  times.forget(namespace, name);
}

async function reconcile(
  object: Service,
  present: ReturnType<typeof slicesOf>,
  memory: Memory,
  context: ControllerContext,
): Promise<Outcome> {
  if (object.spec.type === 'ExternalName') return settled;
  const selected = selectedPods(object, context);
  const time = memory.times.next(object, selected);
  const candidates = selected.filter(canBeEndpoint);
  const lost = candidates.find((each) => isLost(object, each, context));
  const pods = candidates.filter((each) => !isLost(object, each, context));
  const families = object.spec.ipFamilies ?? ['IPv4'];
  const groups = families.flatMap((family) => groupsOf(object, pods, family === 'IPv6' ? 'IPv6' : 'IPv4', context));
  const { [headlessLabel]: _, ...labels } = object.metadata.labels ?? {};
  const change = await writeSlices(
    {
      owner: object,
      ownerKind: service,
      labels: {
        ...labels,
        ...(isHeadless(object) ? { [headlessLabel]: '' } : {}),
        [managedByLabel]: manager,
        [serviceNameLabel]: object.metadata.name,
      },
      annotations: { [triggerTimeAnnotation]: time },
      present,
      groups,
      capacity,
      hinted: (addressType, slices) => hintedSlices(object, addressType, slices, memory, context),
    },
    context,
  );
  noteSliceChange(context.meters, change);
  // Its node may come to be known.
  if (lost !== undefined) {
    const { namespace, name } = object.metadata;
    throw new Error(`skipping Pod ${lost.metadata.name} for Service ${namespace}/${name}: Node ${lost.spec.nodeName} Not Found`);
  }
  return settled;
}

/** Whether a Pod is on a node that nobody knows. It will be collected, and gets no traffic meanwhile. */
const isLost = ({ spec }: Service, candidate: Pod, { cache }: ControllerContext): boolean =>
  spec.publishNotReadyAddresses !== true &&
  candidate.spec.nodeName !== undefined &&
  cache(node).get({ namespace: '', name: candidate.spec.nodeName }) === undefined;

function hintedSlices(
  object: Service,
  addressType: PortGroup['addressType'],
  slices: readonly SliceContents[],
  { hinted }: Memory,
  { cache, events }: ControllerContext,
): readonly SliceContents[] {
  const { uid } = object.metadata;
  const disabled = (why: string): void => {
    hinted.delete(uid);
    events.event(object, 'Warning', 'TopologyAwareHintsDisabled', `${why}, addressType: ${addressType}`);
  };
  if (!isTopologyAware(object)) {
    if (hinted.has(uid)) disabled('Topology Aware Hints has been disabled');
    return slices.map((slice) => ({ ...slice, endpoints: slice.endpoints.map((endpoint) => withDistribution(endpoint, object)) }));
  }
  const shared = sharedOut(slices, zoneShares(cache(node).list()));
  if (typeof shared === 'string') {
    disabled(shared);
    return withoutHints(slices);
  }
  if (!hinted.has(uid)) {
    hinted.add(uid);
    events.event(object, 'Normal', 'TopologyAwareHintsEnabled', `Topology Aware Hints has been enabled, addressType: ${addressType}`);
  }
  return shared;
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
    ...(zone === undefined || zone === '' ? {} : { zone }),
  };
}
