import type { KindSamples } from '../../testing/samples.ts';
import { storageClass } from '../storage-class.ts';

export const samples: KindSamples = {
  kind: storageClass,
  valid: { provisioner: 'example.com/disk', parameters: { type: 'fast' } },
  change: { allowVolumeExpansion: true },
  invalid: [
    ['no provisioner', { provisioner: null }, 'provisioner: Required value'],
    [
      'a policy that is none',
      { reclaimPolicy: 'Recycle' },
      'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"',
    ],
    [
      'a mode that is none',
      { volumeBindingMode: 'Nonsense' },
      'volumeBindingMode: Unsupported value: "Nonsense": supported values: "Immediate", "WaitForFirstConsumer"',
    ],
    [
      'a topology twice',
      {
        allowedTopologies: [
          { matchLabelExpressions: [{ key: 'a', values: ['x', 'y'] }] },
          { matchLabelExpressions: [{ key: 'a', values: ['y', 'x'] }] },
        ],
      },
      'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
    ],
  ],
};
