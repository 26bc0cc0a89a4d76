import type { KindSamples } from '../../testing/samples.ts';
import { node } from '../node.ts';

export const samples: KindSamples = {
  kind: node,
  valid: { spec: { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'], taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }] } },
  change: { spec: { unschedulable: true } },
  status: { capacity: { cpu: '2' }, conditions: [{ type: 'Ready', status: 'True', lastHeartbeatTime: null, lastTransitionTime: null }] },
  invalid: [
    [
      'three ranges for pods',
      { spec: { podCIDRs: ['10.1.0.0/24', '10.2.0.0/24'] } },
      'spec.podCIDRs: Invalid value: ["10.1.0.0/24","10.2.0.0/24"]: may specify no more than one CIDR for each IP family',
    ],
  ],
};
