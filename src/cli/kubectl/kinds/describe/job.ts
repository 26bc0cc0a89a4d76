/** Source: kubectl pkg/describe/describe.go (describeJob). */
import type { Job } from '../../../../api/generated/batch/v1.ts';
import { fromLabelSelector } from '../../../../api/selector.ts';
import { humanDuration, parseTime } from '../../../../api/time.ts';
import { Description } from '../../output/description.ts';
import { longTime, writeAnnotations, writeController, writeLabels } from './common.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';
import { writePodTemplate } from './pod-template.ts';

const maxIndexesLength = 50;

/** Indexes, cut after the first comma beyond the limit. */
function shortIndexes(indexes: string): string {
  if (indexes === '') return '<none>';
  const comma = indexes.indexOf(',', maxIndexesLength);
  return comma === -1 ? indexes : `${indexes.slice(0, comma + 1)}...`;
}

function writeTimes(to: Description, { startTime, completionTime }: Job['status']): void {
  if (startTime !== undefined) to.line(0, 'Start Time:', longTime(startTime));
  if (completionTime !== undefined) to.line(0, 'Completed At:', longTime(completionTime));
  const [start, end] = [parseTime(startTime ?? ''), parseTime(completionTime ?? '')];
  if (start !== undefined && end !== undefined) to.line(0, 'Duration:', humanDuration(end - start));
}

export const describeJob: Describer = async (object, context) => {
  const { metadata, spec, status } = object as unknown as Job; // the API's answer for this resource
  const to = new Description();
  const optional = (title: string, value: number | string | boolean | undefined, unit = ''): void => {
    if (value !== undefined) to.line(0, title, `${value}${unit}`);
  };
  to.line(0, 'Name:', metadata.name);
  to.line(0, 'Namespace:', metadata.namespace ?? '');
  to.line(0, 'Selector:', fromLabelSelector(spec.selector).toString());
  writeLabels(to, 'Labels', metadata.labels);
  writeAnnotations(to, 'Annotations', metadata.annotations);
  writeController(to, metadata);
  optional('Parallelism:', spec.parallelism);
  to.line(0, 'Completions:', spec.completions ?? '<unset>');
  optional('Completion Mode:', spec.completionMode);
  optional('Suspend:', spec.suspend);
  optional('Backoff Limit:', spec.backoffLimit);
  optional('TTL Seconds After Finished:', spec.ttlSecondsAfterFinished);
  writeTimes(to, status);
  optional('Active Deadline Seconds:', spec.activeDeadlineSeconds, 's');
  const active = status.ready === undefined ? 'Active' : `Active (${status.ready} Ready)`;
  to.line(0, 'Pods Statuses:', `${status.active ?? 0} ${active} / ${status.succeeded ?? 0} Succeeded / ${status.failed ?? 0} Failed`);
  if (spec.completionMode === 'Indexed') to.line(0, 'Completed Indexes:', shortIndexes(status.completedIndexes ?? ''));
  writePodTemplate(to, spec.template);
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
