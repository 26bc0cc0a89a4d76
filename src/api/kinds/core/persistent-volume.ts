/** A piece of storage. https://kubernetes.io/docs/concepts/storage/persistent-volumes/ */
import { FieldPath } from '../../field-error.ts';
import type { PersistentVolume } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { defaultResourceList } from '../../pod/defaults/container.ts';
import { defaultNetworkStorage } from '../../pod/defaults/volume.ts';
import { nodeTermWarnings } from '../../pod/validation/pod-warnings.ts';
import { canonicalQuantity } from '../../quantity.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { accessModesText, oldClassAnnotation, storageClassOf } from './storage-text.ts';
import { newVolumeErrors, volumeUpdateErrors } from './validation/persistent-volume.ts';

const spec = 'io.k8s.api.core.v1.PersistentVolumeSpec';
const statusModel = 'io.k8s.api.core.v1.PersistentVolumeStatus';

function withDefaults(object: PersistentVolume): PersistentVolume {
  const { capacity, hostPath } = object.spec;
  return {
    ...object,
    spec: {
      ...defaultNetworkStorage(object.spec),
      ...(capacity === undefined ? {} : { capacity: defaultResourceList(capacity) }),
      ...(hostPath === undefined ? {} : { hostPath: { ...hostPath, type: hostPath.type ?? '' } }),
      persistentVolumeReclaimPolicy: object.spec.persistentVolumeReclaimPolicy || 'Retain',
      volumeMode: object.spec.volumeMode ?? 'Filesystem',
    },
    status: { ...object.status, phase: object.status.phase || 'Pending' },
  };
}

/**
 * The time of the last change of phase is the server's when the client does not set it. Source:
 * pkg/registry/core/persistentvolume/strategy.go (PrepareForUpdate of the status).
 */
function withTransitionTime(next: PersistentVolume, previous: PersistentVolume, now: string): PersistentVolume {
  const { phase, lastPhaseTransitionTime: time } = next.status;
  const before = previous.status.lastPhaseTransitionTime;
  if (phase === previous.status.phase) {
    return time === undefined && before !== undefined ? { ...next, status: { ...next.status, lastPhaseTransitionTime: before } } : next;
  }
  return time === undefined || time === before ? { ...next, status: { ...next.status, lastPhaseTransitionTime: now } } : next;
}

/** A new volume has entered its phase when it was created. */
const newStatus = ({ metadata: { creationTimestamp } }: PersistentVolume): PersistentVolume['status'] =>
  creationTimestamp === undefined ? { phase: 'Pending' } : { phase: 'Pending', lastPhaseTransitionTime: creationTimestamp };

const deprecatedSources = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;

const deprecatedAnnotations = [
  [oldClassAnnotation, 'deprecated since v1.8; use "storageClassName" attribute instead'],
  ['volume.beta.kubernetes.io/mount-options', 'deprecated since v1.31; use "mountOptions" attribute instead'],
] as const;

const recycleWarning =
  'spec.persistentVolumeReclaimPolicy: The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.';

/** Source: pkg/api/persistentvolume/util.go (GetWarningsForPersistentVolume). */
function volumeWarnings({ metadata, spec: { nodeAffinity, ...sources } }: PersistentVolume): readonly string[] {
  const terms = FieldPath.root.field('spec', 'nodeAffinity', 'required', 'nodeSelectorTerms');
  return [
    ...deprecatedAnnotations.flatMap(([key, text]) =>
      metadata.annotations?.[key] === undefined ? [] : [`metadata.annotations[${key}]: ${text}`],
    ),
    ...(sources.persistentVolumeReclaimPolicy === 'Recycle' ? [recycleWarning] : []),
    ...(nodeAffinity?.required?.nodeSelectorTerms ?? []).flatMap((term, i) => nodeTermWarnings(term, false, terms.index(i))),
    ...deprecatedSources.flatMap(([source, shown, text]) => (sources[source] === undefined ? [] : [`spec.${shown}: ${text}`])),
  ];
}

export const persistentVolume = defineKind<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  scope: 'Cluster',
  names: { shortNames: ['pv'] },
  codec: { schema: 'io.k8s.api.core.v1.PersistentVolume', defaults: withDefaults },
  rules: { generation: false, warnings: volumeWarnings },
  create: {
    prepare: (object) => ({ ...object, status: newStatus(object) }),
    validate: newVolumeErrors,
  },
  update: { metadata: 'whole', validate: volumeUpdateErrors },
  delete: { answersObject: true },
  subresources: { status: statusSubresource({ prepare: withTransitionTime }) },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Capacity',
        type: 'string',
        descriptionOf: [spec, 'capacity'],
        value: (object) => canonicalQuantity(object.spec.capacity?.storage ?? '0'),
      },
      {
        name: 'Access Modes',
        type: 'string',
        descriptionOf: [spec, 'accessModes'],
        value: (object) => accessModesText(object.spec.accessModes),
      },
      {
        name: 'Reclaim Policy',
        type: 'string',
        descriptionOf: [spec, 'persistentVolumeReclaimPolicy'],
        value: (object) => object.spec.persistentVolumeReclaimPolicy,
      },
      {
        name: 'Status',
        type: 'string',
        descriptionOf: [statusModel, 'phase'],
        value: ({ metadata, status }) => (metadata.deletionTimestamp === undefined ? status.phase : 'Terminating'),
      },
      {
        name: 'Claim',
        type: 'string',
        descriptionOf: [spec, 'claimRef'],
        value: ({ spec: { claimRef } }) => (claimRef === undefined ? '' : `${claimRef.namespace ?? ''}/${claimRef.name ?? ''}`),
      },
      { name: 'StorageClass', type: 'string', description: 'StorageClass of the pv', value: storageClassOf },
      {
        name: 'VolumeAttributesClass',
        type: 'string',
        description: 'VolumeAttributesClass of the pv',
        value: (object) => object.spec.volumeAttributesClassName ?? '<unset>',
      },
      { name: 'Reason', type: 'string', descriptionOf: [statusModel, 'reason'], value: ({ status }) => status.reason ?? '' },
      ageColumn,
      { name: 'VolumeMode', type: 'string', priority: 1, descriptionOf: [spec, 'volumeMode'], value: (object) => object.spec.volumeMode },
    ],
  },
});
