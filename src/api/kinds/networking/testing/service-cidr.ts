import type { KindSamples } from '../../testing/samples.ts';
import { serviceCidr } from '../service-cidr.ts';

export const samples: KindSamples = {
  kind: serviceCidr,
  valid: { spec: { cidrs: ['10.1.0.0/16'] } },
  change: { spec: { cidrs: ['10.1.0.0/16', '2001:db8::/64'] } },
  status: { conditions: [{ type: 'Ready', status: 'True', reason: '', message: '', lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  invalid: [
    ['no range', { spec: { cidrs: null } }, 'spec.cidrs: Required value: at least one CIDR required'],
    [
      'a range with bits beyond its length',
      { spec: { cidrs: ['10.1.0.1/16'] } },
      'spec.cidrs[0]: Invalid value: "10.1.0.1/16": must not have bits set beyond the prefix length',
    ],
  ],
};
