/**
 * The only table of kubectl's kind-specific behaviour. A workload is one line here, and no verb compares kinds by name
 * alone. Rows are found by group and kind, in any version, so that another group's `Service` or `Deployment` is never
 * treated as the built-in one. Modules that a row needs are loaded on first use.
 */
import type { ApiResource } from '../resources/discovery.ts';
import type { KindTraits, RolloutHistory } from './kind-traits.ts';
import { labelsOfSelector, ownLabels, selectorByExpressions, selectorByLabels, selectorOfService } from './selectors.ts';

const template = ['spec', 'template', 'spec'];
const apps = ['apps', 'extensions'] as const;
const rbac = 'rbac.authorization.k8s.io';

const controllerHistory = async (): Promise<RolloutHistory> => (await import('./rollout/controller-revisions.ts')).controllerRevisions;

const rows = [
  {
    kind: 'Pod',
    groups: [''],
    podSpecPath: ['spec'],
    exposedLabels: ownLabels,
    describer: async () => (await import('./describe/pod.ts')).describePod,
  },
  {
    kind: 'ReplicationController',
    groups: [''],
    podSpecPath: template,
    podSelector: selectorByLabels,
    exposedLabels: labelsOfSelector.map,
    describer: async () => (await import('./describe/replication-controller.ts')).describeReplicationController,
  },
  {
    kind: 'Deployment',
    groups: apps,
    podSpecPath: template,
    podSelector: selectorByExpressions,
    exposedLabels: labelsOfSelector.deployment,
    rollout: {
      pausable: true,
      status: async () => (await import('./rollout/rollout-status.ts')).deploymentStatus,
      history: async () => (await import('./rollout/deployment-history.ts')).deploymentHistory,
    },
    describer: async () => (await import('./describe/deployment.ts')).describeDeployment,
  },
  {
    kind: 'ReplicaSet',
    groups: apps,
    podSpecPath: template,
    podSelector: selectorByExpressions,
    exposedLabels: labelsOfSelector.replicaSet,
    describer: async () => (await import('./describe/replica-set.ts')).describeReplicaSet,
  },
  {
    kind: 'DaemonSet',
    groups: apps,
    podSpecPath: template,
    podSelector: selectorByExpressions,
    rollout: { status: async () => (await import('./rollout/rollout-status.ts')).daemonSetStatus, history: controllerHistory },
    describer: async () => (await import('./describe/daemon-set.ts')).describeDaemonSet,
  },
  {
    kind: 'StatefulSet',
    groups: ['apps'],
    podSpecPath: template,
    podSelector: selectorByExpressions,
    rollout: { status: async () => (await import('./rollout/rollout-status.ts')).statefulSetStatus, history: controllerHistory },
    describer: async () => (await import('./describe/stateful-set.ts')).describeStatefulSet,
  },
  {
    kind: 'Job',
    groups: ['batch'],
    podSpecPath: template,
    podSelector: selectorByExpressions,
    describer: async () => (await import('./describe/job.ts')).describeJob,
  },
  {
    kind: 'CronJob',
    groups: ['batch'],
    podSpecPath: ['spec', 'jobTemplate', ...template],
    describer: async () => (await import('./describe/cron-job.ts')).describeCronJob,
  },
  {
    kind: 'HorizontalPodAutoscaler',
    groups: ['autoscaling'],
    describer: async () => (await import('./describe/horizontal-pod-autoscaler.ts')).describeHorizontalPodAutoscaler,
  },
  {
    kind: 'PodDisruptionBudget',
    groups: ['policy'],
    describer: async () => (await import('./describe/pod-disruption-budget.ts')).describePodDisruptionBudget,
  },
  {
    kind: 'Service',
    groups: [''],
    podSelector: selectorOfService,
    exposedLabels: labelsOfSelector.service,
    describer: async () => (await import('./describe/service.ts')).describeService,
  },
  {
    kind: 'ConfigMap',
    groups: [''],
    environmentSource: 'configMapKeyRef',
    describer: async () => (await import('./describe/config-map.ts')).describeConfigMap,
  },
  {
    kind: 'Secret',
    groups: [''],
    environmentSource: 'secretKeyRef',
    describer: async () => (await import('./describe/secret.ts')).describeSecret,
  },
  { kind: 'ServiceAccount', groups: [''], describer: async () => (await import('./describe/service-account.ts')).describeServiceAccount },
  { kind: 'LimitRange', groups: [''], describer: async () => (await import('./describe/limit-range.ts')).describeLimitRange },
  { kind: 'ResourceQuota', groups: [''], describer: async () => (await import('./describe/resource-quota.ts')).describeResourceQuota },
  { kind: 'Node', groups: [''], describer: async () => (await import('./describe/node.ts')).describeNode },
  { kind: 'Namespace', groups: [''], describer: async () => (await import('./describe/namespace.ts')).describeNamespace },
  { kind: 'Endpoints', groups: [''], describer: async () => (await import('./describe/endpoints.ts')).describeEndpoints },
  {
    kind: 'EndpointSlice',
    groups: ['discovery.k8s.io'],
    describer: async () => (await import('./describe/endpoint-slice.ts')).describeEndpointSlice,
  },
  { kind: 'Role', groups: [rbac], describer: async () => (await import('./describe/role.ts')).describeRole },
  { kind: 'ClusterRole', groups: [rbac], describer: async () => (await import('./describe/role.ts')).describeRole },
  { kind: 'RoleBinding', groups: [rbac], describer: async () => (await import('./describe/role.ts')).describeBinding },
  { kind: 'ClusterRoleBinding', groups: [rbac], describer: async () => (await import('./describe/role.ts')).describeBinding },
  {
    kind: 'PersistentVolume',
    groups: [''],
    describer: async () => (await import('./describe/persistent-volume.ts')).describePersistentVolume,
  },
  {
    kind: 'PersistentVolumeClaim',
    groups: [''],
    describer: async () => (await import('./describe/persistent-volume.ts')).describePersistentVolumeClaim,
  },
  {
    kind: 'StorageClass',
    groups: ['storage.k8s.io'],
    describer: async () => (await import('./describe/storage-class.ts')).describeStorageClass,
  },
  {
    kind: 'VolumeAttributesClass',
    groups: ['storage.k8s.io'],
    describer: async () => (await import('./describe/storage-class.ts')).describeVolumeAttributesClass,
  },
  {
    kind: 'CertificateSigningRequest',
    groups: ['certificates.k8s.io'],
    describer: async () => (await import('./describe/certificate-signing-request.ts')).describeCertificateSigningRequest,
  },
] as const satisfies readonly KindTraits[];

export type KnownKind = (typeof rows)[number]['kind'];
export type GroupKind = Pick<ApiResource, 'group' | 'kind'>;

/** All rows, in no particular order. */
export const kindTable: readonly KindTraits[] = rows;

/** The row of a resource's kind; undefined when kubectl treats the kind generically. */
export const traitsOf = ({ group, kind }: GroupKind): KindTraits | undefined =>
  kindTable.find((row) => row.kind === kind && row.groups.includes(group));

/** Whether a resource is the built-in kind of this name, in any version, and not another group's kind. */
export const isKind = (resource: GroupKind, kind: KnownKind): boolean => traitsOf(resource)?.kind === kind;

/** `ConfigMap`, `Deployment.apps`: a kind with its group, as upstream prints it. */
export const groupKind = ({ group, kind }: GroupKind): string => (group === '' ? kind : `${kind}.${group}`);
