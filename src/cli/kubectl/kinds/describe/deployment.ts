/** Source: kubectl pkg/describe/describe.go (describeDeployment); kubectl pkg/util/deployment. */
import { deepEqual } from '../../../../api/deep-equal.ts';
import type { Deployment, ReplicaSet } from '../../../../api/generated/apps/v1.ts';
import type { PodTemplateSpec } from '../../../../api/generated/core/v1.ts';
import { fromLabelSelector } from '../../../../api/selector.ts';
import { StatusError } from '../../../../api/status-error.ts';
import { Description } from '../../output/description.ts';
import { controllerOf, longTime, writeAnnotations, writeConditions, writeLabels } from './common.ts';
import { type DescribeContext, type Describer, listItems } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';
import { writePodTemplate } from './pod-template.ts';

const hashLabel = 'pod-template-hash';

function withoutHash(template: PodTemplateSpec): unknown {
  const { [hashLabel]: _hash, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/**
 * The replica sets of a deployment: the one of the current template, and the others, oldest first. Empty when they
 * cannot be read.
 */
async function replicaSets(
  context: DescribeContext,
  { metadata, spec }: Deployment,
): Promise<{ readonly current: readonly ReplicaSet[]; readonly old: readonly ReplicaSet[] }> {
  const path = `/apis/apps/v1/namespaces/${encodeURIComponent(metadata.namespace ?? '')}/replicasets`;
  let all: readonly ReplicaSet[];
  try {
    all = await listItems<ReplicaSet>(context, path, { labels: fromLabelSelector(spec.selector).toString() });
  } catch (error) {
    if (error instanceof StatusError) return { current: [], old: [] };
    throw error;
  }
  const order = ({ metadata: m }: ReplicaSet): string => `${m.creationTimestamp ?? ''} ${m.name}`;
  const owned = all.filter((rs) => controllerOf(rs.metadata)?.uid === metadata.uid).toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
  const current = owned.find((rs) => deepEqual(withoutHash(rs.spec.template), withoutHash(spec.template)));
  return { current: current === undefined ? [] : [current], old: owned.filter((rs) => rs.metadata.uid !== current?.metadata.uid) };
}

const listText = (sets: readonly ReplicaSet[]): string =>
  sets.length === 0
    ? '<none>'
    : sets.map((rs) => `${rs.metadata.name} (${rs.status.replicas}/${rs.spec.replicas ?? 1} replicas created)`).join(', ');

export const describeDeployment: Describer = async (object, context) => {
  const deployment = object as unknown as Deployment; // the API's answer for this resource
  const { metadata, spec, status } = deployment;
  const to = new Description();
  to.line(0, 'Name:', metadata.name);
  to.line(0, 'Namespace:', metadata.namespace ?? '');
  to.line(0, 'CreationTimestamp:', longTime(metadata.creationTimestamp));
  writeLabels(to, 'Labels', metadata.labels);
  writeAnnotations(to, 'Annotations', metadata.annotations);
  to.line(0, 'Selector:', fromLabelSelector(spec.selector).toString());
  to.line(
    0,
    'Replicas:',
    `${spec.replicas ?? 1} desired | ${status.updatedReplicas ?? 0} updated | ${status.replicas ?? 0} total | ${status.availableReplicas ?? 0} available | ${status.unavailableReplicas ?? 0} unavailable`,
  );
  to.line(0, 'StrategyType:', spec.strategy.type ?? '');
  to.line(0, 'MinReadySeconds:', spec.minReadySeconds ?? 0);
  const rolling = spec.strategy.rollingUpdate;
  if (rolling !== undefined)
    to.line(0, 'RollingUpdateStrategy:', `${rolling.maxUnavailable ?? 0} max unavailable, ${rolling.maxSurge ?? 0} max surge`);
  writePodTemplate(to, spec.template);
  writeConditions(to, status.conditions);
  const { current, old } = await replicaSets(context, deployment);
  if (current.length + old.length > 0) {
    to.line(0, 'OldReplicaSets:', listText(old));
    to.line(0, 'NewReplicaSet:', listText(current));
  }
  await writeEventsOf(to, context, subjectOf(object));
  return to.toString();
};
