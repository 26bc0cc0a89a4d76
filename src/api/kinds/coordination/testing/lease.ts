import type { KindSamples } from '../../testing/samples.ts';
import { lease } from '../lease.ts';

export const samples: KindSamples = {
  kind: lease,
  valid: { spec: { holderIdentity: 'a', leaseDurationSeconds: 40, renewTime: '2026-01-01T00:00:00.000000Z', leaseTransitions: 1 } },
  change: { spec: { holderIdentity: 'b' } },
  invalid: [
    [
      'a duration that is none',
      { spec: { leaseDurationSeconds: 0 } },
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
    ],
    [
      'fewer transitions than none',
      { spec: { leaseTransitions: -1 } },
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ],
  ],
};
