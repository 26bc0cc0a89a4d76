/**
 * Defaults of Pods and their templates. Pure: return new objects. Source: pkg/apis/core/v1/{defaults,conversion}.go.
 */
import type { Container, Pod, PodSpec, PodTemplateSpec } from '../../generated/core/v1.ts';
import { formatQuantity } from '../../quantity.ts';
import { containerLimits, containerRequests, isPodLevelResource, type ResourceAmounts } from '../resources.ts';
import { defaultContainer, defaultResourceList, defaultResources, type ResourceList } from './container.ts';
import { defaultVolume } from './volume.ts';

/** Defaults that hold for a spec anywhere, in a Pod or a template. */
export function defaultPodSpec(received: PodSpec): PodSpec {
  // The gate GenericWorkload is off: upstream drops the field. Source: pkg/api/pod/util.go (dropDisabledFields).
  const { schedulingGroup: _, ...spec } = received;
  const { initContainers, ephemeralContainers, volumes, overhead, resources, topologySpreadConstraints } = spec;
  const account = spec.serviceAccountName || spec.serviceAccount;
  return {
    ...spec,
    ...(volumes === undefined ? {} : { volumes: volumes.map(defaultVolume) }),
    ...(initContainers === undefined ? {} : { initContainers: initContainers.map(defaultContainer) }),
    containers: (spec.containers ?? []).map(defaultContainer),
    ...(ephemeralContainers === undefined ? {} : { ephemeralContainers: ephemeralContainers.map(defaultContainer) }),
    restartPolicy: spec.restartPolicy || 'Always',
    terminationGracePeriodSeconds: spec.terminationGracePeriodSeconds ?? 30,
    dnsPolicy: spec.dnsPolicy || 'ClusterFirst',
    ...(account === undefined ? {} : { serviceAccountName: account, serviceAccount: account }),
    securityContext: spec.securityContext ?? {},
    schedulerName: spec.schedulerName || 'default-scheduler',
    ...(overhead === undefined ? {} : { overhead: defaultResourceList(overhead) }),
    ...(resources === undefined ? {} : { resources: defaultResources(resources) }),
    ...(topologySpreadConstraints === undefined ? {} : { topologySpreadConstraints }),
  };
}

/** The defaults of a template: those of its spec. */
export const defaultPodTemplate = (template: PodTemplateSpec): PodTemplateSpec => ({ ...template, spec: defaultPodSpec(template.spec) });

/** Requests that are not set default to the limits. Only in Pods, not in templates. */
function requestsFromLimits(container: Container): Container {
  const { limits, requests } = container.resources;
  return limits === undefined ? container : { ...container, resources: { ...container.resources, requests: { ...limits, ...requests } } };
}

const hostPorts = (container: Container): Container =>
  container.ports === undefined
    ? container
    : { ...container, ports: container.ports.map((port) => ({ ...port, hostPort: port.hostPort || port.containerPort })) };

const mapContainers = (spec: PodSpec, change: (container: Container) => Container): PodSpec => ({
  ...spec,
  containers: spec.containers.map(change),
  ...(spec.initContainers === undefined ? {} : { initContainers: spec.initContainers.map(change) }),
});

/** Resources whose requests may be lower than their limits. */
const allowsOvercommit = (name: string): boolean => !name.startsWith('hugepages-');

const texts = (amounts: ResourceAmounts, keep: (name: string) => boolean): ResourceList =>
  Object.fromEntries([...amounts].filter(([name]) => keep(name)).map(([name, amount]) => [name, formatQuantity(amount)]));

const nonEmpty = (list: ResourceList): boolean => Object.keys(list).length > 0;

/**
 * Completes Pod-level limits of huge pages from those of the containers, and Pod-level requests from limits. Source:
 * defaultHugePagePodLimits, defaultPodRequests.
 */
function podLevelResources(spec: PodSpec): PodSpec {
  const { resources } = spec;
  if (resources === undefined) return spec;
  const stated = (list: ResourceList | undefined): boolean => list !== undefined && nonEmpty(list);
  if (!stated(resources.limits) && !stated(resources.requests)) return spec;
  const hugePages = texts(
    containerLimits(spec),
    (name) => name.startsWith('hugepages-') && resources.requests?.[name] === undefined && resources.limits?.[name] === undefined,
  );
  const limits: ResourceList = { ...resources.limits, ...hugePages };
  let requests: ResourceList = resources.requests ?? {};
  if (nonEmpty(limits)) {
    const fromContainers = texts(containerRequests(spec), (name) => isPodLevelResource(name) && allowsOvercommit(name));
    requests = {
      ...Object.fromEntries(Object.entries(limits).filter(([name]) => isPodLevelResource(name))),
      ...fromContainers,
      ...requests,
    };
  }
  return { ...spec, resources: { ...resources, ...(nonEmpty(limits) ? { limits } : {}), ...(nonEmpty(requests) ? { requests } : {}) } };
}

/**
 * Keeps `podIP` and `podIPs` in step: the older field wins where they differ, and each fills in the other. Source:
 * pkg/apis/core/v1/conversion.go.
 */
function sameAddresses(status: Pod['status']): Pod['status'] {
  const { podIP = '', podIPs = [] } = status ?? {};
  const first = podIPs[0]?.ip;
  if (podIP === (first ?? '')) return status;
  return podIP === '' ? { ...status, podIP: first ?? '' } : { ...status, podIPs: [{ ip: podIP }] };
}

/** The defaults of a Pod: those of its spec and some that templates do not get. */
export function defaultPod(pod: Pod): Pod {
  let spec = mapContainers(defaultPodSpec(pod.spec), requestsFromLimits);
  spec = podLevelResources(spec);
  if (spec.hostNetwork === true) spec = mapContainers(spec, hostPorts);
  const grace = spec.terminationGracePeriodSeconds;
  return {
    ...pod,
    status: sameAddresses(pod.status),
    spec: { ...spec, terminationGracePeriodSeconds: grace < 0 ? 1 : grace, enableServiceLinks: spec.enableServiceLinks ?? true },
  };
}
