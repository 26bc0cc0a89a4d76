/**
 * The Pods of a Service and their ports; shared by Endpoints and EndpointSlices. Source: pkg/controller/endpoint,
 * k8s.io/endpointslice/util.
 */
import type { Pod, Service, ServicePort } from '../../api/generated/core/v1.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { service } from '../../api/kinds/core/service.ts';
import { type ObjectRef, refOf } from '../../api/object.ts';
import { fromSet, type Selector } from '../../api/selector.ts';
import { type ControllerContext, type Watch, watching } from '../controller.ts';
import { isPodTerminal } from '../pods.ts';

export const headlessLabel = 'service.kubernetes.io/headless';
export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

export const hasSelector = ({ spec }: Service): boolean => spec.selector !== undefined && Object.keys(spec.selector).length > 0;

export const isHeadless = ({ spec }: Service): boolean => spec.type !== 'ExternalName' && spec.clusterIP === 'None';

/** Services are frozen, so their compiled selectors can be cached by object. */
const selectors = new WeakMap<Service, Selector>();

function selectorOf(object: Service): Selector {
  let selector = selectors.get(object);
  if (selector === undefined) {
    selector = fromSet(object.spec.selector);
    selectors.set(object, selector);
  }
  return selector;
}

/** A change of a Pod enqueues the Services that select it. */
export const watchServicePods: Watch = watching(pod, (object: Pod, context) => servicesOf(object, context));

function servicesOf(object: Pod, context: ControllerContext): readonly ObjectRef[] {
  const { namespace = '', labels } = object.metadata;
  if (labels === undefined) return [];
  const services = context.cache(service).list({ namespace });
  return services.filter((candidate) => hasSelector(candidate) && selectorOf(candidate).matches(labels)).map(refOf);
}

/** The Pods that a Service selects. */
export const selectedPods = (object: Service, context: ControllerContext): readonly Pod[] =>
  context.cache(pod).list({ namespace: object.metadata.namespace ?? '', selector: selectorOf(object) });

/** Whether a Pod can be an endpoint: it has an address and is not finished. */
export const canBeEndpoint = (candidate: Pod): boolean => (candidate.status.podIP ?? '') !== '' && !isPodTerminal(candidate);

/** A Pod's address of one family. */
export function addressOf(object: Pod, family: string): string | undefined {
  const addresses = object.status.podIPs?.map(({ ip }) => ip) ?? [object.status.podIP ?? ''];
  return addresses.find((address) => address !== undefined && address !== '' && address.includes(':') === (family === 'IPv6'));
}

/** The Pod's port number for a service port; undefined when the Pod has no port of that name. */
export function targetPort(object: Pod, { targetPort: target, protocol }: ServicePort): number | undefined {
  if (typeof target === 'number') return target;
  const sidecars = (object.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  for (const container of [...object.spec.containers, ...sidecars]) {
    for (const port of container.ports ?? []) if (port.name === target && port.protocol === protocol) return port.containerPort;
  }
  return undefined;
}

/** The host name of a Pod as an endpoint: only set when the Service is the Pod's subdomain. */
export function hostnameIn(object: Pod, serviceName: string): string | undefined {
  const { hostname, subdomain } = object.spec;
  return hostname !== undefined && hostname !== '' && subdomain === serviceName ? hostname : undefined;
}

export const targetRefOf = (object: Pod) => ({
  kind: 'Pod',
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
  uid: object.metadata.uid,
});

/** A key that is equal for equal lists of ports. */
export const portsKey = (
  ports: readonly {
    readonly name?: string | undefined;
    readonly protocol?: string;
    readonly port?: number | undefined;
    readonly appProtocol?: string | undefined;
  }[],
): string =>
  ports.map(({ name = '', protocol = '', port = 0, appProtocol = '' }) => `${name}/${protocol}/${port}/${appProtocol}`).join(' ');
