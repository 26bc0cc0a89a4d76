import type { KindSamples } from '../../testing/samples.ts';
import { service } from '../service.ts';

export const samples: KindSamples = {
  kind: service,
  valid: {
    spec: {
      selector: { app: 'a' },
      type: 'LoadBalancer',
      ports: [
        { name: 'http', port: 80 },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ],
    },
  },
  change: { spec: { selector: { app: 'b' } } },
  status: { loadBalancer: { ingress: [{ ip: '127.0.0.1', ipMode: 'VIP' }] } },
  invalid: [
    [
      'a port that is none',
      { spec: { ports: [{ port: 70000 }] } },
      'spec.ports[0].port: Invalid value: 70000: must be between 1 and 65535, inclusive',
      'spec.ports[0].targetPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
    ],
    [
      'a type that is none',
      { spec: { type: 'Elsewhere' } },
      'spec.type: Unsupported value: "Elsewhere": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
    ],
  ],
};
