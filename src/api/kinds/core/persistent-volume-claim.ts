/** A request for storage. https://kubernetes.io/docs/concepts/storage/persistent-volumes/#persistentvolumeclaims */
import type { PersistentVolumeClaim } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { defaultResourceList, defaultResources } from '../../pod/defaults/container.ts';
import { canonicalQuantity, isWhole, parseQuantity } from '../../quantity.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { prepareClaimForCreate, prepareClaimForUpdate } from './prepare/persistent-volume-claim.ts';
import { accessModesText, oldClassAnnotation, storageClassOf } from './storage-text.ts';
import { claimStatusErrors, claimUpdateErrors, newClaimErrors } from './validation/persistent-volume-claim.ts';

const spec = 'io.k8s.api.core.v1.PersistentVolumeClaimSpec';
const statusModel = 'io.k8s.api.core.v1.PersistentVolumeClaimStatus';

function withDefaults(object: PersistentVolumeClaim): PersistentVolumeClaim {
  const { capacity, allocatedResources } = object.status;
  return {
    ...object,
    spec: { ...object.spec, volumeMode: object.spec.volumeMode ?? 'Filesystem', resources: defaultResources(object.spec.resources) },
    status: {
      ...object.status,
      phase: object.status.phase || 'Pending',
      ...(capacity === undefined ? {} : { capacity: defaultResourceList(capacity) }),
      ...(allocatedResources === undefined ? {} : { allocatedResources: defaultResourceList(allocatedResources) }),
    },
  };
}

/** Source: pkg/api/persistentvolumeclaim/util.go (GetWarningsForPersistentVolumeClaim). */
function claimWarnings({ metadata, spec: { resources } }: PersistentVolumeClaim): readonly string[] {
  const old = `metadata.annotations[${oldClassAnnotation}]: deprecated since v1.8; use "storageClassName" attribute instead`;
  return [
    ...(metadata.annotations?.[oldClassAnnotation] === undefined ? [] : [old]),
    ...(['requests', 'limits'] as const).flatMap((list) => {
      const amount = resources[list]?.storage;
      if (amount === undefined || isWhole(parseQuantity(amount))) return [];
      return [`spec.resources.${list}[storage]: fractional byte value "${canonicalQuantity(amount)}" is invalid, must be an integer`];
    }),
  ];
}

const ifBound = (claim: PersistentVolumeClaim, text: string): string => ((claim.spec.volumeName ?? '') === '' ? '' : text);

export const persistentVolumeClaim = defineKind<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  scope: 'Namespaced',
  names: { shortNames: ['pvc'] },
  codec: { schema: 'io.k8s.api.core.v1.PersistentVolumeClaim', defaults: withDefaults },
  rules: { generation: false, warnings: claimWarnings },
  create: { prepare: prepareClaimForCreate, validate: newClaimErrors },
  update: { metadata: 'whole', prepare: prepareClaimForUpdate, validate: claimUpdateErrors },
  delete: { answersObject: true },
  subresources: { status: statusSubresource({ validate: claimStatusErrors }) },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Status',
        type: 'string',
        descriptionOf: [statusModel, 'phase'],
        value: ({ metadata, status }) => (metadata.deletionTimestamp === undefined ? status.phase : 'Terminating'),
      },
      { name: 'Volume', type: 'string', descriptionOf: [spec, 'volumeName'], value: (claim) => claim.spec.volumeName ?? '' },
      {
        name: 'Capacity',
        type: 'string',
        descriptionOf: [statusModel, 'capacity'],
        value: (claim) => ifBound(claim, canonicalQuantity(claim.status.capacity?.storage ?? '0')),
      },
      {
        name: 'Access Modes',
        type: 'string',
        descriptionOf: [statusModel, 'accessModes'],
        value: (claim) => ifBound(claim, accessModesText(claim.status.accessModes)),
      },
      { name: 'StorageClass', type: 'string', description: 'StorageClass of the pvc', value: storageClassOf },
      {
        name: 'VolumeAttributesClass',
        type: 'string',
        description: 'VolumeAttributesClass of the pvc',
        value: (claim) => claim.spec.volumeAttributesClassName ?? '<unset>',
      },
      ageColumn,
      { name: 'VolumeMode', type: 'string', priority: 1, descriptionOf: [spec, 'volumeMode'], value: (claim) => claim.spec.volumeMode },
    ],
  },
});
