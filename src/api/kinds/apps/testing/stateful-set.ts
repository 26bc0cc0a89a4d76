import { ephemeralContainers, fullPodSpec } from '../../testing/pod-spec.ts';
import type { KindSamples } from '../../testing/samples.ts';
import { statefulSet } from '../stateful-set.ts';

const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } };

export const samples: KindSamples = {
  kind: statefulSet,
  valid: {
    spec: {
      serviceName: 'a',
      selector: { matchLabels: { app: 'a' } },
      template: { metadata: { labels: { app: 'a' } }, spec: fullPodSpec },
      volumeClaimTemplates: [claim],
    },
  },
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
    [
      'a strategy that is none',
      { spec: { updateStrategy: { type: 'Never' } } },
      'spec.updateStrategy: Invalid value: {"Type":"Never","RollingUpdate":null}: must be \'RollingUpdate\' or \'OnDelete\'',
    ],
    [
      'parameters of a rolling update for another strategy',
      { spec: { updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } } },
      'spec.updateStrategy.rollingUpdate: Invalid value: {"Partition":1,"MaxUnavailable":null}: only allowed for updateStrategy \'RollingUpdate\'',
    ],
    [
      'a policy that is none',
      { spec: { podManagementPolicy: 'Random', persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Keep' } } },
      "spec.podManagementPolicy: Invalid value: \"Random\": must be 'OrderedReady' or 'Parallel'",
      'spec.persistentVolumeClaimRetentionPolicy.whenDeleted: Unsupported value: "Keep": supported values: "Retain", "Delete"',
    ],
    [
      'claims without a size',
      { spec: { volumeClaimTemplates: [{ metadata: { name: 'x' }, spec: { accessModes: ['ReadWriteOnce'] } }] } },
      'spec.volumeClaimTemplates[0].spec.resources[storage]: Required value',
    ],
  ],
};
