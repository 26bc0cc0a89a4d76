import type { KindSamples } from '../../testing/samples.ts';
import { resourceClaim } from '../resource-claim.ts';

export const samples: KindSamples = {
  kind: resourceClaim,
  valid: { spec: { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }] } } },
  change: { metadata: { labels: { changed: 'yes' } } },
  status: {
    allocation: { devices: { results: [{ request: 'a', driver: 'a.example.com', pool: 'p', device: 'd' }] } },
    reservedFor: [{ resource: 'pods', name: 'p', uid: 'u' }],
  },
  invalid: [
    [
      'nothing is asked for',
      { spec: { devices: { requests: [{ name: 'a' }] } } },
      'spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
    ],
  ],
};
