import { ephemeralContainers, fullPodSpec } from '../../testing/pod-spec.ts';
import type { KindSamples } from '../../testing/samples.ts';
import { cronJob } from '../cron-job.ts';

export const samples: KindSamples = {
  kind: cronJob,
  valid: {
    spec: { schedule: '*/5 * * * *', jobTemplate: { spec: { template: { spec: { ...fullPodSpec, restartPolicy: 'OnFailure' } } } } },
  },
  change: { spec: { suspend: true } },
  grown: { spec: { jobTemplate: { spec: { template: { spec: { ephemeralContainers } } } } } },
  status: { lastScheduleTime: '2026-01-01T00:00:00Z' },
  invalid: [
    ['no schedule', { spec: { schedule: '' } }, 'spec.schedule: Required value'],
    ['a schedule that is none', { spec: { schedule: 'a' } }, 'spec.schedule: Invalid value: "a": expected exactly 5 fields, found 1: [a]'],
    [
      'a zone in the schedule',
      { spec: { schedule: 'TZ=UTC 0 0 * * *' } },
      'spec.schedule: Invalid value: "TZ=UTC 0 0 * * *": cannot use TZ or CRON_TZ in schedule, use timeZone field instead',
    ],
    ['a zone that is none', { spec: { timeZone: 'Nowhere' } }, 'spec.timeZone: Invalid value: "Nowhere": unknown time zone Nowhere'],
    [
      'a policy that is none',
      { spec: { concurrencyPolicy: 'Wait' } },
      'spec.concurrencyPolicy: Unsupported value: "Wait": supported values: "Allow", "Forbid", "Replace"',
    ],
    [
      'a selector of its own',
      { spec: { jobTemplate: { spec: { selector: { matchLabels: { a: 'b' } }, manualSelector: true } } } },
      'spec.jobTemplate.spec.selector: Invalid value: {"matchLabels":{"a":"b"}}: `selector` will be auto-generated',
      'spec.jobTemplate.spec.manualSelector: Unsupported value: true: supported values: "nil", "false"',
    ],
  ],
};
