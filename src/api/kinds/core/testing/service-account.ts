import type { KindSamples } from '../../testing/samples.ts';
import { serviceAccount } from '../service-account.ts';

export const samples: KindSamples = {
  kind: serviceAccount,
  valid: { secrets: [{ name: 'a' }], imagePullSecrets: [{ name: 'pull' }], automountServiceAccountToken: false },
  change: { automountServiceAccountToken: true },
  invalid: [],
};
