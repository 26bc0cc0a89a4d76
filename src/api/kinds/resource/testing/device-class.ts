import type { KindSamples } from '../../testing/samples.ts';
import { deviceClass } from '../device-class.ts';

export const samples: KindSamples = {
  kind: deviceClass,
  valid: { spec: { selectors: [{ cel: { expression: 'device.driver == "a.example.com"' } }] } },
  change: { spec: { selectors: [] } },
  invalid: [['an empty selector', { spec: { selectors: [{}] } }, 'spec.selectors[0].cel: Required value']],
};
