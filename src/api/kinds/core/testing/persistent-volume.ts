import type { KindSamples } from '../../testing/samples.ts';
import { persistentVolume } from '../persistent-volume.ts';

export const samples: KindSamples = {
  kind: persistentVolume,
  valid: { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/tmp/a' }, storageClassName: 'slow' } },
  change: { spec: { capacity: { storage: '2Gi' } } },
  status: { phase: 'Available' },
  invalid: [
    ['no source', { spec: { hostPath: null } }, 'spec: Required value: must specify a volume type'],
    ['two sources', { spec: { nfs: { server: 'a', path: '/b' } } }, 'spec.nfs: Forbidden: may not specify more than 1 volume type'],
    [
      'no capacity',
      { spec: { capacity: null } },
      'spec.capacity: Required value',
      'spec.capacity: Unsupported value: null: supported values: "storage"',
    ],
    [
      'local storage without a node',
      { spec: { hostPath: null, local: { path: '/a' } } },
      'spec.nodeAffinity: Required value: Local volume requires node affinity',
    ],
  ],
};
