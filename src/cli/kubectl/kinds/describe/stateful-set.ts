/** Source: kubectl pkg/describe/describe.go (describeStatefulSet, describeVolumeClaimTemplates). */
import type { StatefulSet } from '../../../../api/generated/apps/v1.ts';
import type { PersistentVolumeClaim } from '../../../../api/generated/core/v1.ts';
import { fromLabelSelector } from '../../../../api/selector.ts';
import { Description } from '../../output/description.ts';
import { longTime, writeAnnotations, writeLabels } from './common.ts';
import type { Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';
import { podsStatus, writePodTemplate } from './pod-template.ts';

const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

function writeClaimTemplates(to: Description, claims: readonly PersistentVolumeClaim[]): void {
  if (claims.length === 0) {
    to.write(0, 'Volume Claims:\t<none>\n');
    return;
  }
  to.write(0, 'Volume Claims:\n');
  for (const { metadata, spec } of claims) {
    to.line(1, 'Name:', metadata.name ?? '');
    to.line(1, 'StorageClass:', metadata.annotations?.[classAnnotation] ?? spec.storageClassName ?? '');
    writeLabels(to, '  Labels', metadata.labels);
    writeAnnotations(to, '  Annotations', metadata.annotations);
    const capacity = spec.resources?.requests?.storage;
    to.line(1, 'Capacity:', capacity ?? '<default>');
    to.line(1, 'Access Modes:', `[${(spec.accessModes ?? []).join(' ')}]`);
  }
}

export const describeStatefulSet: Describer = async (object, context) => {
  const { metadata, spec, status } = object as unknown as StatefulSet; // the API's answer for this resource
  const selector = fromLabelSelector(spec.selector).toString();
  const to = new Description();
  to.line(0, 'Name:', metadata.name);
  to.line(0, 'Namespace:', metadata.namespace ?? '');
  to.line(0, 'CreationTimestamp:', longTime(metadata.creationTimestamp));
  to.line(0, 'Selector:', selector);
  writeLabels(to, 'Labels', metadata.labels);
  writeAnnotations(to, 'Annotations', metadata.annotations);
  to.line(0, 'Replicas:', `${spec.replicas} desired | ${status.replicas} total`);
  to.line(0, 'Update Strategy:', spec.updateStrategy.type);
  const { partition, maxUnavailable } = spec.updateStrategy.rollingUpdate ?? {};
  if (partition !== undefined) {
    to.line(1, 'Partition:', partition);
    if (maxUnavailable !== undefined) to.line(1, 'MaxUnavailable:', maxUnavailable);
  }
  to.line(0, 'Pods Status:', await podsStatus(context, metadata.namespace ?? '', selector, metadata.uid ?? ''));
  writePodTemplate(to, spec.template);
  writeClaimTemplates(to, spec.volumeClaimTemplates ?? []);
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
