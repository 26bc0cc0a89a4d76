import { ephemeralContainers, fullPodSpec } from '../../testing/pod-spec.ts';
import type { KindSamples } from '../../testing/samples.ts';
import { replicationController } from '../replication-controller.ts';

export const samples: KindSamples = {
  kind: replicationController,
  valid: { spec: { template: { metadata: { labels: { app: 'a' } }, spec: fullPodSpec } } },
  change: { spec: { replicas: 3 } },
  grown: { spec: { template: { spec: { ephemeralContainers } } } },
  status: { replicas: 1, readyReplicas: 1 },
  invalid: [
    ['fewer replicas than none', { spec: { replicas: -1 } }, 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    [
      'pods that end',
      { spec: { template: { spec: { restartPolicy: 'Never' } } } },
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
  ],
};
