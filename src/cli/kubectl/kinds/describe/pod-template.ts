/** Source: kubectl pkg/describe/describe.go (DescribePodTemplate, getPodStatusForController). */
import type { Pod, PodTemplateSpec } from '../../../../api/generated/core/v1.ts';
import { StatusError } from '../../../../api/status-error.ts';
import type { Description } from '../../output/description.ts';
import { controllerOf, writeAnnotations, writeLabels } from './common.ts';
import { writeContainers } from './containers.ts';
import { corePath, type DescribeContext, listItems } from './context.ts';
import { writeSpread, writeTolerations } from './scheduling.ts';
import { writeVolumes } from './volumes.ts';

export function writePodTemplate(to: Description, template: PodTemplateSpec | undefined): void {
  to.write(0, 'Pod Template:\n');
  if (template === undefined) {
    to.write(1, '<unset>');
    return;
  }
  const { metadata, spec } = template;
  writeLabels(to, '  Labels', metadata?.labels);
  if (Object.keys(metadata?.annotations ?? {}).length > 0) writeAnnotations(to, '  Annotations', metadata?.annotations);
  if ((spec.serviceAccountName ?? '') !== '') to.line(1, 'Service Account:', spec.serviceAccountName ?? '');
  if ((spec.initContainers ?? []).length > 0) writeContainers(to, 'Init Containers', spec.initContainers ?? [], { indent: '  ' });
  writeContainers(to, 'Containers', spec.containers, { indent: '  ' });
  writeVolumes(to, spec.volumes, '  ');
  writeSpread(to, spec.topologySpreadConstraints, '  ');
  if ((spec.priorityClassName ?? '') !== '') to.line(1, 'Priority Class Name:', spec.priorityClassName ?? '');
  writeLabels(to, '  Node-Selectors', spec.nodeSelector);
  writeTolerations(to, '  Tolerations', spec.tolerations);
}

/** `1 Running / 0 Waiting / 0 Succeeded / 0 Failed` of the Pods that a controller owns, or why they cannot be read. */
export async function podsStatus(context: DescribeContext, namespace: string, selector: string, uid: string): Promise<string> {
  let pods: readonly Pod[];
  try {
    pods = await listItems<Pod>(context, corePath(namespace, 'pods'), { labels: selector });
  } catch (error) {
    if (error instanceof StatusError) return `error in fetching pods: ${error.message}`;
    throw error;
  }
  const owned = pods.filter((pod) => controllerOf(pod.metadata)?.uid === uid);
  const count = (phase: string): number => owned.filter((pod) => pod.status?.phase === phase).length;
  return `${count('Running')} Running / ${count('Pending')} Waiting / ${count('Succeeded')} Succeeded / ${count('Failed')} Failed`;
}
