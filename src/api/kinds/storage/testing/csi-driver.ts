import type { KindSamples } from '../../testing/samples.ts';
import { csiDriver } from '../csi-driver.ts';

export const samples: KindSamples = {
  kind: csiDriver,
  valid: { spec: { attachRequired: true, tokenRequests: [{ audience: 'a' }], serviceAccountTokenInSecrets: true } },
  change: { spec: { requiresRepublish: true } },
  invalid: [
    [
      'a mode that is none',
      { spec: { volumeLifecycleModes: ['Nonsense'] } },
      'spec.volumeLifecycleModes: Unsupported value: "Nonsense": supported values: "Persistent", "Ephemeral"',
    ],
    [
      'an audience twice',
      { spec: { tokenRequests: [{ audience: 'a' }, { audience: 'a' }] } },
      'spec.tokenRequests[1].audience: Duplicate value: "a"',
    ],
  ],
};
