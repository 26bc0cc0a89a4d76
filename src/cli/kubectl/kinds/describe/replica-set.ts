/** Source: kubectl pkg/describe/describe.go (describeReplicaSet). */
import type { ReplicaSet } from '../../../../api/generated/apps/v1.ts';
import { formatLabelSelector, fromLabelSelector } from '../../../../api/selector.ts';
import { Description } from '../../output/description.ts';
import { writeAnnotations, writeConditions, writeController, writeLabels } from './common.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';
import { podsStatus, writePodTemplate } from './pod-template.ts';

export const describeReplicaSet: Describer = async (object, context) => {
  const { metadata, spec, status } = object as unknown as ReplicaSet; // the API's answer for this resource
  const to = new Description();
  to.line(0, 'Name:', metadata.name);
  to.line(0, 'Namespace:', metadata.namespace ?? '');
  to.line(0, 'Selector:', formatLabelSelector(spec.selector));
  writeLabels(to, 'Labels', metadata.labels);
  writeAnnotations(to, 'Annotations', metadata.annotations);
  writeController(to, metadata);
  to.line(0, 'Replicas:', `${status.replicas} current / ${spec.replicas ?? 1} desired`);
  to.line(
    0,
    'Pods Status:',
    await podsStatus(context, metadata.namespace ?? '', fromLabelSelector(spec.selector).toString(), metadata.uid ?? ''),
  );
  writePodTemplate(to, spec.template);
  writeConditions(to, status.conditions);
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
