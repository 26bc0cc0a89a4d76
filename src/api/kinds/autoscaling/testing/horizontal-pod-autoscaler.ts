import type { KindSamples } from '../../testing/samples.ts';
import { horizontalPodAutoscaler } from '../horizontal-pod-autoscaler.ts';

export const samples: KindSamples = {
  kind: horizontalPodAutoscaler,
  valid: {
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      maxReplicas: 5,
      metrics: [
        { type: 'Pods', pods: { metric: { name: 'hits' }, target: { type: 'AverageValue', averageValue: '10' } } },
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } } },
      ],
      behavior: { scaleDown: { stabilizationWindowSeconds: 60 } },
    },
  },
  change: { spec: { maxReplicas: 7 } },
  status: { currentReplicas: 2, desiredReplicas: 3 },
  invalid: [
    [
      'fewer than none at least, and none at most',
      { spec: { minReplicas: -1, maxReplicas: 0 } },
      'spec.minReplicas: Invalid value: -1: must be greater than or equal to 1',
      'spec.maxReplicas: Required value: must be set and greater than 0',
    ],
    [
      'a target without a group',
      { spec: { scaleTargetRef: { apiVersion: 'v1' } } },
      'spec.scaleTargetRef.apiVersion: Invalid value: "v1": apiVersion must specify API group',
    ],
    [
      'a metric without its source',
      { spec: { metrics: [{ type: 'Object' }] } },
      'spec.metrics[0].object: Required value: must populate information for the given metric source',
    ],
    [
      'policies that are none',
      { spec: { behavior: { scaleUp: { selectPolicy: 'Some', policies: [{ type: 'Pods', value: 0, periodSeconds: 9999 }] } } } },
      'spec.behavior.scaleUp.selectPolicy: Unsupported value: "Some": supported values: "Disabled", "Max", "Min"',
      'spec.behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero',
      'spec.behavior.scaleUp.policies[0].periodSeconds: Invalid value: 9999: must be less than or equal to 1800',
    ],
  ],
};
