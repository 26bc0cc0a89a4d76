import { ephemeralContainers, fullPodSpec } from '../../testing/pod-spec.ts';
import type { KindSamples } from '../../testing/samples.ts';
import { pod } from '../pod.ts';

export const samples: KindSamples = {
  kind: pod,
  valid: { metadata: { labels: { app: 'a' } }, spec: { ...fullPodSpec, schedulingGates: [{ name: 'example.com/gate' }] } },
  // Few fields of a Pod can be changed; scheduling gates can be removed.
  change: { spec: { schedulingGates: null } },
  grown: { spec: { ephemeralContainers } },
  status: { phase: 'Running', podIP: '10.1.0.1', podIPs: [{ ip: '10.1.0.1' }] },
  invalid: [
    ['no containers', { spec: { containers: null } }, 'spec.containers: Required value'],
    [
      'a restart policy that is none',
      { spec: { restartPolicy: 'Perhaps' } },
      'spec.restartPolicy: Unsupported value: "Perhaps": supported values: "Always", "OnFailure", "Never"',
    ],
    ['a volume without a source', { spec: { volumes: [{ name: 'a', secret: {} }] } }, 'spec.volumes[0].secret.secretName: Required value'],
  ],
};
