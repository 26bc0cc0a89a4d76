/** Starts Jobs at set times. https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ */

import type { CronJob } from '../../generated/batch/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldCronJobs } from '../../legacy/same-shape.ts';
import { formatLabelSelector } from '../../selector.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageOf } from '../../time.ts';
import { ageColumn, containerColumns, nameColumn } from '../columns.ts';
import { defaultJobParts } from './job.ts';
import { cronJobCreateErrors, cronJobUpdateErrors } from './validation/cron-job.ts';
import { cronJobWarnings } from './validation/job-warnings.ts';

const spec = 'io.k8s.api.batch.v1.CronJobSpec';
const status = 'io.k8s.api.batch.v1.CronJobStatus';

/** Source: pkg/registry/batch/cronjob/strategy.go, pkg/apis/batch/v1/defaults.go (SetDefaults_CronJob). */
export const cronJob = defineKind<CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  scope: 'Namespaced',
  names: { shortNames: ['cj'], categories: ['all'] },
  codec: {
    schema: 'io.k8s.api.batch.v1.CronJob',
    alsoServed: oldCronJobs,
    defaults: (object) => ({
      ...object,
      spec: {
        ...object.spec,
        jobTemplate: { ...object.spec.jobTemplate, spec: defaultJobParts(object.spec.jobTemplate.spec) },
        concurrencyPolicy: object.spec.concurrencyPolicy || 'Allow',
        suspend: object.spec.suspend ?? false,
        successfulJobsHistoryLimit: object.spec.successfulJobsHistoryLimit ?? 3,
        failedJobsHistoryLimit: object.spec.failedJobsHistoryLimit ?? 1,
      },
    }),
  },
  rules: { warnings: cronJobWarnings },
  create: { prepare: (object) => ({ ...object, status: {} }), validate: cronJobCreateErrors },
  update: { validate: cronJobUpdateErrors },
  subresources: { status: statusSubresource() },
  table: {
    columns: [
      nameColumn,
      { name: 'Schedule', type: 'string', descriptionOf: [spec, 'schedule'], value: (object) => object.spec.schedule },
      { name: 'Timezone', type: 'string', descriptionOf: [spec, 'timeZone'], value: (object) => object.spec.timeZone ?? '<none>' },
      {
        name: 'Suspend',
        type: 'boolean',
        descriptionOf: [spec, 'suspend'],
        // Upstream's cell is a text, although the column says otherwise.
        value: (object) => (object.spec.suspend ? 'True' : 'False'),
      },
      { name: 'Active', type: 'integer', descriptionOf: [status, 'active'], value: (object) => (object.status.active ?? []).length },
      {
        name: 'Last Schedule',
        type: 'string',
        descriptionOf: [status, 'lastScheduleTime'],
        value: ({ status: { lastScheduleTime } }, now) => (lastScheduleTime === undefined ? '<none>' : ageOf(lastScheduleTime, now)),
      },
      ageColumn,
      ...containerColumns<CronJob>((object) => object.spec.jobTemplate.spec.template.spec.containers),
      {
        name: 'Selector',
        type: 'string',
        priority: 1,
        descriptionOf: ['io.k8s.api.batch.v1.JobSpec', 'selector'],
        value: (object) => formatLabelSelector(object.spec.jobTemplate.spec.selector),
      },
    ],
  },
});
