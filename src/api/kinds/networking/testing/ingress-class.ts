import type { KindSamples } from '../../testing/samples.ts';
import { ingressClass } from '../ingress-class.ts';

export const samples: KindSamples = {
  kind: ingressClass,
  valid: { spec: { controller: 'example.com/lb', parameters: { apiGroup: 'example.com', kind: 'Params', name: 'external' } } },
  change: { spec: { parameters: { name: 'internal' } } },
  invalid: [
    ['no controller', { spec: { controller: null } }, 'spec.controller: Required value'],
    [
      'a controller without a path',
      { spec: { controller: 'example.com' } },
      'spec.controller: Invalid value: "example.com": must be a domain-prefixed path (such as "acme.io/foo")',
    ],
    [
      'parameters without a kind and a name',
      { spec: { parameters: { kind: null, name: null } } },
      'spec.parameters.kind: Required value',
      'spec.parameters.name: Required value',
    ],
    [
      'a namespace without its scope',
      { spec: { parameters: { namespace: 'default' } } },
      "spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'",
    ],
  ],
};
