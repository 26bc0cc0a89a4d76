import type { KindSamples } from '../../testing/samples.ts';
import { event } from '../event.ts';

export const samples: KindSamples = {
  kind: event,
  // Uses the newer fields, so that events.k8s.io accepts it, too.
  valid: {
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' },
    reason: 'Scheduled',
    message: 'bound',
    type: 'Normal',
    eventTime: '2026-01-01T00:00:00.000000Z',
    action: 'Binding',
    reportingComponent: 'default-scheduler',
    reportingInstance: 'default-scheduler-1',
  },
  change: { series: { count: 2, lastObservedTime: '2026-01-01T00:01:00.000000Z' } },
  invalid: [
    ['no reason', { reason: null }, 'reason: Required value'],
    [
      'a namespace other than that of what it is about',
      { eventTime: null, involvedObject: { namespace: 'other' } },
      'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
    ],
  ],
};
