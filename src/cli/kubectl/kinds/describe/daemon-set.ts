/** Source: kubectl pkg/describe/describe.go (describeDaemonSet). */
import type { DaemonSet } from '../../../../api/generated/apps/v1.ts';
import { formatLabels, fromLabelSelector } from '../../../../api/selector.ts';
import { Description } from '../../output/description.ts';
import { writeAnnotations, writeLabels } from './common.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';
import { podsStatus, writePodTemplate } from './pod-template.ts';

export const describeDaemonSet: Describer = async (object, context) => {
  const { metadata, spec, status } = object as unknown as DaemonSet; // the API's answer for this resource
  const selector = fromLabelSelector(spec.selector).toString();
  const to = new Description();
  to.line(0, 'Name:', metadata.name);
  to.line(0, 'Namespace:', metadata.namespace ?? '');
  to.line(0, 'Selector:', selector);
  to.line(0, 'Node-Selector:', formatLabels(spec.template.spec.nodeSelector));
  writeLabels(to, 'Labels', metadata.labels);
  writeAnnotations(to, 'Annotations', metadata.annotations);
  to.write(0, `Desired Number of Nodes Scheduled: ${status.desiredNumberScheduled}\n`);
  to.write(0, `Current Number of Nodes Scheduled: ${status.currentNumberScheduled}\n`);
  to.write(0, `Number of Nodes Scheduled with Up-to-date Pods: ${status.updatedNumberScheduled ?? 0}\n`);
  to.write(0, `Number of Nodes Scheduled with Available Pods: ${status.numberAvailable ?? 0}\n`);
  to.write(0, `Number of Nodes Misscheduled: ${status.numberMisscheduled}\n`);
  to.line(0, 'Pods Status:', await podsStatus(context, metadata.namespace ?? '', selector, metadata.uid ?? ''));
  writePodTemplate(to, spec.template);
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
