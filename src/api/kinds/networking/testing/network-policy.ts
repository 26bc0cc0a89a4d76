import type { KindSamples } from '../../testing/samples.ts';
import { networkPolicy } from '../network-policy.ts';

export const samples: KindSamples = {
  kind: networkPolicy,
  valid: { spec: { podSelector: {}, ingress: [{ ports: [{ port: 80 }], from: [{ podSelector: { matchLabels: { a: 'b' } } }] }] } },
  change: { spec: { policyTypes: ['Ingress', 'Egress'] } },
  invalid: [
    ['a peer that is none', { spec: { ingress: [{ from: [{}] }] } }, 'spec.ingress[0].from[0]: Required value: must specify a peer'],
    [
      'an exception outside',
      { spec: { egress: [{ to: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['192.168.0.0/16'] } }] }] } },
      'spec.egress[0].to[0].ipBlock.except[0]: Invalid value: "192.168.0.0/16": must be a strict subset of `cidr`',
    ],
  ],
};
