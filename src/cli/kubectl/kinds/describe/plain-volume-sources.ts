/** Volume sources whose description is a plain list of their fields. Source: kubectl pkg/describe/describe.go. */
import type { JsonValue } from '../../../../api/json.ts';

/** A line of a source: its title, the field, and the value that is shown when the field is absent. */
type Line = readonly [title: string, field: string, absent?: JsonValue];

export interface PlainSource {
  readonly type: string;
  readonly lines: readonly Line[];
}

/** Sources whose fields are listed one by one, by the name of their field in the volume. */
export const plainSources: Readonly<Record<string, PlainSource>> = {
  hostPath: {
    type: 'HostPath (bare host directory volume)',
    lines: [
      ['Path', 'path'],
      ['HostPathType', 'type', '<none>'],
    ],
  },
  gcePersistentDisk: {
    type: 'GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)',
    lines: [
      ['PDName', 'pdName'],
      ['FSType', 'fsType'],
      ['Partition', 'partition', 0],
      ['ReadOnly', 'readOnly', false],
    ],
  },
  awsElasticBlockStore: {
    type: 'AWSElasticBlockStore (a Persistent Disk resource in AWS)',
    lines: [
      ['VolumeID', 'volumeID'],
      ['FSType', 'fsType'],
      ['Partition', 'partition', 0],
      ['ReadOnly', 'readOnly', false],
    ],
  },
  gitRepo: {
    type: 'GitRepo (a volume that is pulled from git when the pod is created)',
    lines: [
      ['Repository', 'repository'],
      ['Revision', 'revision'],
    ],
  },
  secret: {
    type: 'Secret (a volume populated by a Secret)',
    lines: [
      ['SecretName', 'secretName'],
      ['Optional', 'optional', false],
    ],
  },
  configMap: {
    type: 'ConfigMap (a volume populated by a ConfigMap)',
    lines: [
      ['Name', 'name'],
      ['Optional', 'optional', false],
    ],
  },
  nfs: {
    type: 'NFS (an NFS mount that lasts the lifetime of a pod)',
    lines: [
      ['Server', 'server'],
      ['Path', 'path'],
      ['ReadOnly', 'readOnly', false],
    ],
  },
  iscsi: {
    type: "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)",
    lines: [
      ['TargetPortal', 'targetPortal'],
      ['IQN', 'iqn'],
      ['Lun', 'lun', 0],
      ['ISCSIInterface', 'iscsiInterface'],
      ['FSType', 'fsType'],
      ['ReadOnly', 'readOnly', false],
      ['Portals', 'portals', []],
      ['DiscoveryCHAPAuth', 'chapAuthDiscovery', false],
      ['SessionCHAPAuth', 'chapAuthSession', false],
      ['SecretRef', 'secretRef'],
      ['InitiatorName', 'initiatorName', '<none>'],
    ],
  },
  glusterfs: {
    type: "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)",
    lines: [
      ['EndpointsName', 'endpoints'],
      ['Path', 'path'],
      ['ReadOnly', 'readOnly', false],
    ],
  },
  persistentVolumeClaim: {
    type: 'PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)',
    lines: [
      ['ClaimName', 'claimName'],
      ['ReadOnly', 'readOnly', false],
    ],
  },
  quobyte: {
    type: "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)",
    lines: [
      ['Registry', 'registry'],
      ['Volume', 'volume'],
      ['ReadOnly', 'readOnly', false],
    ],
  },
  azureDisk: {
    type: 'AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)',
    lines: [
      ['DiskName', 'diskName'],
      ['DiskURI', 'diskURI'],
      ['FSType', 'fsType'],
      ['CachingMode', 'cachingMode'],
      ['ReadOnly', 'readOnly', false],
    ],
  },
  vsphereVolume: {
    type: 'vSphereVolume (a Persistent Disk resource in vSphere)',
    lines: [
      ['VolumePath', 'volumePath'],
      ['FSType', 'fsType'],
      ['StoragePolicyName', 'storagePolicyName'],
    ],
  },
  cinder: {
    type: 'Cinder (a Persistent Disk resource in OpenStack)',
    lines: [
      ['VolumeID', 'volumeID'],
      ['FSType', 'fsType'],
      ['ReadOnly', 'readOnly', false],
      ['SecretRef', 'secretRef'],
    ],
  },
  photonPersistentDisk: {
    type: 'PhotonPersistentDisk (a Persistent Disk resource in photon platform)',
    lines: [
      ['PdID', 'pdID'],
      ['FSType', 'fsType'],
    ],
  },
  portworxVolume: { type: 'PortworxVolume (a Portworx Volume resource)', lines: [['VolumeID', 'volumeID']] },
  rbd: {
    type: "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)",
    lines: [
      ['CephMonitors', 'monitors', []],
      ['RBDImage', 'image'],
      ['FSType', 'fsType'],
      ['RBDPool', 'pool'],
      ['RadosUser', 'user'],
      ['Keyring', 'keyring'],
      ['SecretRef', 'secretRef'],
      ['ReadOnly', 'readOnly', false],
    ],
  },
  scaleIO: {
    type: 'ScaleIO (a persistent volume backed by a block device in ScaleIO)',
    lines: [
      ['Gateway', 'gateway'],
      ['System', 'system'],
      ['Protection Domain', 'protectionDomain'],
      ['Storage Pool', 'storagePool'],
      ['Storage Mode', 'storageMode'],
      ['VolumeName', 'volumeName'],
      ['FSType', 'fsType'],
      ['ReadOnly', 'readOnly', false],
    ],
  },
  cephfs: {
    type: "CephFS (a CephFS mount on the host that shares a pod's lifetime)",
    lines: [
      ['Monitors', 'monitors', []],
      ['Path', 'path'],
      ['User', 'user'],
      ['SecretFile', 'secretFile'],
      ['SecretRef', 'secretRef'],
      ['ReadOnly', 'readOnly', false],
    ],
  },
  storageos: {
    type: 'StorageOS (a StorageOS Persistent Disk resource)',
    lines: [
      ['VolumeName', 'volumeName'],
      ['VolumeNamespace', 'volumeNamespace'],
      ['FSType', 'fsType'],
      ['ReadOnly', 'readOnly', false],
    ],
  },
  fc: {
    type: 'FC (a Fibre Channel disk)',
    lines: [
      ['TargetWWNs', 'targetWWNs', ''],
      ['LUN', 'lun', '<none>'],
      ['FSType', 'fsType'],
      ['ReadOnly', 'readOnly', false],
    ],
  },
  azureFile: {
    type: 'AzureFile (an Azure File Service mount on the host and bind mount to the pod)',
    lines: [
      ['SecretName', 'secretName'],
      ['ShareName', 'shareName'],
      ['ReadOnly', 'readOnly', false],
    ],
  },
  flexVolume: {
    type: 'FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)',
    lines: [
      ['Driver', 'driver'],
      ['FSType', 'fsType'],
      ['SecretRef', 'secretRef'],
      ['ReadOnly', 'readOnly', false],
      ['Options', 'options', {}],
    ],
  },
  flocker: {
    type: 'Flocker (a Flocker volume mounted by the Flocker agent)',
    lines: [
      ['DatasetName', 'datasetName'],
      ['DatasetUUID', 'datasetUUID'],
    ],
  },
  local: { type: 'LocalVolume (a persistent volume backed by local storage on a node)', lines: [['Path', 'path']] },
  image: {
    type: 'Image (a container image or OCI artifact)',
    lines: [
      ['Reference', 'reference'],
      ['PullPolicy', 'pullPolicy'],
    ],
  },
};
