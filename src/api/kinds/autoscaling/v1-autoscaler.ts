/**
 * autoscaling/v1, which has fields for the utilization of CPU only. Other metrics, the behavior and the conditions are
 * kept in annotations. Source: pkg/apis/autoscaling/v1/conversion.go.
 */
import { isObject, type JsonObject, type JsonValue } from '../../json.ts';

const prefix = 'autoscaling.alpha.kubernetes.io/';
const annotationOf = {
  metrics: `${prefix}metrics`,
  statuses: `${prefix}current-metrics`,
  conditions: `${prefix}conditions`,
  behavior: `${prefix}behavior`,
};
const ownAnnotations: ReadonlySet<string> = new Set([
  ...Object.values(annotationOf),
  `${prefix}scale-down-tolerance`,
  `${prefix}scale-up-tolerance`,
]);

const objectAt = (json: JsonObject, name: string): JsonObject => {
  const value = json[name];
  return isObject(value) ? value : {};
};
const listAt = (json: JsonObject, name: string): readonly JsonObject[] => {
  const value = json[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
};

/** An object without the members that are undefined. */
const compact = (members: Readonly<Record<string, JsonValue | undefined>>): JsonObject =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as JsonObject;

/** A source or status in both versions: which member of v1 holds what. */
interface Names {
  /** The member of v2 with the values: `target` or `current`. */
  readonly holder: 'target' | 'current';
  readonly value?: string;
  readonly averageValue?: string;
  readonly averageUtilization?: string;
  readonly selector?: string;
  /** Of the values, those that v1 always writes. */
  readonly always: readonly string[];
}

const sources: Readonly<Record<string, Names>> = {
  resource: { holder: 'target', averageUtilization: 'targetAverageUtilization', averageValue: 'targetAverageValue', always: [] },
  containerResource: { holder: 'target', averageUtilization: 'targetAverageUtilization', averageValue: 'targetAverageValue', always: [] },
  pods: { holder: 'target', averageValue: 'targetAverageValue', selector: 'selector', always: ['averageValue'] },
  object: { holder: 'target', value: 'targetValue', averageValue: 'averageValue', selector: 'selector', always: ['value'] },
  external: { holder: 'target', value: 'targetValue', averageValue: 'targetAverageValue', selector: 'metricSelector', always: [] },
};

const resourceStatus: Names = {
  holder: 'current',
  averageUtilization: 'currentAverageUtilization',
  averageValue: 'currentAverageValue',
  always: ['averageValue'],
};
const statuses: Readonly<Record<string, Names>> = {
  resource: resourceStatus,
  containerResource: resourceStatus,
  pods: { holder: 'current', averageValue: 'currentAverageValue', selector: 'selector', always: ['averageValue'] },
  object: { holder: 'current', value: 'currentValue', averageValue: 'averageValue', selector: 'selector', always: ['value'] },
  external: {
    holder: 'current',
    value: 'currentValue',
    averageValue: 'currentAverageValue',
    selector: 'metricSelector',
    always: ['value'],
  },
};

const values = ['averageUtilization', 'averageValue', 'value'] as const;

function partToV1(part: JsonObject, names: Names): JsonObject {
  const held = objectAt(part, names.holder);
  const metric = objectAt(part, 'metric');
  const converted = values.flatMap((value) => {
    const name = names[value];
    const zero = names.always.includes(value) ? '0' : undefined;
    return name === undefined ? [] : [[name, held[value] ?? zero] as const];
  });
  return compact({
    ...(part.describedObject === undefined ? {} : { target: part.describedObject }),
    name: part.name,
    metricName: metric.name,
    ...Object.fromEntries(converted),
    ...(names.selector === undefined ? {} : { [names.selector]: metric.selector }),
    container: part.container,
  });
}

/** The type of a target, which v1 has no field for. */
function targetType(source: string, held: JsonObject): string {
  if (source === 'pods') return 'AverageValue';
  if (source === 'object') return held.averageValue === undefined ? 'Value' : 'AverageValue';
  if (source === 'external') return held.value === undefined ? 'AverageValue' : 'Value';
  return held.averageUtilization === undefined ? 'AverageValue' : 'Utilization';
}

function partFromV1(part: JsonObject, source: string, names: Names): JsonObject {
  const held = compact(Object.fromEntries(values.map((value) => [value, names[value] === undefined ? undefined : part[names[value]]])));
  const { value, ...withoutValue } = held;
  // v1 cannot leave the value out, and an average excludes it.
  const kept = source === 'object' && names.holder === 'target' && held.averageValue !== undefined && value === '0' ? withoutValue : held;
  const metric = compact({ name: part.metricName, selector: names.selector === undefined ? undefined : part[names.selector] });
  return compact({
    ...(part.target === undefined ? {} : { describedObject: part.target }),
    name: part.name,
    container: part.container,
    ...(part.metricName === undefined ? {} : { metric }),
    [names.holder]: names.holder === 'target' ? { type: targetType(source, held), ...kept } : kept,
  });
}

type Convert = (part: JsonObject, source: string, names: Names) => JsonObject;

/** A metric with its source or status converted. */
const convertMetric = (metric: JsonObject, table: Readonly<Record<string, Names>>, convert: Convert): JsonObject =>
  Object.fromEntries(
    Object.entries(metric).map(([name, part]) => {
      const names = table[name];
      return [name, names !== undefined && isObject(part) ? convert(part, name, names) : part];
    }),
  ) as JsonObject;

const isCpuUtilization = ({ type, ...metric }: JsonObject): boolean => {
  const resource = objectAt(metric, 'resource');
  return type === 'Resource' && resource.name === 'cpu' && objectAt(resource, 'target').averageUtilization !== undefined;
};

/** Upstream writes the behavior in its internal form, whose names begin with capitals and where nothing is left out. */
function rulesToInternal(rules: JsonValue | undefined): JsonValue {
  if (!isObject(rules)) return null;
  return {
    StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
    SelectPolicy: rules.selectPolicy ?? null,
    Policies: listAt(rules, 'policies').map(({ type, value, periodSeconds }) => ({
      Type: type,
      Value: value,
      PeriodSeconds: periodSeconds,
    })),
    Tolerance: rules.tolerance ?? null,
  } as JsonObject;
}

/** Members by their names in any case, as Go reads them. */
function lowered(json: JsonValue | undefined): JsonValue | undefined {
  if (Array.isArray(json)) return json.map((item: JsonValue) => lowered(item) ?? null);
  if (!isObject(json)) return json;
  const entries = Object.entries(json).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(entries.map(([name, value]) => [name.slice(0, 1).toLowerCase() + name.slice(1), lowered(value) ?? null]));
}

function parsed(text: JsonValue | undefined): JsonValue | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    // The text was JSON; what does not have the right form is ignored, as upstream.
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const withAnnotations = (metadata: JsonObject, added: JsonObject): JsonObject => {
  const kept = Object.fromEntries(Object.entries(objectAt(metadata, 'annotations')).filter(([name]) => !ownAnnotations.has(name)));
  const annotations = Object.fromEntries(Object.entries({ ...kept, ...added }).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const { annotations: _, ...rest } = metadata;
  return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations: annotations as JsonObject };
};

/** To autoscaling/v1. */
export function toV1(object: JsonObject): JsonObject {
  const [spec, status] = [objectAt(object, 'spec'), objectAt(object, 'status')];
  const { metrics: _, behavior, ...fields } = spec;
  const all = listAt(spec, 'metrics');
  const others = all
    .filter((metric) => !isCpuUtilization(metric))
    .map((metric) => convertMetric(metric, sources, (part, __, n) => partToV1(part, n)));
  const cpu = all.find(isCpuUtilization);
  const { currentMetrics, conditions, ...counts } = status;
  const current = listAt(status, 'currentMetrics');
  const cpuNow = current.filter(({ type, ...metric }) => type === 'Resource' && objectAt(metric, 'resource').name === 'cpu');
  const utilization = cpuNow
    .map((metric) => objectAt(objectAt(metric, 'resource'), 'current').averageUtilization)
    .findLast((value) => value !== undefined);
  const added = compact({
    [annotationOf.metrics]: others.length === 0 ? undefined : JSON.stringify(others),
    [annotationOf.statuses]:
      current.length === 0
        ? undefined
        : JSON.stringify(current.map((metric) => convertMetric(metric, statuses, (part, __, n) => partToV1(part, n)))),
    [annotationOf.behavior]: isObject(behavior)
      ? JSON.stringify({ ScaleUp: rulesToInternal(behavior.scaleUp), ScaleDown: rulesToInternal(behavior.scaleDown) })
      : undefined,
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
    ...(listed(annotationOf.metrics) ?? []).map((metric) => convertMetric(metric, sources, partFromV1)),
    ...(target === undefined ? [] : [{ type: 'Resource', resource: cpu }]),
  ];
  const known = listed(annotationOf.statuses)?.map((metric) => convertMetric(metric, statuses, partFromV1));
  const currentMetrics =
    known ?? (now === undefined ? [] : [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: now } } }]);
  const behavior = lowered(parsed(annotations[annotationOf.behavior]));
  const hasBehavior = isObject(behavior) && (behavior.scaleUp !== undefined || behavior.scaleDown !== undefined);
  return {
    ...object,
    metadata: withAnnotations(objectAt(object, 'metadata'), {}),
    spec: compact({ ...fields, metrics: metrics as JsonValue, behavior: hasBehavior ? behavior : undefined }),
    status: compact({ ...counts, currentMetrics: currentMetrics as JsonValue, conditions: listed(annotationOf.conditions) as JsonValue }),
  };
}
