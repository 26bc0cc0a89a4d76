import type { KindSamples } from '../../testing/samples.ts';
import { endpoints } from '../endpoints.ts';

export const samples: KindSamples = {
  kind: endpoints,
  valid: { subsets: [{ addresses: [{ ip: '10.1.0.1' }], ports: [{ name: 'http', port: 80 }] }] },
  change: { subsets: [{ addresses: [{ ip: '10.1.0.2' }], ports: [{ name: 'http', port: 80 }] }] },
  invalid: [
    [
      'an address that is none',
      { subsets: [{ addresses: [{ ip: 'x' }], ports: [{ port: 80 }] }] },
      'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address',
    ],
  ],
};
