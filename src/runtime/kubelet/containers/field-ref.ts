/**
 * The downward API: values of a pod's own fields and resources for environment variables and files. Source:
 * pkg/fieldpath/fieldpath.go; pkg/kubelet/kubelet_pods.go (podFieldSelectorRuntimeValue);
 * pkg/api/v1/resource/helpers.go.
 */
import type { Container, Pod, ResourceFieldSelector } from '../../../api/generated/core/v1.ts';
import { goQuote } from '../../../api/go-format.ts';
import { quantityMilli, quantityNumber } from './resources.ts';

/** Facts that only the running node knows. */
export interface PodRuntimeFacts {
  readonly podIp: string;
  readonly hostIp: string;
  readonly allocatable: Readonly<Record<string, string>>;
}

/** Upstream's map format for files: sorted `key="value"` lines with Go-quoted values. */
export function formatMap(map: Readonly<Record<string, string>> | undefined): string {
  return Object.entries(map ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${goQuote(value)}`)
    .join('\n');
}

const subscript = /^metadata\.(labels|annotations)\['(.+)'\]$/;

/** The value of a field path; undefined when upstream does not support that path. */
export function fieldValue(pod: Pod, fieldPath: string, facts: PodRuntimeFacts): string | undefined {
  const match = subscript.exec(fieldPath);
  if (match !== null) {
    const map = match[1] === 'labels' ? pod.metadata.labels : pod.metadata.annotations;
    return map?.[match[2] ?? ''] ?? '';
  }
  switch (fieldPath) {
    case 'metadata.name':
      return pod.metadata.name;
    case 'metadata.namespace':
      return pod.metadata.namespace ?? '';
    case 'metadata.uid':
      return pod.metadata.uid;
    case 'metadata.labels':
      return formatMap(pod.metadata.labels);
    case 'metadata.annotations':
      return formatMap(pod.metadata.annotations);
    case 'spec.nodeName':
      return pod.spec.nodeName ?? '';
    case 'spec.serviceAccountName':
      return pod.spec.serviceAccountName ?? '';
    case 'status.hostIP':
    case 'status.hostIPs':
      return facts.hostIp;
    case 'status.podIP':
    case 'status.podIPs':
      return facts.podIp;
    default:
      return undefined;
  }
}

/**
 * A container's request or limit in units of the divisor, rounded up; limits default to those of the pod as a whole,
 * and else to what the node can give. Source: pkg/kubelet/kubelet_resources.go (defaultPodLimitsForDownwardAPI).
 */
export function resourceValue(pod: Pod, container: Container, ref: ResourceFieldSelector, facts: PodRuntimeFacts): string {
  const [list, ...rest] = ref.resource.split('.');
  const resource = rest.join('.');
  const given = (amounts: Readonly<Record<string, string>> | undefined): string | undefined => {
    const amount = amounts?.[resource];
    return amount === undefined || quantityMilli(amount) === 0 ? undefined : amount;
  };
  const limit = (): string | undefined =>
    given(container.resources.limits) ?? given(pod.spec.resources?.limits) ?? given(facts.allocatable);
  const quantity = (list === 'limits' ? limit() : given(container.resources.requests)) ?? '0';
  const divisor = ref.divisor === undefined || ref.divisor === '0' ? '1' : ref.divisor;
  if (resource === 'cpu') return String(Math.ceil(quantityMilli(quantity) / quantityMilli(divisor)));
  return String(Math.ceil(quantityNumber(quantity) / quantityNumber(divisor)));
}
