import type { KindSamples } from '../../testing/samples.ts';
import { priorityClass } from '../priority-class.ts';

export const samples: KindSamples = {
  kind: priorityClass,
  valid: { value: 1000, description: 'for tests' },
  change: { description: 'changed' },
  invalid: [
    ['a value of the system', { value: 1_000_000_001 }, 'value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
    [
      'a policy that is none',
      { preemptionPolicy: 'Nonsense' },
      'preemptionPolicy: Unsupported value: "Nonsense": supported values: "PreemptLowerPriority", "Never"',
    ],
  ],
};
