/**
 * The metrics of autoscaling/v1 and v2beta1, where each value is a member of its own; autoscaling/v2 groups them into a
 * metric and a target. Source: pkg/apis/autoscaling/{v1,v2beta1}/conversion.go.
 */
import { isObject, type JsonObject } from '../../json.ts';
import { compact, objectAt } from './json-parts.ts';

/** A source or status in both forms: which flat member holds what. */
interface Names {
  /** The member of the nested form with the values: `target` or `current`. */
  readonly holder: 'target' | 'current';
  readonly value?: string;
  readonly averageValue?: string;
  readonly averageUtilization?: string;
  readonly selector?: string;
  /** Of the values, those that are always written in the flat form. */
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

function partToFlat(part: JsonObject, names: Names): JsonObject {
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

/** The type of a target, which the flat form has no field for. */
function targetType(source: string, held: JsonObject): string {
  if (source === 'pods') return 'AverageValue';
  if (source === 'object') return held.averageValue === undefined ? 'Value' : 'AverageValue';
  if (source === 'external') return held.value === undefined ? 'AverageValue' : 'Value';
  return held.averageUtilization === undefined ? 'AverageValue' : 'Utilization';
}

function partFromFlat(part: JsonObject, source: string, names: Names): JsonObject {
  const held = compact(Object.fromEntries(values.map((value) => [value, names[value] === undefined ? undefined : part[names[value]]])));
  const { value, ...withoutValue } = held;
  // The flat form cannot leave the value out, and an average excludes it.
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

const toFlat = (table: Readonly<Record<string, Names>>) => (metric: JsonObject) =>
  convertMetric(metric, table, (part, _source, names) => partToFlat(part, names));

const fromFlat = (table: Readonly<Record<string, Names>>) => (metric: JsonObject) => convertMetric(metric, table, partFromFlat);

export const flatMetric: (metric: JsonObject) => JsonObject = toFlat(sources);
export const flatStatus: (status: JsonObject) => JsonObject = toFlat(statuses);
export const nestedMetric: (metric: JsonObject) => JsonObject = fromFlat(sources);
export const nestedStatus: (status: JsonObject) => JsonObject = fromFlat(statuses);
