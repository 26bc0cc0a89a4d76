import { ephemeralContainers, fullPodSpec } from '../../testing/pod-spec.ts';
import type { KindSamples } from '../../testing/samples.ts';
import { daemonSet } from '../daemon-set.ts';

export const samples: KindSamples = {
  kind: daemonSet,
  valid: { spec: { selector: { matchLabels: { app: 'a' } }, template: { metadata: { labels: { app: 'a' } }, spec: fullPodSpec } } },
  change: { spec: { template: { spec: { hostname: 'h' } } } },
  grown: { spec: { template: { spec: { ephemeralContainers } } } },
  status: { currentNumberScheduled: 1, numberMisscheduled: 0, desiredNumberScheduled: 1, numberReady: 1 },
  invalid: [
    [
      'a selector that does not match the template',
      { spec: { selector: { matchLabels: { app: 'b' } } } },
      'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
    [
      'a strategy that is none',
      { spec: { updateStrategy: { type: 'Never' } } },
      'spec.updateStrategy: Unsupported value: {"Type":"Never","RollingUpdate":null}: supported values: "RollingUpdate", "OnDelete"',
    ],
    [
      'an update that can do nothing',
      { spec: { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } } },
      'spec.updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
    ],
    [
      'an update that does both',
      { spec: { updateStrategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } } },
      'spec.updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero',
    ],
  ],
};
