/** A CSI driver of the cluster. https://kubernetes-csi.github.io/docs/csi-driver-object.html */
import { deepEqual } from '../../deep-equal.ts';
import type { CSIDriver } from '../../generated/storage/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldStorage } from '../../legacy/same-shape.ts';
import type { Column } from '../../table.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { csiDriverErrors, csiDriverUpdateErrors } from './validation/csi-driver.ts';

const model = 'io.k8s.api.storage.v1.CSIDriverSpec';

/** The gate VolumeLimitScaling is off: upstream drops its field. */
function withoutGated({ spec: { preventPodSchedulingIfMissing: _, ...spec }, ...rest }: CSIDriver): CSIDriver {
  return { ...rest, spec };
}

/** Source: pkg/apis/storage/v1/defaults.go. */
const withDefaults = ({ spec, ...rest }: CSIDriver): CSIDriver => ({
  ...rest,
  spec: {
    ...spec,
    attachRequired: spec.attachRequired ?? true,
    podInfoOnMount: spec.podInfoOnMount ?? false,
    storageCapacity: spec.storageCapacity ?? false,
    fsGroupPolicy: spec.fsGroupPolicy ?? 'ReadWriteOnceWithFSType',
    volumeLifecycleModes: (spec.volumeLifecycleModes ?? []).length === 0 ? ['Persistent'] : (spec.volumeLifecycleModes ?? []),
    requiresRepublish: spec.requiresRepublish ?? false,
    seLinuxMount: spec.seLinuxMount ?? false,
  },
});

const tokenWarning =
  'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes';

/** Source: pkg/registry/storage/csidriver/strategy.go. */
function csiDriverWarnings({ spec }: CSIDriver, previous: CSIDriver | undefined): readonly string[] {
  const { tokenRequests = [] } = spec;
  if (tokenRequests.length === 0 || spec.serviceAccountTokenInSecrets !== undefined) return [];
  return deepEqual(tokenRequests, previous?.spec.tokenRequests) ? [] : [tokenWarning];
}

type BooleanField = 'attachRequired' | 'podInfoOnMount' | 'storageCapacity' | 'requiresRepublish';

const flag = (name: string, field: BooleanField): Column<CSIDriver> => ({
  name,
  type: 'boolean',
  descriptionOf: [model, field],
  value: ({ spec }) => spec[field] ?? field === 'attachRequired',
});

export const csiDriver = defineKind<CSIDriver>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  scope: 'Cluster',
  codec: {
    schema: 'io.k8s.api.storage.v1.CSIDriver',
    alsoServed: oldStorage('CSIDriver', { deprecated: '1.19', removed: '1.22' }),
    defaults: withDefaults,
  },
  rules: { generation: 'late', validate: csiDriverErrors, warnings: csiDriverWarnings },
  create: { prepare: withoutGated },
  update: { unconditional: false, prepare: withoutGated, validate: csiDriverUpdateErrors },
  delete: { answersObject: true },
  table: {
    columns: [
      nameColumn,
      flag('AttachRequired', 'attachRequired'),
      flag('PodInfoOnMount', 'podInfoOnMount'),
      flag('StorageCapacity', 'storageCapacity'),
      {
        name: 'TokenRequests',
        type: 'string',
        descriptionOf: [model, 'tokenRequests'],
        value: ({ spec }) => spec.tokenRequests?.map(({ audience }) => audience).join(',') ?? '<unset>',
      },
      flag('RequiresRepublish', 'requiresRepublish'),
      {
        name: 'Modes',
        type: 'string',
        descriptionOf: [model, 'volumeLifecycleModes'],
        value: ({ spec }) => (spec.volumeLifecycleModes ?? []).join(',') || '<none>',
      },
      ageColumn,
    ],
  },
});
