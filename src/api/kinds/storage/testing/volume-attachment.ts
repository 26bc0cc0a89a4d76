import type { KindSamples } from '../../testing/samples.ts';
import { volumeAttachment } from '../volume-attachment.ts';

export const samples: KindSamples = {
  kind: volumeAttachment,
  valid: { spec: { attacher: 'a.example.com', nodeName: 'n', source: { persistentVolumeName: 'pv' } } },
  notDefaulted: ['io.k8s.api.core.v1.HostPathVolumeSource', 'io.k8s.api.core.v1.PersistentVolumeSpec'],
  change: { metadata: { labels: { changed: 'yes' } } },
  status: { attached: true },
  invalid: [
    ['no attacher', { spec: { attacher: null } }, 'spec.attacher: Required value'],
    [
      'no source',
      { spec: { source: null } },
      'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
    ],
  ],
};
