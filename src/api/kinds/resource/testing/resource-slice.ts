import type { KindSamples } from '../../testing/samples.ts';
import { resourceSlice } from '../resource-slice.ts';

export const samples: KindSamples = {
  kind: resourceSlice,
  valid: {
    spec: {
      driver: 'a.example.com',
      pool: { name: 'p', generation: 1, resourceSliceCount: 1 },
      nodeName: 'n',
      devices: [{ name: 'd', attributes: { model: { string: 'm' } }, capacity: { memory: { value: '1Gi' } } }],
    },
  },
  change: { spec: { devices: [] } },
  invalid: [
    [
      'no place',
      { spec: { nodeName: null } },
      'spec: Required value: exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required',
    ],
  ],
};
