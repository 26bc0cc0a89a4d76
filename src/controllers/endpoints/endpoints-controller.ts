/** The Endpoints controller. Source: pkg/controller/endpoint/endpoints_controller.go. */
import { errorText } from '../../api/error-text.ts';
import type { EndpointAddress, EndpointPort, EndpointSubset, Endpoints, Pod, Service } from '../../api/generated/core/v1.ts';
import { endpoints } from '../../api/kinds/core/endpoints.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { service } from '../../api/kinds/core/service.ts';
import { type ObjectRef, type Received, refOf } from '../../api/object.ts';
import { sameJson } from '../../api/same-json.ts';
import { isNotFound } from '../../api/status-error.ts';
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
import { TriggerTimes } from './trigger-times.ts';

const maxAddresses = 1000;
const overCapacityAnnotation = 'endpoints.kubernetes.io/over-capacity';
const managedByLabel = 'endpoints.kubernetes.io/managed-by';

export function endpointsController(): Controller<Service> {
  const times = new TriggerTimes();
  return defineController<Service>({
    name: 'endpoint',
    reconciles: service,
    reads: [pod],
    watches: [
      watchServicePods,
      watching(endpoints, (object, { cache }) => (cache(endpoints).get(refOf(object)) === undefined ? [refOf(object)] : [])),
    ],
    reconcile: async (ref, context) => {
      const object = context.cache(service).get(ref);
      if (object === undefined) {
        times.forget(ref.namespace, ref.name);
        return removeLeftover(ref, context);
      }
      return hasSelector(object) ? reconcile(object, times, context) : settled;
    },
  });
}

/** Deletes the Endpoints of a Service that was deleted. */
async function removeLeftover(ref: ObjectRef, { cache, api }: ControllerContext): Promise<Outcome> {
  if (cache(endpoints).get(ref) === undefined) return settled;
  try {
    await api(endpoints).delete(ref);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  return settled;
}

async function reconcile(object: Service, times: TriggerTimes, context: ControllerContext): Promise<Outcome> {
  const ref = refOf(object);
  const present = context.cache(endpoints).get(ref);
  const selected = selectedPods(object, context);
  const time = times.next(object, selected);
  const pods = selected.filter(
    (each) => canBeEndpoint(each) && (each.metadata.deletionTimestamp === undefined || object.spec.publishNotReadyAddresses === true),
  );
  const { subsets, truncated } = withinCapacity(subsetsOf(object, pods));
  const labels = labelsOf(object);
  const { [triggerTimeAnnotation]: _time, ...kept } = present?.metadata.annotations ?? {};
  const { [overCapacityAnnotation]: _, ...rest } = kept;
  const annotations = truncated ? { ...rest, [overCapacityAnnotation]: 'truncated' } : rest;
  const same =
    present !== undefined &&
    sameJson(present.subsets ?? [], subsets) &&
    sameJson(present.metadata.labels ?? {}, labels) &&
    sameJson(kept, annotations);
  if (same) return settled;
  const timed = time === undefined ? annotations : { ...annotations, [triggerTimeAnnotation]: time };
  await write(object, present, { labels, annotations: timed, subsets }, context);
  return settled;
}

interface Desired {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly subsets: readonly EndpointSubset[];
}

async function write(object: Service, present: Endpoints | undefined, desired: Desired, { api, events }: ControllerContext): Promise<void> {
  const { labels, annotations, subsets } = desired;
  const metadata = { name: object.metadata.name, namespace: object.metadata.namespace, labels, annotations };
  const next: Received<Endpoints> =
    present === undefined
      ? { apiVersion: endpoints.apiVersion, kind: endpoints.kind, metadata, subsets }
      : { ...present, metadata: { ...present.metadata, labels, annotations }, subsets };
  try {
    await (present === undefined ? api(endpoints).create(next) : api(endpoints).update(next));
  } catch (error) {
    const [reason, verb] = present === undefined ? ['FailedToCreateEndpoint', 'create'] : ['FailedToUpdateEndpoint', 'update'];
    const { name, namespace } = object.metadata;
    const cause = errorText(error);
    events.event(
      present ?? object,
      'Warning',
      reason,
      `Failed to ${verb} endpoint${verb === 'create' ? ' for service' : ''} ${namespace}/${name}: ${cause}`,
    );
    throw error;
  }
}

function labelsOf(object: Service): Readonly<Record<string, string>> {
  const { [headlessLabel]: _, ...labels } = object.metadata.labels ?? {};
  return { ...labels, ...(isHeadless(object) ? { [headlessLabel]: '' } : {}), [managedByLabel]: 'endpoint-controller' };
}

/** One subset per set of ports, with ready and not ready addresses separate. */
function subsetsOf(object: Service, pods: readonly Pod[]): readonly EndpointSubset[] {
  const groups = new Map<
    string,
    { readonly ports: readonly EndpointPort[]; readonly ready: EndpointAddress[]; readonly notReady: EndpointAddress[] }
  >();
  for (const candidate of pods) {
    const address = endpointAddress(object, candidate);
    const ports = portsOf(object, candidate);
    const portless = isHeadless(object) && (object.spec.ports ?? []).length === 0;
    if (address === undefined || (ports.length === 0 && !portless)) continue;
    const key = portsKey(ports);
    const group = groups.get(key) ?? { ports, ready: [], notReady: [] };
    groups.set(key, group);
    if (object.spec.publishNotReadyAddresses === true || isPodReady(candidate)) group.ready.push(address);
    else if (mayBecomeReady(candidate)) group.notReady.push(address);
  }
  return [...groups]
    .filter(([, { ready, notReady }]) => ready.length + notReady.length > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { ports, ready, notReady }]) => ({
      ...(ready.length === 0 ? {} : { addresses: ready.sort(byAddress) }),
      ...(notReady.length === 0 ? {} : { notReadyAddresses: notReady.sort(byAddress) }),
      ...(ports.length === 0 ? {} : { ports }),
    }));
}

const mayBecomeReady = ({ spec, status }: Pod): boolean =>
  spec.restartPolicy === 'Never'
    ? status.phase !== 'Failed' && status.phase !== 'Succeeded'
    : spec.restartPolicy === 'Always' || status.phase !== 'Succeeded';

const byAddress = (a: EndpointAddress, b: EndpointAddress): number => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0);

function endpointAddress(object: Service, candidate: Pod): EndpointAddress | undefined {
  const ip = addressOf(candidate, object.spec.ipFamilies?.[0] ?? 'IPv4');
  if (ip === undefined) return undefined;
  const hostname = hostnameIn(candidate, object.metadata.name);
  const { nodeName } = candidate.spec;
  return {
    ip,
    ...(hostname === undefined ? {} : { hostname }),
    ...(nodeName === undefined ? {} : { nodeName }),
    targetRef: targetRefOf(candidate),
  };
}

function portsOf(object: Service, candidate: Pod): readonly EndpointPort[] {
  return (object.spec.ports ?? []).flatMap((servicePort) => {
    const port = targetPort(candidate, servicePort);
    if (port === undefined) return [];
    const { name, protocol, appProtocol } = servicePort;
    const named = name === undefined || name === '' ? {} : { name };
    return [{ ...named, port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

/** Keeps at most 1000 addresses in one object: a proportional share of each subset, ready addresses first. */
function withinCapacity(subsets: readonly EndpointSubset[]): { readonly subsets: readonly EndpointSubset[]; readonly truncated: boolean } {
  const count = (part: 'addresses' | 'notReadyAddresses'): number =>
    subsets.reduce((total, subset) => total + (subset[part]?.length ?? 0), 0);
  if (count('addresses') + count('notReadyAddresses') <= maxAddresses) return { subsets, truncated: false };
  let room = maxAddresses;
  const take = (addresses: readonly EndpointAddress[] | undefined): readonly EndpointAddress[] => {
    const taken = (addresses ?? []).slice(0, room);
    room -= taken.length;
    return taken;
  };
  const ready = subsets.map(({ addresses }) => take(addresses));
  const notReady = subsets.map(({ notReadyAddresses }) => take(notReadyAddresses));
  const cut = subsets.map(({ ports }, i) => ({
    ...((ready[i] ?? []).length === 0 ? {} : { addresses: ready[i] }),
    ...((notReady[i] ?? []).length === 0 ? {} : { notReadyAddresses: notReady[i] }),
    ...(ports === undefined ? {} : { ports }),
  }));
  return {
    subsets: cut.filter(({ addresses, notReadyAddresses }) => addresses !== undefined || notReadyAddresses !== undefined),
    truncated: true,
  };
}
