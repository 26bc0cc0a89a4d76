import type { KindSamples } from '../../testing/samples.ts';
import { priorityLevelConfiguration } from '../priority-level-configuration.ts';

export const samples: KindSamples = {
  kind: priorityLevelConfiguration,
  valid: { spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing: { queues: 16, handSize: 4 } } } } },
  change: { spec: { limited: { nominalConcurrencyShares: 7 } } },
  status: { conditions: [{ type: 'a', status: 'True' }] },
  invalid: [
    [
      'a hand that is larger than the deck',
      { spec: { limited: { limitResponse: { queuing: { handSize: 17 } } } } },
      'spec.limited.limitResponse.queuing.handSize: Invalid value: 17: should not be greater than queues (16)',
    ],
    [
      'a queue where requests are rejected',
      { spec: { limited: { limitResponse: { type: 'Reject' } } } },
      'spec.limited.limitResponse.queuing: Forbidden: must be nil if limited.limitResponse.type is not Limited',
    ],
  ],
};
