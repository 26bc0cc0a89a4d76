/** Source: kubectl pkg/describe/describe.go (describeCronJob, describeJobTemplate). */
import type { CronJob, JobTemplateSpec } from '../../../../api/generated/batch/v1.ts';
import { fromLabelSelector } from '../../../../api/selector.ts';
import { Description } from '../../output/description.ts';
import { longTime, writeAnnotations, writeLabels } from './common.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';
import { writePodTemplate } from './pod-template.ts';

const unset = '<unset>';

function writeJobTemplate(to: Description, { spec }: JobTemplateSpec): void {
  to.line(0, 'Selector:', spec.selector === undefined ? unset : fromLabelSelector(spec.selector).toString());
  to.line(0, 'Parallelism:', spec.parallelism ?? unset);
  to.line(0, 'Completions:', spec.completions ?? unset);
  if (spec.activeDeadlineSeconds !== undefined) to.line(0, 'Active Deadline Seconds:', `${spec.activeDeadlineSeconds}s`);
  writePodTemplate(to, spec.template);
}

export const describeCronJob: Describer = async (object, context) => {
  const { metadata, spec, status } = object as unknown as CronJob; // the API's answer for this resource
  const { startingDeadlineSeconds: deadline } = spec;
  const to = new Description();
  to.line(0, 'Name:', metadata.name);
  to.line(0, 'Namespace:', metadata.namespace ?? '');
  writeLabels(to, 'Labels', metadata.labels);
  writeAnnotations(to, 'Annotations', metadata.annotations);
  to.line(0, 'Schedule:', spec.schedule);
  to.line(0, 'Concurrency Policy:', spec.concurrencyPolicy);
  to.line(0, 'Suspend:', spec.suspend ? 'True' : 'False');
  to.line(0, 'Time Zone:', spec.timeZone ?? unset);
  to.line(0, 'Successful Job History Limit:', spec.successfulJobsHistoryLimit ?? unset);
  to.line(0, 'Failed Job History Limit:', spec.failedJobsHistoryLimit ?? unset);
  to.line(0, 'Starting Deadline Seconds:', deadline === undefined ? unset : `${deadline}s`);
  writeJobTemplate(to, spec.jobTemplate);
  to.line(0, 'Last Schedule Time:', status.lastScheduleTime === undefined ? unset : longTime(status.lastScheduleTime));
  const active = (status.active ?? []).map(({ name }) => name ?? '');
  to.line(0, 'Active Jobs:', active.length === 0 ? '<none>' : active.join(', '));
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
