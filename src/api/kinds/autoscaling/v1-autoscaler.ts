/**
 * autoscaling/v1, which has fields for the utilization of CPU only. Other metrics, the behavior and the conditions are
 * kept in annotations. Source: pkg/apis/autoscaling/v1/conversion.go.
 */
import { isObject, type JsonObject, type JsonValue } from '../../json.ts';
import { flatMetric, flatStatus, nestedMetric, nestedStatus } from './flat-metrics.ts';
import { compact, listAt, objectAt } from './json-parts.ts';
import { annotationOf, behaviorOf, behaviorText, parsed, withAnnotations } from './round-trip.ts';

const isCpuUtilization = ({ type, ...metric }: JsonObject): boolean => {
  const resource = objectAt(metric, 'resource');
  return type === 'Resource' && resource.name === 'cpu' && objectAt(resource, 'target').averageUtilization !== undefined;
};

/** To autoscaling/v1. */
export function toV1(object: JsonObject): JsonObject {
  const [spec, status] = [objectAt(object, 'spec'), objectAt(object, 'status')];
  const { metrics: _, behavior, ...fields } = spec;
  const all = listAt(spec, 'metrics');
  const others = all.filter((metric) => !isCpuUtilization(metric)).map(flatMetric);
  const cpu = all.find(isCpuUtilization);
  const { currentMetrics, conditions, ...counts } = status;
  const current = listAt(status, 'currentMetrics');
  const cpuNow = current.filter(({ type, ...metric }) => type === 'Resource' && objectAt(metric, 'resource').name === 'cpu');
  const utilization = cpuNow
    .map((metric) => objectAt(objectAt(metric, 'resource'), 'current').averageUtilization)
    .findLast((value) => value !== undefined);
  const added = compact({
    [annotationOf.metrics]: others.length === 0 ? undefined : JSON.stringify(others),
    [annotationOf.statuses]: current.length === 0 ? undefined : JSON.stringify(current.map(flatStatus)),
    [annotationOf.behavior]: behaviorText(behavior),
    [annotationOf.conditions]: Array.isArray(conditions) && conditions.length > 0 ? JSON.stringify(conditions) : undefined,
  });
  const target = cpu === undefined ? undefined : objectAt(objectAt(cpu, 'resource'), 'target').averageUtilization;
  return {
    ...object,
    metadata: withAnnotations(objectAt(object, 'metadata'), added),
    spec: compact({ ...fields, targetCPUUtilizationPercentage: target }),
    status: compact({ currentReplicas: 0, ...counts, currentCPUUtilizationPercentage: utilization }),
  };
}

/** From autoscaling/v1. Defaults follow. */
export function fromV1(object: JsonObject): JsonObject {
  const [spec, status] = [objectAt(object, 'spec'), objectAt(object, 'status')];
  const annotations = objectAt(objectAt(object, 'metadata'), 'annotations');
  const listed = (name: string): readonly JsonObject[] | undefined => {
    const value = parsed(annotations[name]);
    return Array.isArray(value) ? value.filter(isObject) : undefined;
  };
  const { targetCPUUtilizationPercentage: target, ...fields } = spec;
  const { currentCPUUtilizationPercentage: now, ...counts } = status;
  const cpu: JsonObject = { name: 'cpu', target: { type: 'Utilization', averageUtilization: target ?? 0 } };
  const metrics = [
    ...(listed(annotationOf.metrics) ?? []).map(nestedMetric),
    ...(target === undefined ? [] : [{ type: 'Resource', resource: cpu }]),
  ];
  const known = listed(annotationOf.statuses)?.map(nestedStatus);
  const currentMetrics =
    known ?? (now === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: now } } }]);
  return {
    ...object,
    metadata: withAnnotations(objectAt(object, 'metadata'), {}),
    spec: compact({ ...fields, metrics: metrics as JsonValue, behavior: behaviorOf(object) }),
    status: compact({ ...counts, currentMetrics: currentMetrics as JsonValue, conditions: listed(annotationOf.conditions) as JsonValue }),
  };
}
