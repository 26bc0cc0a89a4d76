/**
 * LimitRanger: gives containers the default requests and limits of a namespace's LimitRanges, and refuses pods and
 * claims that go beyond them. Source: plugin/pkg/admission/limitranger/admission.go.
 */
import type { Container, LimitRange, PersistentVolumeClaim, Pod } from '../../api/generated/core/v1.ts';
import { containerLimits, containerRequests, type ResourceAmounts } from '../../api/pod/resources.ts';
import { formatQuantity } from '../../api/quantity.ts';
import { type AdmissionAttributes, type AdmissionObject, type AdmissionPlugin, admissionForbidden } from './admission.ts';
import { aggregated } from './aggregate.ts';
import { type Amounts, amountsOf, type Demand, violatedConstraints } from './limit-constraints.ts';
import type { ObjectReader } from './object-reader.ts';

const annotation = 'kubernetes.io/limit-ranger';

/** Makes the plugin. */
export function limitRanger(reader: ObjectReader): AdmissionPlugin {
  /** The LimitRanges that apply to a request; none when it is not about pods or claims. */
  const rangesFor = (attributes: AdmissionAttributes): readonly LimitRange[] => {
    if (!isLimited(attributes) || attributes.oldObject?.metadata?.deletionTimestamp !== undefined) return [];
    // Only LimitRanges are stored under this resource name.
    return reader.list('limitranges', attributes.namespace) as readonly LimitRange[];
  };
  return {
    name: 'LimitRanger',
    leavesDefaults: true,
    admit(attributes) {
      const ranges = rangesFor(attributes);
      if (ranges.length === 0 || attributes.kind.resourceName !== 'pods') return undefined;
      // Only Pods are written to this resource and its sub-resource.
      return ranges.reduce(withDefaults, attributes.object as Pod);
    },
    validate(attributes) {
      for (const range of rangesFor(attributes)) {
        const violated = (range.spec.limits ?? []).flatMap((item) =>
          demandsOf(attributes, item.type).flatMap((demand) => violatedConstraints(item, demand)),
        );
        if (violated.length > 0) throw admissionForbidden(attributes, aggregated(violated));
      }
    },
  };
}

/** Resources of a pod change on its creation, and by its resize. */
function isLimited({ operation, kind, subresource }: AdmissionAttributes): boolean {
  if (kind.resourceName === 'pods') return subresource === '' ? operation === 'CREATE' : subresource === 'resize' && operation === 'UPDATE';
  if (kind.resourceName !== 'persistentvolumeclaims' || subresource !== '') return false;
  return operation === 'CREATE' || operation === 'UPDATE';
}

function demandsOf({ kind, object }: AdmissionAttributes, limitType: string): readonly Demand[] {
  if (kind.resourceName === 'pods') return podDemands(object, limitType);
  if (limitType !== 'PersistentVolumeClaim') return [];
  // Only claims are stored under the other resource name.
  return [{ requests: amountsOf((object as PersistentVolumeClaim).spec.resources?.requests) }];
}

function podDemands(object: AdmissionObject | undefined, limitType: string): readonly Demand[] {
  // Only Pods are written to this resource and its sub-resource.
  const { spec } = object as Pod;
  if (limitType === 'Container') {
    return [...spec.containers, ...(spec.initContainers ?? [])].map(({ resources }) => ({
      requests: amountsOf(resources.requests),
      limits: amountsOf(resources.limits),
    }));
  }
  if (limitType !== 'Pod') return [];
  const requests = withPodLevel(containerRequests(spec), spec.resources?.requests);
  return [{ requests, limits: withPodLevel(containerLimits(spec), spec.resources?.limits) }];
}

/** The amounts of all containers, but those of CPU and memory that the pod states itself. */
function withPodLevel(amounts: ResourceAmounts, podLevel: Readonly<Record<string, string>> | undefined): Amounts {
  const own = [...amountsOf(podLevel)].filter(([name]) => name === 'cpu' || name === 'memory');
  return new Map([...[...amounts].map(([name, quantity]) => [name, { quantity, text: formatQuantity(quantity) }] as const), ...own]);
}

interface Defaults {
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
}

/** Gives the containers of a pod the defaults of one LimitRange, and says so in an annotation. */
function withDefaults(pod: Pod, { spec: { limits } }: LimitRange): Pod {
  const ofContainers = (limits ?? []).filter(({ type }) => type === 'Container');
  const defaults: Defaults = {
    requests: Object.assign({}, ...ofContainers.map(({ defaultRequest }) => defaultRequest)),
    limits: Object.assign({}, ...ofContainers.map((item) => item.default)),
  };
  const set: string[] = [];
  const complete = (what: string) => (container: Container) =>
    completed(container, defaults, (text) => set.push(`${text} ${what} ${container.name}`));
  const containers = pod.spec.containers.map(complete('container'));
  const initContainers = pod.spec.initContainers?.map(complete('init container'));
  if (set.length === 0) return pod;
  const annotations = { ...pod.metadata.annotations, [annotation]: `LimitRanger plugin set: ${set.join('; ')}` };
  return {
    ...pod,
    metadata: { ...pod.metadata, annotations },
    spec: { ...pod.spec, containers, ...(initContainers === undefined ? {} : { initContainers }) },
  };
}

/** Adds the missing amounts, and tells their names. */
function completed(container: Container, defaults: Defaults, tell: (text: string) => void): Container {
  const { requests = {}, limits = {} } = container.resources;
  const missing = (given: Readonly<Record<string, string>>, all: Readonly<Record<string, string>>): readonly string[] =>
    Object.keys(all)
      .filter((name) => given[name] === undefined)
      .sort();
  const [setRequests, setLimits] = [missing(requests, defaults.requests), missing(limits, defaults.limits)];
  if (setRequests.length > 0) tell(`${setRequests.join(', ')} request for`);
  if (setLimits.length > 0) tell(`${setLimits.join(', ')} limit for`);
  if (setRequests.length + setLimits.length === 0) return container;
  const all = { requests: { ...defaults.requests, ...requests }, limits: { ...defaults.limits, ...limits } };
  return {
    ...container,
    resources: {
      ...container.resources,
      ...(Object.keys(all.requests).length === 0 ? {} : { requests: all.requests }),
      ...(Object.keys(all.limits).length === 0 ? {} : { limits: all.limits }),
    },
  };
}
