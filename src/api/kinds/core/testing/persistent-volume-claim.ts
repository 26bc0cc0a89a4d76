import type { KindSamples } from '../../testing/samples.ts';
import { persistentVolumeClaim } from '../persistent-volume-claim.ts';

export const samples: KindSamples = {
  kind: persistentVolumeClaim,
  valid: { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'slow' } },
  change: { spec: { volumeName: 'pv' } },
  status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } },
  invalid: [
    ['no modes', { spec: { accessModes: null } }, 'spec.accessModes: Required value: at least 1 access mode is required'],
    ['no storage', { spec: { resources: null } }, 'spec.resources[storage]: Required value'],
    [
      'sources that differ',
      { spec: { dataSource: { kind: 'PersistentVolumeClaim', name: 'a' }, dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'b' } } },
      'spec: Invalid value: {}: must match dataSourceRef',
    ],
  ],
};
