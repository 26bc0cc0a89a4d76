import type { KindSamples } from '../../testing/samples.ts';
import { endpointSlice } from '../endpoint-slice.ts';

export const samples: KindSamples = {
  kind: endpointSlice,
  valid: { addressType: 'IPv4', endpoints: [{ addresses: ['10.1.0.1'], conditions: { ready: true } }], ports: [{ port: 80 }] },
  change: { endpoints: [{ addresses: ['10.1.0.2'] }] },
  invalid: [['no type of addresses', { addressType: null }, 'addressType: Required value']],
};
