/**
 * The kubelet's admission check before it runs a pod, because pods that were bound without the scheduler may not fit
 * the node. Pure. Source: pkg/kubelet/lifecycle/predicate.go (Admit, generalFilter); pkg/kubelet/kubelet.go
 * (rejectPod).
 */
import type { Node, NodeSelectorTerm, Pod } from '../../../api/generated/core/v1.ts';
import { isExtendedResource, podRequests } from '../../../api/pod/resources.ts';
import { parseQuantity, type Quantity, toMilli, toUnits } from '../../../api/quantity.ts';
import type { Waiting } from './status-input.ts';
import { forbiddenSysctl } from './sysctls.ts';

export interface AdmissionInput {
  readonly pod: Pod;
  readonly node: Pick<Node, 'metadata' | 'spec'>;
  readonly allocatable: Readonly<Record<string, string>>;
  /** The node's other pods that have not ended. */
  readonly others: readonly Pod[];
  /** Patterns of the sysctls that pods may set beside the safe ones; default: none. */
  readonly allowedSysctls?: readonly string[];
  /** True: resources that are lacking are no reason to refuse the pod, because others make way for it. */
  readonly mayPreempt?: boolean;
}

const wholeUnits = (name: string, quantity: Quantity): number => (name === 'cpu' ? toMilli(quantity) : toUnits(quantity));

/**
 * Which of the pod's requests exceed the node's whole capacity, in upstream's words. Source:
 * pkg/kubelet/allocation/allocation_manager.go (canResizePod).
 */
export function overCapacity(pod: Pod, allocatable: Readonly<Record<string, string>>): string | undefined {
  const wanted = podRequests(pod);
  const over = ['cpu', 'memory'].flatMap((name) => {
    const requested = wholeUnits(name, wanted.get(name) ?? parseQuantity('0'));
    const capacity = wholeUnits(name, parseQuantity(allocatable[name] ?? '0'));
    return requested > capacity ? [`${name}, requested: ${requested}, capacity: ${capacity}`] : [];
  });
  return over.length === 0 ? undefined : `Node didn't have enough capacity: ${over.join(', ')}`;
}

/** A resource of which the node has too little left; amounts are whole units, of CPU thousandths. */
export interface Shortfall {
  readonly name: string;
  readonly requested: number;
  readonly used: number;
  readonly capacity: number;
}

/** How much of a resource a pod counts for. */
export const amountOf = (pod: Pod, name: string): number =>
  name === 'pods' ? 1 : wholeUnits(name, podRequests(pod).get(name) ?? parseQuantity('0'));

/** The resources of which the node does not have enough for the pod together with the other pods. */
export function shortfalls({ pod, allocatable, others }: Pick<AdmissionInput, 'pod' | 'allocatable' | 'others'>): readonly Shortfall[] {
  const maxPods = Number(allocatable.pods ?? Number.POSITIVE_INFINITY);
  const found: Shortfall[] = [];
  if (others.length + 1 > maxPods) found.push({ name: 'pods', requested: 1, used: others.length, capacity: maxPods });
  const wanted = podRequests(pod);
  if (wanted.size === 0) return found;
  const inUse = others.map((other) => podRequests(other));
  for (const [name, quantity] of wanted) {
    const requested = wholeUnits(name, quantity);
    if (requested === 0) continue;
    // An extended resource that the node does not declare belongs to the cluster (a scheduler extender manages it), so
    // it is not checked here. Source: predicate.go (removeMissingExtendedResources).
    if (isExtendedResource(name) && allocatable[name] === undefined) continue;
    const used = inUse.reduce((sum, requests) => sum + wholeUnits(name, requests.get(name) ?? parseQuantity('0')), 0);
    const capacity = wholeUnits(name, parseQuantity(allocatable[name] ?? '0'));
    if (requested + used > capacity) found.push({ name, requested, used, capacity });
  }
  return found;
}

/** The first resource that the node does not have enough of for the pod, in upstream's words. */
export function insufficientResources(input: Pick<AdmissionInput, 'pod' | 'allocatable' | 'others'>): Waiting | undefined {
  const [first] = shortfalls(input);
  if (first === undefined) return undefined;
  const { name, requested, used, capacity } = first;
  return {
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  };
}

type Requirement = NonNullable<NodeSelectorTerm['matchExpressions']>[number];

function matches({ key, operator, values = [] }: Requirement, labels: Readonly<Record<string, string>>): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > Number(values[0]);
    case 'Lt':
      return value !== undefined && Number(value) < Number(values[0]);
    default:
      return false;
  }
}

function affinityFits({ pod, node }: AdmissionInput): boolean {
  const labels = node.metadata.labels ?? {};
  if (Object.entries(pod.spec.nodeSelector ?? {}).some(([key, value]) => labels[key] !== value)) return false;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return required.nodeSelectorTerms.some(({ matchExpressions = [], matchFields = [] }) => {
    if (matchExpressions.length + matchFields.length === 0) return false;
    const fields = { 'metadata.name': node.metadata.name };
    return matchExpressions.every((r) => matches(r, labels)) && matchFields.every((r) => matches(r, fields));
  });
}

interface HostPort {
  readonly ip: string;
  readonly port: number;
  readonly protocol: string;
}

function hostPortsOf({ spec }: Pod): HostPort[] {
  const sidecars = (spec.initContainers ?? []).filter((c) => c.restartPolicy === 'Always');
  return [...sidecars, ...spec.containers].flatMap((container) =>
    (container.ports ?? []).flatMap(({ hostIP, hostPort, protocol }) =>
      hostPort === undefined || hostPort === 0 ? [] : [{ ip: hostIP ?? '', port: hostPort, protocol }],
    ),
  );
}

const anyAddress = (ip: string): boolean => ip === '' || ip === '0.0.0.0';

function portsFit({ pod, others }: AdmissionInput): boolean {
  const wanted = hostPortsOf(pod);
  if (wanted.length === 0) return true;
  const taken = others.flatMap(hostPortsOf);
  return !wanted.some((a) =>
    taken.some((b) => a.port === b.port && a.protocol === b.protocol && (a.ip === b.ip || anyAddress(a.ip) || anyAddress(b.ip))),
  );
}

function untolerated({ pod, node }: AdmissionInput): boolean {
  return (node.spec.taints ?? [])
    .filter(({ effect }) => effect === 'NoExecute')
    .some(
      (taint) =>
        !(pod.spec.tolerations ?? []).some(({ key = '', operator = 'Equal', value = '', effect = '' }) => {
          if (effect !== '' && effect !== taint.effect) return false;
          if (key !== '' && key !== taint.key) return false;
          return operator === 'Exists' || (key !== '' && value === (taint.value ?? ''));
        }),
    );
}

/** Source: predicate.go (rejectPodAdmissionBasedOnOSSelector, rejectPodAdmissionBasedOnOSField). */
function otherSystem({ metadata, spec }: Pod): Waiting | undefined {
  const label = metadata.labels?.['kubernetes.io/os'];
  if (label !== undefined && label !== 'linux') {
    const message = "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label";
    return { reason: 'PodOSSelectorNodeLabelDoesNotMatch', message };
  }
  if (spec.os === undefined || spec.os.name === 'linux') return undefined;
  return { reason: 'PodOSNotSupported', message: "Failed to admit pod as the OS field doesn't match node OS" };
}

/**
 * Why the pod cannot run on a host without AppArmor: it names a profile. Source: pkg/security/apparmor/validate.go;
 * pkg/kubelet/lifecycle/handlers.go.
 */
export function appArmorProblem({ spec }: Pod): Waiting | undefined {
  const containers = [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])];
  const profiles = [spec.securityContext, ...containers.map((c) => c.securityContext)].flatMap((context) => context?.appArmorProfile ?? []);
  if (profiles.every(({ type }) => type === 'Unconfined')) return undefined;
  return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' };
}

const predicate = (reason: string, text: string): Waiting => ({ reason, message: `Predicate ${reason} failed: ${text}` });

/** Why the node cannot run the pod, with upstream's reason and message; undefined when it can. */
export function admissionFailure(input: AdmissionInput): Waiting | undefined {
  const refused = forbiddenSysctl(input.pod, input.allowedSysctls ?? []) ?? otherSystem(input.pod);
  if (refused !== undefined) return refused;
  const lacking = input.mayPreempt === true ? undefined : insufficientResources(input);
  if (lacking !== undefined) return lacking;
  if (!affinityFits(input)) return predicate('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
  if (!portsFit(input)) return predicate('NodePorts', "node(s) didn't have free ports for the requested pod ports");
  if (untolerated(input)) return predicate('TaintToleration', "node(s) had taints that the pod didn't tolerate");
  return undefined;
}
