import type { KindSamples } from '../../testing/samples.ts';
import { secret } from '../secret.ts';

export const samples: KindSamples = {
  kind: secret,
  valid: { data: { a: 'MQ==' } },
  change: { data: { a: 'Mg==' } },
  invalid: [
    [
      'basic authentication without a name',
      { type: 'kubernetes.io/basic-auth' },
      'data[username]: Required value',
      'data[password]: Required value',
    ],
    ['a TLS pair without its key', { type: 'kubernetes.io/tls', data: { 'tls.crt': 'MQ==' } }, 'data[tls.key]: Required value'],
  ],
};
