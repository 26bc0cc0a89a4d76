/** The metrics of an autoscaler in a table. Source: pkg/printers/internalversion/printers.go (formatHPAMetrics). */
import type { HorizontalPodAutoscaler, MetricSpec, MetricStatus, MetricTarget, MetricValueStatus } from '../../generated/autoscaling/v2.ts';

const unknown = '<unknown>';
const shown = 2;

/** A value of something that is not of a Pod's resources: per Pod, or of the whole. */
function valueText({ averageValue, value }: MetricTarget, current: MetricValueStatus | undefined): string {
  if (averageValue !== undefined) return `${current?.averageValue ?? unknown}/${averageValue} (avg)`;
  return `${current === undefined ? unknown : (current.value ?? '0')}/${value ?? '0'}`;
}

function resourceText(name: string, { averageValue, averageUtilization }: MetricTarget, current: MetricValueStatus | undefined): string {
  if (averageValue !== undefined) return `${name}: ${current === undefined ? unknown : (current.averageValue ?? '0')}/${averageValue}`;
  const utilization = current?.averageUtilization;
  const target = averageUtilization === undefined ? '<auto>' : `${averageUtilization}%`;
  return `${name}: ${utilization === undefined ? unknown : `${utilization}%`}/${target}`;
}

function metricText(metric: MetricSpec, current: MetricStatus | undefined): string {
  const { type, external, object, pods, resource, containerResource } = metric;
  if (type === 'External' && external !== undefined) return valueText(external.target, current?.external?.current);
  if (type === 'Object' && object !== undefined) return valueText(object.target, current?.object?.current);
  if (type === 'Pods' && pods !== undefined) {
    const seen = current?.pods?.current;
    return `${seen === undefined ? unknown : (seen.averageValue ?? '0')}/${pods.target.averageValue ?? '0'}`;
  }
  if (type === 'Resource' && resource !== undefined) return resourceText(resource.name, resource.target, current?.resource?.current);
  if (type === 'ContainerResource' && containerResource !== undefined) {
    return resourceText(containerResource.name, containerResource.target, current?.containerResource?.current);
  }
  return '<unknown type>';
}

/** `cpu: 20%/80%, 5/10 + 1 more...` */
export function metricsText({ spec, status }: HorizontalPodAutoscaler): string {
  const texts = spec.metrics.map((metric, i) => metricText(metric, status.currentMetrics?.[i]));
  if (texts.length === 0) return '<none>';
  const text = texts.slice(0, shown).join(', ');
  return texts.length > shown ? `${text} + ${texts.length - shown} more...` : text;
}
