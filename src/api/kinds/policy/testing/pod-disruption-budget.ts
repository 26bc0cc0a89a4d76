import type { KindSamples } from '../../testing/samples.ts';
import { podDisruptionBudget } from '../pod-disruption-budget.ts';

export const samples: KindSamples = {
  kind: podDisruptionBudget,
  valid: { spec: { minAvailable: '50%', selector: { matchLabels: { app: 'a' } } } },
  change: { spec: { minAvailable: 1 } },
  status: { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 },
  invalid: [
    [
      'both limits',
      { spec: { maxUnavailable: 1, selector: null } },
      'spec: Invalid value: {"MinAvailable":"50%","Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: minAvailable and maxUnavailable cannot be both set',
    ],
    ['more than all', { spec: { minAvailable: '101%' } }, 'spec.minAvailable: Invalid value: "101%": must not be greater than 100%'],
    [
      'a policy that is none',
      { spec: { unhealthyPodEvictionPolicy: 'Never' } },
      'spec.unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
    ],
  ],
};
