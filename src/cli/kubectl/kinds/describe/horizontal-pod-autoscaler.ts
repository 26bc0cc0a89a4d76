/** Source: kubectl pkg/describe/describe.go (describeHorizontalPodAutoscalerV2, …V1). */
import type { HorizontalPodAutoscaler as OldAutoscaler } from '../../../../api/generated/autoscaling/v1.ts';
import type {
  HorizontalPodAutoscaler,
  HPAScalingRules,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from '../../../../api/generated/autoscaling/v2.ts';
import { isNotFound } from '../../../../api/status-error.ts';
import type { ApiObject } from '../../command/session.ts';
import { Description } from '../../output/description.ts';
import { longTime, writeIdentity } from './common.ts';
import type { DescribeContext, Describer } from './context.ts';
import { subjectOf, writeEventsOf } from './events.ts';

const unknown = '<unknown>';
/** What Go prints of an amount that is absent where the status has a metric. */
const absent = '<nil>';

const amount = (current: MetricValueStatus | undefined, member: 'value' | 'averageValue'): string =>
  current === undefined ? unknown : (current[member] ?? absent);

/** The current value of a resource and its target. */
function resourceValues(current: MetricValueStatus | undefined, { averageValue, averageUtilization }: MetricTarget): string {
  if (averageValue !== undefined) return `:\t${amount(current, 'averageValue')} / ${averageValue}\n`;
  const used = current?.averageUtilization;
  const shown = used === undefined ? unknown : `${used}% (${current?.averageValue ?? absent})`;
  const target = averageUtilization === undefined ? '<auto>' : `${averageUtilization}%`;
  return `(as a percentage of request):\t${shown} / ${target}\n`;
}

function writeResource(to: Description, words: string, current: MetricValueStatus | undefined, target: MetricTarget): void {
  to.write(1, words);
  to.write(target.averageValue === undefined ? 1 : 0, resourceValues(current, target));
}

function writeMetric(to: Description, metric: MetricSpec, status: MetricStatus | undefined): void {
  const { type, external, pods, object, resource, containerResource } = metric;
  if (type === 'External' && external !== undefined) {
    const { averageValue, value = absent } = external.target;
    const name = JSON.stringify(external.metric.name);
    const current = status?.external?.current;
    if (averageValue !== undefined) to.line(1, `${name} (target average value):`, `${current?.averageValue ?? unknown} / ${averageValue}`);
    else to.line(1, `${name} (target value):`, `${amount(current, 'value')} / ${value}`);
  } else if (type === 'Pods' && pods !== undefined) {
    const current = amount(status?.pods?.current, 'averageValue');
    to.line(1, `${JSON.stringify(pods.metric.name)} on pods:`, `${current} / ${pods.target.averageValue ?? absent}`);
  } else if (type === 'Object' && object !== undefined) {
    const { describedObject, target } = object;
    to.write(1, `"${object.metric.name}" on ${describedObject.kind}/${describedObject.name} `);
    const member = target.type === 'AverageValue' ? 'averageValue' : 'value';
    const words = target.type === 'AverageValue' ? '(target average value):' : '(target value):';
    to.line(0, words, `${amount(status?.object?.current, member)} / ${target[member] ?? absent}`);
  } else if (type === 'Resource' && resource !== undefined) {
    writeResource(to, `resource ${resource.name} on pods`, status?.resource?.current, resource.target);
  } else if (type === 'ContainerResource' && containerResource !== undefined) {
    const { name, container, target } = containerResource;
    writeResource(to, `resource ${name} of container "${container}" on pods`, status?.containerResource?.current, target);
  } else to.write(1, `<unknown metric type ${JSON.stringify(type)}>\n`);
}

function writeRules(to: Description, direction: string, rules: HPAScalingRules | undefined): void {
  if (rules === undefined) return;
  to.write(1, `${direction}:\n`);
  const { stabilizationWindowSeconds, policies = [], selectPolicy = 'Max' } = rules;
  if (stabilizationWindowSeconds !== undefined) to.write(2, `Stabilization Window: ${stabilizationWindowSeconds} seconds\n`);
  if (policies.length === 0) return;
  to.write(2, `Select Policy: ${selectPolicy}\n`);
  to.write(2, 'Policies:\n');
  for (const { type, value, periodSeconds } of policies)
    to.line(3, `- Type: ${type}`, `Value: ${value}`, `Period: ${periodSeconds} seconds`);
}

function writeHead(to: Description, { metadata, spec }: Pick<OldAutoscaler, 'metadata' | 'spec'> | HorizontalPodAutoscaler): void {
  writeIdentity(to, metadata);
  to.line(0, 'CreationTimestamp:', longTime(metadata.creationTimestamp));
  to.line(0, 'Reference:', `${spec.scaleTargetRef.kind}/${spec.scaleTargetRef.name}`);
}

function writeBounds(to: Description, spec: { readonly minReplicas?: number | undefined; readonly maxReplicas: number }): void {
  to.line(0, 'Min replicas:', spec.minReplicas ?? '<unset>');
  to.line(0, 'Max replicas:', spec.maxReplicas);
}

interface Counts {
  readonly currentReplicas?: number | undefined;
  readonly desiredReplicas?: number | undefined;
}

const writeCounts = (to: Description, kind: string, { currentReplicas = 0, desiredReplicas = 0 }: Counts): void =>
  to.line(0, `${kind} pods:`, `${currentReplicas} current / ${desiredReplicas} desired`);

function writeCurrent(to: Description, hpa: HorizontalPodAutoscaler): void {
  const { spec, status } = hpa;
  writeHead(to, hpa);
  to.line(0, 'Metrics:', '( current / target )');
  for (const [i, metric] of (spec.metrics ?? []).entries()) writeMetric(to, metric, status.currentMetrics?.[i]);
  writeBounds(to, spec);
  if (spec.behavior !== undefined) {
    to.write(0, 'Behavior:\n');
    writeRules(to, 'Scale Up', spec.behavior.scaleUp);
    writeRules(to, 'Scale Down', spec.behavior.scaleDown);
  }
  writeCounts(to, spec.scaleTargetRef.kind, status);
  const { conditions = [] } = status;
  if (conditions.length === 0) return;
  to.write(0, 'Conditions:\n');
  to.line(1, 'Type', 'Status', 'Reason', 'Message');
  to.line(1, '----', '------', '------', '-------');
  for (const { type, status: is, reason = '', message = '' } of conditions) to.line(1, type, is, reason, message);
}

function writeOld(to: Description, hpa: OldAutoscaler): void {
  const { spec, status } = hpa;
  writeHead(to, hpa);
  if (spec.targetCPUUtilizationPercentage !== undefined) {
    to.line(0, 'Target CPU utilization:', `${spec.targetCPUUtilizationPercentage}%`);
    to.line(0, 'Current CPU utilization:', `${status.currentCPUUtilizationPercentage ?? unknown}%`);
  }
  writeBounds(to, spec);
  writeCounts(to, spec.scaleTargetRef.kind, status);
}

/** The object in the newest version that the server has. */
async function newest(object: ApiObject, { session }: DescribeContext): Promise<ApiObject> {
  const { namespace = '', name = '' } = object.metadata ?? {};
  const path = `/apis/autoscaling/v2/namespaces/${encodeURIComponent(namespace)}/horizontalpodautoscalers/${encodeURIComponent(name)}`;
  try {
    return object.apiVersion === 'autoscaling/v2' ? object : await session.object({ method: 'GET', path });
  } catch (error) {
    if (isNotFound(error)) return object;
    throw error;
  }
}

export const describeHorizontalPodAutoscaler: Describer = async (object, context) => {
  const shown = await newest(object, context);
  const to = new Description();
  // The API's answers for this resource, by their version.
  if (shown.apiVersion === 'autoscaling/v2') writeCurrent(to, shown as unknown as HorizontalPodAutoscaler);
  else writeOld(to, shown as unknown as OldAutoscaler);
  await writeEventsOf(to, context, subjectOf(shown));
  return to.toString();
};
