import type { KindSamples } from '../../testing/samples.ts';
import { resourceClaimTemplate } from '../resource-claim-template.ts';

export const samples: KindSamples = {
  kind: resourceClaimTemplate,
  valid: {
    spec: { metadata: { labels: { a: 'b' } }, spec: { devices: { requests: [{ name: 'a', exactly: { deviceClassName: 'c' } }] } } },
  },
  change: { metadata: { labels: { changed: 'yes' } } },
  invalid: [
    [
      'nothing is asked for',
      { spec: { spec: { devices: { requests: [{ name: 'a' }] } } } },
      'spec.spec.devices.requests[0]: Required value: exactly one of `exactly` or `firstAvailable` is required',
    ],
  ],
};
