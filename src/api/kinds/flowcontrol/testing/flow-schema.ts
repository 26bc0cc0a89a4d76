import type { KindSamples } from '../../testing/samples.ts';
import { flowSchema } from '../flow-schema.ts';

const rules = [
  { subjects: [{ kind: 'User', user: { name: 'jane' } }], nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz'] }] },
];

export const samples: KindSamples = {
  kind: flowSchema,
  valid: { spec: { priorityLevelConfiguration: { name: 'exempt' }, rules } },
  change: { spec: { matchingPrecedence: 50 } },
  status: { conditions: [{ type: 'Dangling', status: 'False' }] },
  invalid: [
    [
      'the precedence of the exempt',
      { spec: { matchingPrecedence: 1 } },
      "spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
    ],
    [
      'a rule without subjects',
      { spec: { rules: [{ nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }] } },
      'spec.rules[0].subjects: Required value: subjects must contain at least one value',
    ],
  ],
};
