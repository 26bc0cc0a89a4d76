import type { KindSamples } from '../../testing/samples.ts';
import { ingress } from '../ingress.ts';

const backend = { service: { name: 'web', port: { number: 80 } } };

export const samples: KindSamples = {
  kind: ingress,
  valid: { spec: { rules: [{ host: 'a.example.com', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] } },
  change: { spec: { ingressClassName: 'nginx' } },
  status: { loadBalancer: { ingress: [{ ip: '192.0.2.1' }] } },
  invalid: [
    [
      'neither rules nor a backend',
      { spec: { rules: null } },
      'spec: Invalid value: null: either `defaultBackend` or `rules` must be specified',
    ],
    [
      'a path without a type',
      { spec: { rules: [{ http: { paths: [{ path: '/', backend }] } }] } },
      'spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified',
    ],
    [
      'a relative path',
      { spec: { rules: [{ http: { paths: [{ path: 'a', pathType: 'Exact', backend }] } }] } },
      'spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path',
    ],
  ],
};
