/**
 * The structs that upstream's messages show, as its internal version has them: fields in order, by their Go names.
 * Their JSON names follow from these where none is given (`CephFS=cephfs`). What stands for an absent value: '' without
 * a mark, 0 with `#`, false with `?`, "0" with `$`, null with `*`, a struct of zeros with `:`. `*` and `:` name the
 * struct that is within, or in the list; `@` is what has JSON names, such as a label selector. ObjectMeta is embedded.
 * Source: types.go in pkg/apis/core, pkg/apis/batch, pkg/apis/flowcontrol, pkg/apis/resource, pkg/apis/storage,
 * and in apiextensions-apiserver pkg/apis/apiextensions.
 */
export const internalTypes = `
AWSElasticBlockStoreVolumeSource: VolumeID FSType Partition# ReadOnly?
Affinity: NodeAffinity*NodeAffinity PodAffinity*PodAffinity PodAntiAffinity*PodAntiAffinity
AllocationResult: Devices:DeviceAllocationResult NodeSelector*NodeSelector AllocationTimestamp*
AppArmorProfile: Type LocalhostProfile*
AzureDiskVolumeSource: DiskName DataDiskURI=diskURI CachingMode* FSType* ReadOnly* Kind*
AzureFilePersistentVolumeSource: SecretName ShareName ReadOnly? SecretNamespace*
AzureFileVolumeSource: SecretName ShareName ReadOnly?
CELDeviceSelector: Expression
CSINodeDriver: Name NodeID TopologyKeys* Allocatable*VolumeNodeResources
CSIPersistentVolumeSource: Driver VolumeHandle ReadOnly? FSType VolumeAttributes* ControllerPublishSecretRef*SecretReference
  NodeStageSecretRef*SecretReference NodePublishSecretRef*SecretReference ControllerExpandSecretRef*SecretReference
  NodeExpandSecretRef*SecretReference
CSIVolumeSource: Driver ReadOnly* FSType* VolumeAttributes* NodePublishSecretRef*LocalObjectReference
Capabilities: Add* Drop*
CapacityRequirements: Requests*
CephFSPersistentVolumeSource: Monitors* Path User SecretFile SecretRef*SecretReference ReadOnly?
CephFSVolumeSource: Monitors* Path User SecretFile SecretRef*LocalObjectReference ReadOnly?
CinderPersistentVolumeSource: VolumeID FSType ReadOnly? SecretRef*SecretReference
CinderVolumeSource: VolumeID FSType ReadOnly? SecretRef*LocalObjectReference
ClusterTrustBundleProjection: Name* SignerName* LabelSelector*@ Optional* Path
ConfigMapEnvSource: Name Optional*
ConfigMapKeySelector: Name Key Optional*
ConfigMapProjection: Name Items*KeyToPath Optional*
ConfigMapVolumeSource: Name Items*KeyToPath DefaultMode* Optional*
Container: Name Image Command* Args* WorkingDir Ports*ContainerPort EnvFrom*EnvFromSource Env*EnvVar Resources:ResourceRequirements
  ResizePolicy*ContainerResizePolicy RestartPolicy* RestartPolicyRules*ContainerRestartRule VolumeMounts*VolumeMount VolumeDevices*VolumeDevice
  LivenessProbe*Probe ReadinessProbe*Probe StartupProbe*Probe Lifecycle*Lifecycle TerminationMessagePath TerminationMessagePolicy ImagePullPolicy
  SecurityContext*SecurityContext Stdin? StdinOnce? TTY?
ContainerPort: Name HostPort# ContainerPort# Protocol HostIP
ContainerResizePolicy: ResourceName RestartPolicy
ContainerRestartRule: Action ExitCodes*ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes: Operator Values*
CustomResourceColumnDefinition: Name Type Format Description Priority# JSONPath
CustomResourceDefinitionVersion: Name Served? Storage? Deprecated? DeprecationWarning* Schema*@ Subresources*CustomResourceSubresources
  AdditionalPrinterColumns*CustomResourceColumnDefinition SelectableFields*SelectableField
CustomResourceSubresourceScale: SpecReplicasPath StatusReplicasPath LabelSelectorPath*
CustomResourceSubresources: Status*@ Scale*CustomResourceSubresourceScale
DeviceAllocationConfiguration: Source Requests* Opaque*OpaqueDeviceConfiguration
DeviceAllocationResult: Results*DeviceRequestAllocationResult Config*DeviceAllocationConfiguration
DeviceAttribute: IntValue=int* BoolValue=bool* StringValue=string* VersionValue=version* IntValues* BoolValues* StringValues* VersionValues*
DeviceClaim: Requests*DeviceRequest Constraints*DeviceConstraint Config*DeviceClaimConfiguration
DeviceClaimConfiguration: Requests* Opaque*OpaqueDeviceConfiguration
DeviceConstraint: Requests* MatchAttribute* DistinctAttribute*
DeviceRequest: Name Exactly*ExactDeviceRequest FirstAvailable*DeviceSubRequest
DeviceRequestAllocationResult: Request Driver Pool Device AdminAccess* Tolerations*DeviceToleration BindingConditions* BindingFailureConditions*
  ShareID* ConsumedCapacity*
DeviceSelector: CEL*CELDeviceSelector
DeviceSubRequest: Name DeviceClassName Selectors*DeviceSelector AllocationMode Count# Tolerations*DeviceToleration Capacity*CapacityRequirements
DeviceToleration: Key Operator Value Effect TolerationSeconds*
DownwardAPIProjection: Items*DownwardAPIVolumeFile
DownwardAPIVolumeFile: Path FieldRef*ObjectFieldSelector ResourceFieldRef*ResourceFieldSelector Mode*
DownwardAPIVolumeSource: Items*DownwardAPIVolumeFile DefaultMode*
EmptyDirVolumeSource: Medium SizeLimit*
EnvFromSource: Prefix ConfigMapRef*ConfigMapEnvSource SecretRef*SecretEnvSource
EnvVar: Name Value ValueFrom*EnvVarSource
EnvVarSource: FieldRef*ObjectFieldSelector ResourceFieldRef*ResourceFieldSelector ConfigMapKeyRef*ConfigMapKeySelector SecretKeyRef*SecretKeySelector
  FileKeyRef*FileKeySelector
EphemeralContainer: Name Image Command* Args* WorkingDir Ports*ContainerPort EnvFrom*EnvFromSource Env*EnvVar Resources:ResourceRequirements
  ResizePolicy*ContainerResizePolicy RestartPolicy* RestartPolicyRules*ContainerRestartRule VolumeMounts*VolumeMount VolumeDevices*VolumeDevice
  LivenessProbe*Probe ReadinessProbe*Probe StartupProbe*Probe Lifecycle*Lifecycle TerminationMessagePath TerminationMessagePolicy ImagePullPolicy
  SecurityContext*SecurityContext Stdin? StdinOnce? TTY? TargetContainerName
EphemeralVolumeSource: VolumeClaimTemplate*PersistentVolumeClaimTemplate
ExactDeviceRequest: DeviceClassName Selectors*DeviceSelector AllocationMode Count# AdminAccess* Tolerations*DeviceToleration
  Capacity*CapacityRequirements
ExecAction: Command*
ExemptPriorityLevelConfiguration: NominalConcurrencyShares* LendablePercent*
ExternalDocumentation: Description URL
FCVolumeSource: TargetWWNs* Lun* FSType ReadOnly? WWIDs=wwids*
FileKeySelector: VolumeName Path Key Optional*
FlexPersistentVolumeSource: Driver FSType SecretRef*SecretReference ReadOnly? Options*
FlexVolumeSource: Driver FSType SecretRef*LocalObjectReference ReadOnly? Options*
FlockerVolumeSource: DatasetName DatasetUUID
FlowDistinguisherMethod: Type
FlowSchemaSpec: PriorityLevelConfiguration:PriorityLevelConfigurationReference MatchingPrecedence# DistinguisherMethod*FlowDistinguisherMethod
  Rules*PolicyRulesWithSubjects
GCEPersistentDiskVolumeSource: PDName FSType Partition# ReadOnly?
GRPCAction: Port# Service*
GitRepoVolumeSource: Repository Revision Directory
GlusterfsPersistentVolumeSource: EndpointsName=endpoints Path ReadOnly? EndpointsNamespace*
GlusterfsVolumeSource: EndpointsName=endpoints Path ReadOnly?
GroupSubject: Name
HTTPGetAction: Path Port# Host Scheme HTTPHeaders*HTTPHeader
HTTPHeader: Name Value
HostAlias: IP Hostnames*
HostPathVolumeSource: Path Type*
ISCSIPersistentVolumeSource: TargetPortal IQN Lun# ISCSIInterface FSType ReadOnly? Portals* DiscoveryCHAPAuth=chapAuthDiscovery?
  SessionCHAPAuth=chapAuthSession? SecretRef*SecretReference InitiatorName*
ISCSIVolumeSource: TargetPortal IQN Lun# ISCSIInterface FSType ReadOnly? Portals* DiscoveryCHAPAuth=chapAuthDiscovery?
  SessionCHAPAuth=chapAuthSession? SecretRef*LocalObjectReference InitiatorName*
ImageVolumeSource: Reference PullPolicy
KeyToPath: Key Path Mode*
Lifecycle: PostStart*LifecycleHandler PreStop*LifecycleHandler StopSignal*
LifecycleHandler: Exec*ExecAction HTTPGet*HTTPGetAction TCPSocket*TCPSocketAction Sleep*SleepAction
LimitResponse: Type Queuing*QueuingConfiguration
LimitedPriorityLevelConfiguration: NominalConcurrencyShares# LimitResponse:LimitResponse LendablePercent* BorrowingLimitPercent*
LocalObjectReference: Name
LocalVolumeSource: Path FSType*
NFSVolumeSource: Server Path ReadOnly?
NodeAffinity: RequiredDuringSchedulingIgnoredDuringExecution*NodeSelector PreferredDuringSchedulingIgnoredDuringExecution*PreferredSchedulingTerm
NodeSelector: NodeSelectorTerms*NodeSelectorTerm
NodeSelectorRequirement: Key Operator Values*
NodeSelectorTerm: MatchExpressions*NodeSelectorRequirement MatchFields*NodeSelectorRequirement
NonResourcePolicyRule: Verbs* NonResourceURLs*
ObjectFieldSelector: APIVersion FieldPath
ObjectReference: Kind Namespace Name UID APIVersion ResourceVersion FieldPath
OpaqueDeviceConfiguration: Driver Parameters*@
PersistentVolumeClaimSpec: AccessModes* Selector*@ Resources:VolumeResourceRequirements VolumeName StorageClassName* VolumeMode*
  DataSource*TypedLocalObjectReference DataSourceRef*TypedObjectReference VolumeAttributesClassName*
PersistentVolumeClaimTemplate: ObjectMeta Spec:PersistentVolumeClaimSpec
PersistentVolumeClaimVolumeSource: ClaimName ReadOnly?
PersistentVolumeSource: GCEPersistentDisk*GCEPersistentDiskVolumeSource AWSElasticBlockStore*AWSElasticBlockStoreVolumeSource
  HostPath*HostPathVolumeSource Glusterfs*GlusterfsPersistentVolumeSource NFS*NFSVolumeSource RBD*RBDPersistentVolumeSource
  Quobyte*QuobyteVolumeSource ISCSI*ISCSIPersistentVolumeSource FlexVolume*FlexPersistentVolumeSource Cinder*CinderPersistentVolumeSource
  CephFS=cephfs*CephFSPersistentVolumeSource FC*FCVolumeSource Flocker*FlockerVolumeSource AzureFile*AzureFilePersistentVolumeSource
  VsphereVolume*VsphereVirtualDiskVolumeSource AzureDisk*AzureDiskVolumeSource PhotonPersistentDisk*PhotonPersistentDiskVolumeSource
  PortworxVolume*PortworxVolumeSource ScaleIO*ScaleIOPersistentVolumeSource Local*LocalVolumeSource
  StorageOS=storageos*StorageOSPersistentVolumeSource CSI*CSIPersistentVolumeSource
PhotonPersistentDiskVolumeSource: PdID FSType
PodAffinity: RequiredDuringSchedulingIgnoredDuringExecution*PodAffinityTerm PreferredDuringSchedulingIgnoredDuringExecution*WeightedPodAffinityTerm
PodAffinityTerm: LabelSelector*@ Namespaces* TopologyKey NamespaceSelector*@ MatchLabelKeys* MismatchLabelKeys*
PodAntiAffinity: RequiredDuringSchedulingIgnoredDuringExecution*PodAffinityTerm
  PreferredDuringSchedulingIgnoredDuringExecution*WeightedPodAffinityTerm
PodCertificateProjection: SignerName KeyType MaxExpirationSeconds* CredentialBundlePath KeyPath CertificateChainPath UserAnnotations*
PodDNSConfig: Nameservers* Searches* Options*PodDNSConfigOption
PodDNSConfigOption: Name Value*
PodFailurePolicy: Rules*PodFailurePolicyRule
PodFailurePolicyOnExitCodesRequirement: ContainerName* Operator Values*
PodFailurePolicyOnPodConditionsPattern: Type Status
PodFailurePolicyRule: Action OnExitCodes*PodFailurePolicyOnExitCodesRequirement OnPodConditions*PodFailurePolicyOnPodConditionsPattern
PodOS: Name
PodReadinessGate: ConditionType
PodResourceClaim: Name ResourceClaimName* ResourceClaimTemplateName*
PodSchedulingGate: Name
PodSchedulingGroup: PodGroupName*
PodSecurityContext: HostNetwork? HostPID? HostIPC? ShareProcessNamespace* HostUsers* SELinuxOptions*SELinuxOptions
  WindowsOptions*WindowsSecurityContextOptions RunAsUser* RunAsGroup* RunAsNonRoot* SupplementalGroups* SupplementalGroupsPolicy* FSGroup*
  FSGroupChangePolicy* Sysctls*Sysctl SeccompProfile*SeccompProfile AppArmorProfile*AppArmorProfile SELinuxChangePolicy*
PodSpec: Volumes*Volume InitContainers*Container Containers*Container EphemeralContainers*EphemeralContainer RestartPolicy
  TerminationGracePeriodSeconds* ActiveDeadlineSeconds* DNSPolicy NodeSelector* ServiceAccountName AutomountServiceAccountToken* NodeName
  SecurityContext*PodSecurityContext ImagePullSecrets*LocalObjectReference Hostname Subdomain SetHostnameAsFQDN* Affinity*Affinity SchedulerName
  Tolerations*Toleration HostAliases*HostAlias PriorityClassName Priority* PreemptionPolicy* DNSConfig*PodDNSConfig ReadinessGates*PodReadinessGate
  RuntimeClassName* Overhead* EnableServiceLinks* TopologySpreadConstraints*TopologySpreadConstraint OS*PodOS SchedulingGates*PodSchedulingGate
  ResourceClaims*PodResourceClaim Resources*ResourceRequirements HostnameOverride* SchedulingGroup*PodSchedulingGroup
PodTemplateSpec: ObjectMeta Spec:PodSpec
PolicyRulesWithSubjects: Subjects*Subject ResourceRules*ResourcePolicyRule NonResourceRules*NonResourcePolicyRule
PortworxVolumeSource: VolumeID FSType ReadOnly?
PreferredSchedulingTerm: Weight# Preference:NodeSelectorTerm
PriorityLevelConfigurationReference: Name
PriorityLevelConfigurationSpec: Type Limited*LimitedPriorityLevelConfiguration Exempt*ExemptPriorityLevelConfiguration
Probe: Exec*ExecAction HTTPGet*HTTPGetAction TCPSocket*TCPSocketAction GRPC*GRPCAction InitialDelaySeconds# TimeoutSeconds# PeriodSeconds#
  SuccessThreshold# FailureThreshold# TerminationGracePeriodSeconds*
ProjectedVolumeSource: Sources*VolumeProjection DefaultMode*
QueuingConfiguration: Queues# HandSize# QueueLengthLimit#
QuobyteVolumeSource: Registry Volume ReadOnly? User Group Tenant
RBDPersistentVolumeSource: CephMonitors=monitors* RBDImage=image FSType RBDPool=pool RadosUser=user Keyring SecretRef*SecretReference ReadOnly?
RBDVolumeSource: CephMonitors=monitors* RBDImage=image FSType RBDPool=pool RadosUser=user Keyring SecretRef*LocalObjectReference ReadOnly?
ResourceClaim: Name Request
ResourceClaimSpec: Devices:DeviceClaim
ResourceClaimTemplateSpec: ObjectMeta Spec:ResourceClaimSpec
ResourceFieldSelector: ContainerName Resource Divisor$
ResourcePolicyRule: Verbs* APIGroups* Resources* ClusterScope? Namespaces*
ResourceRequirements: Limits* Requests* Claims*ResourceClaim
SELinuxOptions: User Role Type Level
ScaleIOPersistentVolumeSource: Gateway System SecretRef*SecretReference SSLEnabled? ProtectionDomain StoragePool StorageMode VolumeName FSType
  ReadOnly?
ScaleIOVolumeSource: Gateway System SecretRef*LocalObjectReference SSLEnabled? ProtectionDomain StoragePool StorageMode VolumeName FSType ReadOnly?
SeccompProfile: Type LocalhostProfile*
SecretEnvSource: Name Optional*
SecretKeySelector: Name Key Optional*
SecretProjection: Name Items*KeyToPath Optional*
SecretReference: Name Namespace
SecretVolumeSource: SecretName Items*KeyToPath DefaultMode* Optional*
SecurityContext: Capabilities*Capabilities Privileged* SELinuxOptions*SELinuxOptions WindowsOptions*WindowsSecurityContextOptions RunAsUser*
  RunAsGroup* RunAsNonRoot* ReadOnlyRootFilesystem* AllowPrivilegeEscalation* ProcMount* SeccompProfile*SeccompProfile AppArmorProfile*AppArmorProfile
SelectableField: JSONPath
ServiceAccountSubject: Namespace Name
ServiceAccountTokenProjection: Audience ExpirationSeconds# Path
SleepAction: Seconds#
StorageOSPersistentVolumeSource: VolumeName VolumeNamespace FSType ReadOnly? SecretRef*ObjectReference
StorageOSVolumeSource: VolumeName VolumeNamespace FSType ReadOnly? SecretRef*LocalObjectReference
Subject: Kind User*UserSubject Group*GroupSubject ServiceAccount*ServiceAccountSubject
SuccessPolicy: Rules*SuccessPolicyRule
SuccessPolicyRule: SucceededIndexes* SucceededCount*
Sysctl: Name Value
TCPSocketAction: Port# Host
Toleration: Key Operator Value Effect TolerationSeconds*
TopologySpreadConstraint: MaxSkew# TopologyKey WhenUnsatisfiable LabelSelector*@ MinDomains* NodeAffinityPolicy* NodeTaintsPolicy* MatchLabelKeys*
TypedLocalObjectReference: APIGroup* Kind Name
TypedObjectReference: APIGroup* Kind Name Namespace*
UserSubject: Name
Volume: Name HostPath*HostPathVolumeSource EmptyDir*EmptyDirVolumeSource GCEPersistentDisk*GCEPersistentDiskVolumeSource
  AWSElasticBlockStore*AWSElasticBlockStoreVolumeSource GitRepo*GitRepoVolumeSource Secret*SecretVolumeSource NFS*NFSVolumeSource
  ISCSI*ISCSIVolumeSource Glusterfs*GlusterfsVolumeSource PersistentVolumeClaim*PersistentVolumeClaimVolumeSource RBD*RBDVolumeSource
  Quobyte*QuobyteVolumeSource FlexVolume*FlexVolumeSource Cinder*CinderVolumeSource CephFS=cephfs*CephFSVolumeSource Flocker*FlockerVolumeSource
  DownwardAPI*DownwardAPIVolumeSource FC*FCVolumeSource AzureFile*AzureFileVolumeSource ConfigMap*ConfigMapVolumeSource
  VsphereVolume*VsphereVirtualDiskVolumeSource AzureDisk*AzureDiskVolumeSource PhotonPersistentDisk*PhotonPersistentDiskVolumeSource
  Projected*ProjectedVolumeSource PortworxVolume*PortworxVolumeSource ScaleIO*ScaleIOVolumeSource StorageOS=storageos*StorageOSVolumeSource
  CSI*CSIVolumeSource Ephemeral*EphemeralVolumeSource Image*ImageVolumeSource
VolumeDevice: Name DevicePath
VolumeMount: Name ReadOnly? RecursiveReadOnly* MountPath SubPath MountPropagation* SubPathExpr
VolumeNodeResources: Count*
VolumeProjection: Secret*SecretProjection DownwardAPI*DownwardAPIProjection ConfigMap*ConfigMapProjection
  ServiceAccountToken*ServiceAccountTokenProjection ClusterTrustBundle*ClusterTrustBundleProjection PodCertificate*PodCertificateProjection
VolumeResourceRequirements: Limits* Requests*
VsphereVirtualDiskVolumeSource: VolumePath FSType StoragePolicyName StoragePolicyID
WeightedPodAffinityTerm: Weight# PodAffinityTerm:PodAffinityTerm
WindowsSecurityContextOptions: GMSACredentialSpecName* GMSACredentialSpec* RunAsUserName* HostProcess*
`;
