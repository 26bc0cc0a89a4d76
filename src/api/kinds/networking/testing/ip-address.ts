import type { KindSamples } from '../../testing/samples.ts';
import { ipAddress } from '../ip-address.ts';

export const samples: KindSamples = {
  kind: ipAddress,
  // One letter gives one address; longer texts are names of their own, bad ones among them.
  named: (text) => ({
    metadata: { name: /^[a-z]$/.test(text) ? `192.0.2.${text.charCodeAt(0)}` : text === 'sample' ? '192.0.2.1' : text },
  }),
  valid: { metadata: { name: '192.0.2.7' }, spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } } },
  change: { metadata: { labels: { changed: 'yes' } } },
  invalid: [['no parent', { spec: { parentRef: null } }, 'spec.parentRef: Required value']],
};
