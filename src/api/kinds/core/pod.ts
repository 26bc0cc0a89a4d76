/**
 * A group of containers that share a network and volumes on one node.
 * https://kubernetes.io/docs/concepts/workloads/pods/
 */

import { FieldPath } from '../../field-error.ts';
import type { Pod } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { withAppArmorFields } from '../../pod/app-armor.ts';
import { defaultPod } from '../../pod/defaults/pod-spec.ts';
import { podEphemeralContainers } from '../../pod/ephemeral-containers.ts';
import { mergeMatchLabelKeys } from '../../pod/match-label-keys.ts';
import { podResize } from '../../pod/resize.ts';
import { qosClassOfSpec } from '../../pod/resources.ts';
import { podStatusText } from '../../pod/status-text.ts';
import { podCreateErrors, podErrors, podUpdateErrors } from '../../pod/validation/pod.ts';
import { podStatusUpdateErrors } from '../../pod/validation/pod-status.ts';
import { podWarnings } from '../../pod/validation/pod-warnings.ts';
import { createSubresource, proxySubresource, statusSubresource, streamSubresource } from '../../subresource.ts';
import type { Column, RowCondition } from '../../table.ts';
import { nameWarnings } from '../apps/validation/workload-warnings.ts';
import { ageColumn, nameColumn, orNone } from '../columns.ts';

function readinessGates({ spec, status }: Pod): string {
  const gates = spec.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  const open = gates.filter(({ conditionType }) => status.conditions?.find(({ type }) => type === conditionType)?.status === 'True');
  return `${open.length}/${gates.length}`;
}

const columns: readonly Column<Pod>[] = [
  nameColumn,
  {
    name: 'Ready',
    type: 'string',
    description: 'The aggregate readiness state of this pod for accepting traffic.',
    value: (pod, now) => podStatusText(pod, now).ready,
  },
  {
    name: 'Status',
    type: 'string',
    description: 'The aggregate status of the containers in this pod.',
    value: (pod, now) => podStatusText(pod, now).status,
  },
  {
    name: 'Restarts',
    type: 'string',
    description:
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    value: (pod, now) => podStatusText(pod, now).restarts,
  },
  ageColumn,
  {
    name: 'IP',
    type: 'string',
    priority: 1,
    descriptionOf: ['io.k8s.api.core.v1.PodStatus', 'podIP'],
    value: ({ status }) => orNone(status.podIPs?.[0]?.ip ?? status.podIP),
  },
  {
    name: 'Node',
    type: 'string',
    priority: 1,
    descriptionOf: ['io.k8s.api.core.v1.PodSpec', 'nodeName'],
    value: ({ spec }) => orNone(spec.nodeName),
  },
  {
    name: 'Nominated Node',
    type: 'string',
    priority: 1,
    descriptionOf: ['io.k8s.api.core.v1.PodStatus', 'nominatedNodeName'],
    value: ({ status }) => orNone(status.nominatedNodeName),
  },
  {
    name: 'Readiness Gates',
    type: 'string',
    priority: 1,
    descriptionOf: ['io.k8s.api.core.v1.PodSpec', 'readinessGates'],
    value: readinessGates,
  },
];

function rowConditions({ status }: Pod): readonly RowCondition[] {
  if (status.phase === 'Succeeded') {
    return [{ type: 'Completed', status: 'True', reason: 'Succeeded', message: 'The pod has completed successfully.' }];
  }
  if (status.phase === 'Failed') return [{ type: 'Completed', status: 'True', reason: 'Failed', message: 'The pod failed.' }];
  return [];
}

/** Only new Pods get warnings, as upstream: programs update Pods often. */
const newPodWarnings = ({ metadata, spec }: Pod, previous: Pod | undefined): readonly string[] =>
  previous === undefined ? [...nameWarnings(metadata.name, "the Pod's hostname"), ...podWarnings(metadata, spec, FieldPath.root)] : [];

export const pod = defineKind<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  scope: 'Namespaced',
  names: { shortNames: ['po'], categories: ['all'] },
  codec: { schema: 'io.k8s.api.core.v1.Pod', defaults: defaultPod },
  rules: { validate: podErrors, warnings: newPodWarnings, canonicalize: withAppArmorFields },
  create: { prepare: preparePodForCreate, validate: podCreateErrors },
  update: { metadata: 'whole', validate: podUpdateErrors },
  delete: { gracePeriodSeconds: podGracePeriodSeconds, answersObject: true },
  subresources: {
    status: statusSubresource({
      keeps: ['ownerReferences'],
      resets: [['metadata', 'deletionTimestamp']],
      validate: podStatusUpdateErrors,
    }),
    ephemeralcontainers: podEphemeralContainers,
    resize: podResize,
    binding: createSubresource({ group: '', version: 'v1', kind: 'Binding' }, { keepsSystemMeta: true }),
    eviction: createSubresource({ group: 'policy', version: 'v1', kind: 'Eviction' }, { oldVersions: ['v1beta1'] }),
    log: { does: 'read', verbs: ['get'], options: { group: '', version: 'v1', kind: 'PodLogOptions' } },
    exec: streamSubresource('container', 'PodExecOptions'),
    attach: streamSubresource('container', 'PodAttachOptions'),
    portforward: streamSubresource('pod', 'PodPortForwardOptions'),
    proxy: proxySubresource('PodProxyOptions'),
  },
  select: {
    'spec.nodeName': ({ spec }) => spec.nodeName ?? '',
    'spec.restartPolicy': ({ spec }) => spec.restartPolicy,
    'spec.schedulerName': ({ spec }) => spec.schedulerName,
    'spec.serviceAccountName': ({ spec }) => spec.serviceAccountName ?? '',
    'spec.hostNetwork': ({ spec }) => String(spec.hostNetwork ?? false),
    'status.phase': ({ status }) => status.phase ?? '',
    'status.podIP': ({ status }) => status.podIPs?.[0]?.ip ?? status.podIP ?? '',
    // The label is known, but has no value on any object. Source: pkg/registry/core/pod/strategy.go
    // (ToSelectableFields).
    'status.podIPs': () => '',
    'status.nominatedNodeName': ({ status }) => status.nominatedNodeName ?? '',
  },
  table: { columns, rowConditions },
});

/**
 * A new Pod is Pending with its quality-of-service class; one with scheduling gates gets the condition that says so.
 * Source: pkg/registry/core/pod/strategy.go.
 */
function preparePodForCreate(created: Pod): Pod {
  const { nodeName, schedulingGates } = created.spec;
  const gated = (nodeName ?? '') === '' && (schedulingGates ?? []).length > 0;
  return {
    ...created,
    spec: mergeMatchLabelKeys(created.spec, created.metadata.labels ?? {}),
    status: {
      phase: 'Pending',
      ...(gated
        ? {
            conditions: [
              {
                type: 'PodScheduled',
                status: 'False',
                reason: 'SchedulingGated',
                message: 'Scheduling is blocked due to non-empty scheduling gates',
                lastProbeTime: null,
                lastTransitionTime: created.metadata.creationTimestamp ?? null,
              },
            ],
          }
        : {}),
      qosClass: qosClassOfSpec(created.spec),
    },
  };
}

/**
 * How long a Pod may take to stop: as requested or as its spec says; at once when no kubelet runs it. Source:
 * pkg/registry/core/pod, CheckGracefulDelete.
 */
function podGracePeriodSeconds({ spec, status }: Pod, requestedSeconds: number | undefined): number {
  const asked = requestedSeconds ?? spec.terminationGracePeriodSeconds ?? 0;
  if (spec.nodeName === undefined || spec.nodeName === '') return 0;
  if (status.phase === 'Succeeded' || status.phase === 'Failed') return 0;
  // A negative period means the smallest possible one: one second.
  return asked < 0 ? 1 : asked;
}
