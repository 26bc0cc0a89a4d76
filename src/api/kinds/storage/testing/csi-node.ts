import type { KindSamples } from '../../testing/samples.ts';
import { csiNode } from '../csi-node.ts';

export const samples: KindSamples = {
  kind: csiNode,
  valid: { spec: { drivers: [{ name: 'a.example.com', nodeID: 'n', topologyKeys: ['zone'], allocatable: { count: 3 } }] } },
  change: { spec: { drivers: [] } },
  invalid: [['no id', { spec: { drivers: [{ name: 'a', topologyKeys: [] }] } }, 'spec.drivers[0].nodeID: Required value']],
};
