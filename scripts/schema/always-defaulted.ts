/**
 * Optional fields that upstream's defaults (or validation) make present in every stored object, by model name.
 * Source: pkg/apis/{core,apps,batch,autoscaling,networking,discovery,storage,scheduling} (defaults.go of each version).
 */
const core = 'io.k8s.api.core.v1.';
const apps = 'io.k8s.api.apps.v1.';
const container = ['image', 'imagePullPolicy', 'terminationMessagePath', 'terminationMessagePolicy'];

export const alwaysDefaulted: Readonly<Record<string, readonly string[]>> = {
  [`${core}PodSpec`]: ['restartPolicy', 'terminationGracePeriodSeconds', 'dnsPolicy', 'schedulerName', 'securityContext'],
  [`${core}Container`]: container,
  [`${core}EphemeralContainerCommon`]: container,
  [`${core}ContainerPort`]: ['protocol'],
  [`${core}Probe`]: ['timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'],
  [`${core}HTTPGetAction`]: ['path', 'scheme'],
  [`${core}ObjectFieldSelector`]: ['apiVersion'],
  [`${core}SecretVolumeSource`]: ['defaultMode'],
  [`${core}ConfigMapVolumeSource`]: ['defaultMode'],
  [`${core}DownwardAPIVolumeSource`]: ['defaultMode'],
  [`${core}ProjectedVolumeSource`]: ['defaultMode'],
  [`${core}ServiceAccountTokenProjection`]: ['expirationSeconds'],
  [`${core}HostPathVolumeSource`]: ['type'],
  [`${core}ReplicationControllerSpec`]: ['replicas', 'selector', 'template'],
  [`${core}ServiceSpec`]: ['type', 'sessionAffinity'],
  [`${core}ServicePort`]: ['protocol', 'targetPort'],
  [`${core}EndpointPort`]: ['protocol'],
  [`${core}Secret`]: ['type'],
  [`${core}NamespaceStatus`]: ['phase'],
  [`${core}PersistentVolumeSpec`]: ['persistentVolumeReclaimPolicy', 'volumeMode'],
  [`${core}PersistentVolumeStatus`]: ['phase'],
  [`${core}PersistentVolumeClaimSpec`]: ['volumeMode'],
  [`${core}PersistentVolumeClaimStatus`]: ['phase'],
  [`${apps}ReplicaSetSpec`]: ['replicas'],
  [`${apps}DeploymentSpec`]: ['replicas', 'revisionHistoryLimit', 'progressDeadlineSeconds'],
  [`${apps}DeploymentStrategy`]: ['type'],
  [`${apps}RollingUpdateDeployment`]: ['maxUnavailable', 'maxSurge'],
  [`${apps}DaemonSetSpec`]: ['revisionHistoryLimit'],
  [`${apps}DaemonSetUpdateStrategy`]: ['type'],
  [`${apps}RollingUpdateDaemonSet`]: ['maxUnavailable', 'maxSurge'],
  [`${apps}StatefulSetSpec`]: ['replicas', 'podManagementPolicy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy'],
  [`${apps}StatefulSetUpdateStrategy`]: ['type'],
  [`${apps}StatefulSetPersistentVolumeClaimRetentionPolicy`]: ['whenDeleted', 'whenScaled'],
  'io.k8s.api.batch.v1.CronJobSpec': ['concurrencyPolicy', 'suspend', 'successfulJobsHistoryLimit', 'failedJobsHistoryLimit'],
  'io.k8s.api.autoscaling.v1.HorizontalPodAutoscalerSpec': ['minReplicas'],
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec': ['minReplicas', 'metrics'],
  'io.k8s.api.discovery.v1.EndpointPort': ['name', 'protocol'],
  'io.k8s.api.networking.v1.NetworkPolicySpec': ['policyTypes'],
  'io.k8s.api.networking.v1.NetworkPolicyPort': ['protocol'],
  'io.k8s.api.storage.v1.StorageClass': ['reclaimPolicy', 'volumeBindingMode'],
  'io.k8s.api.scheduling.v1.PriorityClass': ['preemptionPolicy'],
};
