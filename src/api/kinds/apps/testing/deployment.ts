import { ephemeralContainers, fullPodSpec } from '../../testing/pod-spec.ts';
import type { KindSamples } from '../../testing/samples.ts';
import { deployment } from '../deployment.ts';

export const samples: KindSamples = {
  kind: deployment,
  valid: { spec: { selector: { matchLabels: { app: 'a' } }, template: { metadata: { labels: { app: 'a' } }, spec: fullPodSpec } } },
  change: { spec: { replicas: 3 } },
  grown: { spec: { template: { spec: { ephemeralContainers } } } },
  status: { replicas: 1, readyReplicas: 1 },
  invalid: [
    ['fewer replicas than none', { spec: { replicas: -1 } }, 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
    [
      'a selector that does not match the template',
      { spec: { selector: { matchLabels: { app: 'b' } } } },
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
  ],
};
