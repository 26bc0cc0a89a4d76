import { ephemeralContainers, fullPodSpec } from '../../testing/pod-spec.ts';
import type { KindSamples } from '../../testing/samples.ts';
import { podTemplate } from '../pod-template.ts';

export const samples: KindSamples = {
  kind: podTemplate,
  valid: { template: { metadata: { labels: { app: 'a' } }, spec: fullPodSpec } },
  change: { template: { spec: { hostname: 'h' } } },
  grown: { template: { spec: { ephemeralContainers } } },
  invalid: [
    ['a template without containers', { template: { spec: { containers: [] } } }, 'template.spec.containers: Required value'],
    [
      'labels that are none',
      { template: { metadata: { labels: { app: 'a b' } } } },
      "template.labels: Invalid value: \"a b\": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')",
    ],
  ],
};
