import type { KindSamples } from '../../testing/samples.ts';
import { namespace } from '../namespace.ts';

export const samples: KindSamples = {
  kind: namespace,
  valid: { spec: { finalizers: ['kubernetes', 'example.com/a'] } },
  // Nothing that is wanted can be changed but by the finalize sub-resource.
  change: { metadata: { labels: { a: 'b' } } },
  status: { conditions: [{ type: 'NamespaceContentRemaining', status: 'False', lastTransitionTime: '2026-01-01T00:00:00Z' }] },
  invalid: [
    [
      'a finalizer that nobody has',
      { spec: { finalizers: ['kubernetes', 'mine'] } },
      'spec.finalizers: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ],
  ],
};
