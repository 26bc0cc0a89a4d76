import type { KindSamples } from '../../testing/samples.ts';
import { volumeAttributesClass } from '../volume-attributes-class.ts';

export const samples: KindSamples = {
  kind: volumeAttributesClass,
  valid: { driverName: 'a.example.com', parameters: { iops: '100' } },
  change: { metadata: { labels: { changed: 'yes' } } },
  invalid: [
    ['no driver', { driverName: null }, 'driverName: Required value'],
    ['no parameters', { parameters: null }, 'parameters: Required value: must contain at least one key/value pair'],
  ],
};
