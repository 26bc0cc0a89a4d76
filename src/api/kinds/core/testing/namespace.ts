import type { KindSamples } from '../../testing/samples.ts';
import { namespace } from '../namespace.ts';

export const samples: KindSamples = {
  kind: namespace,
  valid: { spec: { finalizers: ['kubernetes', 'example.com/a'] } },
  // The spec changes only through the finalize sub-resource, so this changes a label.
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
