/**
 * Descriptions of fields whose type is another type. The API client package has none for these (its source drops text
 * beside references). Keyed by type and field, in our own words. Fields that are not listed use the description of
 * their type.
 */
import { clusterReferenceDescriptions } from './cluster-reference-descriptions.ts';
import { policyReferenceDescriptions } from './policy-reference-descriptions.ts';

const probes = {
  livenessProbe: 'Probe that tells whether the container is alive: the container is restarted when it fails. Cannot be updated.',
  readinessProbe:
    'Probe that tells whether the container takes traffic: while it fails, the pod is left out of its Services. Cannot be updated.',
  startupProbe: 'Probe that tells whether the container has started: no other probe runs before it succeeds. Cannot be updated.',
};

const container = {
  ...probes,
  lifecycle: 'Actions to run right after the container starts and before it is terminated. Cannot be updated.',
  resources: 'Compute resources the container requests and is limited to.',
  securityContext: "Security options of the container; they override the pod's.",
};

const secretRef = 'Secret with the credentials for this volume.';

const securityProfiles = {
  appArmorProfile: 'AppArmor profile to run with. Linux only.',
  seLinuxOptions: 'SELinux context to run with; the container runtime chooses one when unset. Linux only.',
  seccompProfile: 'Seccomp profile to run with. Linux only.',
  windowsOptions: 'Options for Windows containers. Windows only.',
};

const metric = 'The metric, by name and selector.';
const target = 'The value that the autoscaler keeps the metric at.';
const current = 'The value that the metric had last.';
const describedObject = 'The object that the metric describes.';

/** Of specs and statuses alike. */
const metricKinds = (what: string) => ({
  object: `${what} of one object, such as hits of an Ingress.`,
  pods: `${what} of each pod, averaged over all.`,
  resource: `${what} of a resource that the pods request, such as cpu.`,
  containerResource: `${what} of a resource of one container in each pod.`,
  external: `${what} that belongs to no object of the cluster.`,
});

const template = 'The pods that are created when there are too few of them.';

const timestamp = 'The end of the span of time in which the usage was measured.';
const window = 'The length of that span.';
const usage = 'How much of each resource was used; of memory, the working set.';

/** Type name to field name to description. */
export const referenceDescriptions: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  ...clusterReferenceDescriptions,
  APIServiceSpec: { service: 'The Service that serves this version of the group. Absent: this server does.' },
  ...policyReferenceDescriptions,
  Affinity: {
    nodeAffinity: 'Rules about which nodes the pod may or should run on.',
    podAffinity: 'Rules that draw the pod to where certain other pods run.',
    podAntiAffinity: 'Rules that keep the pod away from where certain other pods run.',
  },
  CSIVolumeSource: { nodePublishSecretRef: 'Secret handed to the CSI driver when it publishes the volume on the node.' },
  CephFSVolumeSource: { secretRef },
  CinderVolumeSource: { secretRef },
  ClusterRole: { aggregationRule: 'Which other roles give this one its rules: a controller writes them, and overwrites others.' },
  ClusterRoleBinding: { roleRef: 'The role that is given. It cannot be changed.' },
  FlexVolumeSource: { secretRef },
  ISCSIVolumeSource: { secretRef },
  MutatingWebhook: {
    clientConfig: 'How the webhook is called: by a URL or through a Service.',
    namespaceSelector: 'Labels of the namespaces whose objects the webhook is asked about. All namespaces when empty.',
    objectSelector:
      'Labels of the objects that the webhook is asked about; the old or the new object has to match. All objects when empty.',
  },
  RBDVolumeSource: { secretRef },
  RoleBinding: { roleRef: 'The role that is given. It cannot be changed.' },
  ScaleIOVolumeSource: { secretRef },
  StorageOSVolumeSource: { secretRef },
  ClusterTrustBundleProjection: { labelSelector: 'Selects trust bundles by label. Only together with signerName.' },
  Container: container,
  CustomResourceConversion: { webhook: 'How to call the webhook; needed for the strategy Webhook.' },
  CustomResourceDefinitionSpec: {
    conversion: 'How objects are converted between the versions of the resource.',
    names: 'The names of the resource and of its kind.',
  },
  CustomResourceDefinitionStatus: {
    acceptedNames: 'The names that are in use. They differ from those of the spec when other definitions have these.',
  },
  CustomResourceDefinitionVersion: {
    schema: 'The schema by which objects of this version are validated, pruned and defaulted.',
    subresources: 'The sub-resources of this version.',
  },
  CustomResourceSubresources: { scale: 'Serves the `/scale` sub-resource, which shows objects as autoscaling/v1 Scale.' },
  CustomResourceValidation: { openAPIV3Schema: 'The OpenAPI v3 schema to use for validation and pruning.' },
  EphemeralContainerCommon: {
    ...container,
    ...Object.fromEntries(Object.keys(probes).map((name) => [name, 'Not allowed for ephemeral containers.'])),
  },
  WebhookConversion: { clientConfig: 'How to reach the webhook; needed for the strategy Webhook.' },
  ContainerRestartRule: { exitCodes: 'The exit codes for which the rule holds.' },
  ContainerMetrics: { name: 'The name of the container in the pod.', usage },
  ContainerState: {
    running: 'Set while the container runs.',
    terminated: 'Set once the container has ended.',
    waiting: 'Set while the container has yet to start.',
  },
  ContainerStatus: {
    lastState: 'How the previous run of the container ended.',
    resources: 'The requests and limits that are in force for the running container.',
    state: 'What the container is doing now.',
    user: 'The user that the first process of the container runs as.',
  },
  ContainerUser: { linux: 'The user and groups on Linux.' },
  CronJobSpec: { jobTemplate: 'The Job that is started at each of the times.' },
  DaemonSetSpec: {
    selector: "Selects the pods that the set manages; it must match the template's labels and cannot change.",
    template: 'The pod that runs on every node that fits it.',
    updateStrategy: 'How pods are replaced when the template changes.',
  },
  DaemonSetUpdateStrategy: {
    rollingUpdate: 'How many pods may be missing or too many during a rolling update. Only for the type RollingUpdate.',
  },
  DeploymentSpec: {
    selector: "Selects the pods that belong to the deployment; it must match the template's labels and cannot change.",
    strategy: 'How existing pods are replaced with new ones.',
    template: 'The pods to run. The restartPolicy can only be Always.',
  },
  DeploymentStrategy: { rollingUpdate: 'Parameters of a rolling update. Only with type RollingUpdate.' },
  DownwardAPIVolumeFile: {
    fieldRef: 'A field of the pod: its name, namespace, uid, labels or annotations.',
    resourceFieldRef: "A container's CPU or memory request or limit.",
  },
  Endpoint: {
    conditions: 'The current state of the endpoint.',
    hints: 'Where traffic for the endpoint is best sent from.',
    targetRef: 'The object, usually a pod, that the endpoint stands for.',
  },
  EndpointAddress: { targetRef: 'The object, usually a pod, that has the address.' },
  ContainerResourceMetricSource: { target },
  ContainerResourceMetricStatus: { current },
  EnvFromSource: {
    configMapRef: 'The ConfigMap whose entries become variables.',
    secretRef: 'The Secret whose entries become variables.',
  },
  EnvVar: { valueFrom: 'Where to take the value from. Only without a value.' },
  EnvVarSource: {
    configMapKeyRef: 'One entry of a ConfigMap.',
    fieldRef: 'A field of the pod, such as metadata.name, spec.nodeName or status.podIP.',
    fileKeyRef: 'One variable of a file in a volume.',
    resourceFieldRef: "A container's request or limit of a resource.",
    secretKeyRef: "One entry of a Secret in the pod's namespace.",
  },
  EphemeralVolumeSource: { volumeClaimTemplate: 'The PersistentVolumeClaim that is made for, and lives as long as, the pod.' },
  Event: {
    involvedObject: 'The object that the event is about.',
    related: 'A second object that is part of the story.',
    series: 'How often and when last the event repeated; unset for single events.',
    source: 'The component that reported the event.',
  },
  ExternalMetricSource: { metric, target },
  ExternalMetricStatus: { metric, current },
  HorizontalPodAutoscalerBehavior: { scaleUp: 'How fast it may scale up.', scaleDown: 'How fast it may scale down.' },
  HorizontalPodAutoscalerSpec: {
    scaleTargetRef: 'What is scaled: an object with a scale sub-resource.',
    behavior: 'How fast it may scale up and down. When unset, the defaults for both hold.',
  },
  JobSpec: {
    podFailurePolicy:
      'What becomes of the Job when its pods fail, by exit code or condition. When unset, every failure counts towards the backoff limit.',
    selector: 'Selects the pods that count. Normally the server sets it.',
    successPolicy: 'When the Job counts as succeeded. When unset, once all completions have succeeded.',
    template: 'The pods that do the work.',
  },
  JobStatus: { uncountedTerminatedPods: 'Pods that have ended and are not in the counters yet.' },
  JobTemplateSpec: { spec: 'The spec of the Job.' },
  Lifecycle: {
    postStart: 'Run right after the container is created. When it fails, the container is terminated and restarted by its policy.',
    preStop: 'Run before the container is terminated by a request or a failed probe, within the grace period.',
  },
  LifecycleHandler: {
    exec: 'A command to run in the container.',
    httpGet: 'An HTTP GET request to make.',
    sleep: 'A time to sleep.',
    tcpSocket: 'Deprecated and not supported.',
  },
  NodeConfigSource: { configMap: 'Reference to the ConfigMap that holds the configuration. Deprecated, and no longer supported.' },
  NodeConfigStatus: {
    active: 'The configuration that the node uses.',
    assigned: 'The configuration that the node is to use.',
    lastKnownGood: 'The configuration to which the node goes back when the assigned one fails.',
  },
  MetricIdentifier: { selector: 'Passed on to the metrics server, to choose among metrics of the same name.' },
  MetricSpec: metricKinds('A metric'),
  MetricStatus: metricKinds('The value of a metric'),
  NodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: 'What a node must have for the pod to be scheduled onto it.' },
  NodeSpec: { configSource: 'Deprecated: the source of dynamic kubelet configuration.' },
  NodeDaemonEndpoints: { kubeletEndpoint: 'Where the kubelet listens.' },
  NodeMetrics: { timestamp, window, usage },
  NodeRuntimeHandler: { features: 'What the runtime handler supports.' },
  NodeStatus: {
    config: 'The state of dynamic kubelet configuration.',
    daemonEndpoints: "Ports of the node's daemons.",
    features: 'What the container runtime of the node supports.',
    nodeInfo: 'Identifiers and versions of the node.',
  },
  NodeSystemInfo: { swap: 'Swap memory of the node.' },
  PersistentVolumeClaimSpec: {
    dataSource: 'A snapshot or claim to fill the volume from.',
    dataSourceRef: 'An object, of any kind with a populator, to fill the volume from.',
    resources: 'The least the volume must offer.',
    selector: 'Selects the volumes that may be bound.',
  },
  ObjectMetricSource: { describedObject, metric, target },
  ObjectMetricStatus: { describedObject, metric, current },
  PersistentVolumeClaimStatus: { modifyVolumeStatus: 'The state of a change of the volume attributes class; unset when there is none.' },
  PodAffinityTerm: {
    labelSelector: 'Selects the other pods by label.',
    namespaceSelector: 'Selects the namespaces of the other pods by label; empty selects all.',
  },
  PodDisruptionBudgetSpec: { selector: 'Selects the pods that the budget protects; an empty selector selects all pods of the namespace.' },
  PodMetrics: { timestamp, window, containers: 'The usage of each container, all in the same span of time.' },
  PodFailurePolicyRule: { onExitCodes: 'The exit codes of containers for which the rule holds.' },
  PodSecurityContext: securityProfiles,
  PodSpec: {
    affinity: 'Where the pod may and should be scheduled.',
    dnsConfig: 'DNS parameters, merged with what the dnsPolicy yields.',
    os: "The operating system of the pod's containers.",
    resources: 'Compute resources of the pod as a whole.',
    schedulingGroup: 'The group of pods to schedule together with.',
    securityContext: 'Security options of the pod and defaults for its containers.',
  },
  PodStatus: {
    extendedResourceClaimStatus: 'The claim that was made for extended resources.',
    resources: 'The requests and limits in force for the pod as a whole.',
  },
  PodTemplate: { template: 'The pods that would be made from this template.' },
  PodsMetricSource: { metric, target },
  PodsMetricStatus: { metric, current },
  PreferredSchedulingTerm: { preference: 'What nodes the weight goes to.' },
  ProbeHandler: {
    exec: 'A command to run in the container; exit code 0 is success.',
    grpc: 'A gRPC health check to make.',
    httpGet: 'An HTTP GET request to make; a status from 200 to 399 is success.',
    tcpSocket: 'A TCP port to connect to.',
  },
  ReplicaSetSpec: { selector: "Selects the pods to count; it must match the template's labels and cannot change.", template },
  ReplicationControllerSpec: { template },
  ResourceMetricSource: { target },
  ResourceMetricStatus: { current },
  ResourceQuotaSpec: { scopeSelector: 'Selects the objects that count, like scopes, and by value too.' },
  SecurityContext: { ...securityProfiles, capabilities: 'Capabilities to add and drop. Linux only.' },
  ServiceSpec: { sessionAffinityConfig: 'Parameters of the session affinity.' },
  ServiceStatus: { loadBalancer: 'The state of the load balancer, if there is one.' },
  SessionAffinityConfig: { clientIP: 'Parameters of affinity by client address.' },
  StatefulSetSpec: {
    selector: "Selects the pods that count as the set's; it must match the template's labels and cannot change.",
    template: 'The pods of the set, each of which also gets a name and claims of its own.',
    updateStrategy: 'How pods are replaced when the template changes.',
    persistentVolumeClaimRetentionPolicy: 'What becomes of claims when the set is deleted or scaled down. By default they are kept.',
    ordinals: 'How pods are numbered. By default from 0 on.',
  },
  StatefulSetUpdateStrategy: { rollingUpdate: 'Which pods a rolling update replaces. Only for the type RollingUpdate.' },
  TopologySpreadConstraint: { labelSelector: 'Selects the pods to count in each domain.' },
  ValidatingWebhook: {
    clientConfig: 'How the webhook is called: by a URL or through a Service.',
    namespaceSelector: 'Labels of the namespaces whose objects the webhook is asked about. All namespaces when empty.',
    objectSelector:
      'Labels of the objects that the webhook is asked about; the old or the new object has to match. All objects when empty.',
  },
  VolumeMountStatus: { volumeStatus: 'What is known of the mounted volume.' },
  VolumeProjection: {
    clusterTrustBundle: 'The certificates of trust bundles, as one file.',
    configMap: 'Entries of a ConfigMap.',
    downwardAPI: 'Fields of the pod.',
    podCertificate: 'A private key and a certificate made for the pod.',
    secret: 'Entries of a Secret.',
    serviceAccountToken: 'A token of the service account, renewed as needed.',
  },
  VolumeSource: {
    awsElasticBlockStore: 'Deprecated: an AWS disk.',
    azureDisk: 'Deprecated: an Azure data disk.',
    azureFile: 'Deprecated: an Azure file share.',
    cephfs: 'Deprecated: a CephFS mount.',
    cinder: 'Deprecated: an OpenStack volume.',
    configMap: 'The entries of a ConfigMap as files.',
    csi: 'Ephemeral storage handled by a CSI driver.',
    downwardAPI: 'Fields of the pod as files.',
    emptyDir: 'An empty directory that lives as long as the pod.',
    ephemeral: 'A volume of a storage driver that lives as long as the pod.',
    fc: 'A Fibre Channel disk.',
    flexVolume: 'Deprecated: a volume of an exec-based plugin.',
    flocker: 'Deprecated: a Flocker volume.',
    gcePersistentDisk: 'Deprecated: a Google Compute Engine disk.',
    gitRepo: 'Deprecated: the content of a Git repository.',
    glusterfs: 'Deprecated: a GlusterFS mount.',
    hostPath: "A file or directory of the node's file system. Most pods should not need it.",
    image: 'The content of an OCI image or artifact.',
    iscsi: 'An iSCSI disk.',
    nfs: 'An NFS mount.',
    persistentVolumeClaim: 'The volume of a PersistentVolumeClaim in the same namespace.',
    photonPersistentDisk: 'Deprecated: a Photon disk.',
    portworxVolume: 'Deprecated: a Portworx volume.',
    projected: 'Several sources in one directory: secrets, config maps, fields of the pod, tokens.',
    quobyte: 'Deprecated: a Quobyte mount.',
    rbd: 'Deprecated: a RADOS block device.',
    scaleIO: 'Deprecated: a ScaleIO volume.',
    secret: 'The entries of a Secret as files.',
    storageos: 'Deprecated: a StorageOS volume.',
    vsphereVolume: 'Deprecated: a vSphere volume.',
  },
  VolumeStatus: { image: 'The image that is mounted.' },
  WebhookClientConfig: { service: 'The Service that leads to the webhook. Either this or a URL is set.' },
  WeightedPodAffinityTerm: { podAffinityTerm: 'The rule that the weight goes to.' },
};
