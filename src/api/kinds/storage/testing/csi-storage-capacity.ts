import type { KindSamples } from '../../testing/samples.ts';
import { csiStorageCapacity } from '../csi-storage-capacity.ts';

export const samples: KindSamples = {
  kind: csiStorageCapacity,
  valid: { storageClassName: 'fast', nodeTopology: { matchLabels: { zone: 'a' } }, capacity: '1Gi' },
  change: { capacity: '2Gi' },
  invalid: [['less than nothing', { capacity: '-1' }, 'capacity: Invalid value: "-1": must be greater than or equal to 0']],
};
