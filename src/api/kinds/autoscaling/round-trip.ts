/**
 * Annotations that keep what a version of autoscalers has no fields for. Source: pkg/apis/autoscaling/annotations.go,
 * helpers.go.
 */
import { isObject, type JsonObject, type JsonValue } from '../../json.ts';
import { listAt, objectAt } from './json-parts.ts';

const prefix = 'autoscaling.alpha.kubernetes.io/';
export const annotationOf = {
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

export function parsed(text: JsonValue | undefined): JsonValue | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    // The text was JSON; what does not have the right form is ignored, as upstream.
    return JSON.parse(text) as JsonValue;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export const withAnnotations = (metadata: JsonObject, added: JsonObject): JsonObject => {
  const kept = Object.fromEntries(Object.entries(objectAt(metadata, 'annotations')).filter(([name]) => !ownAnnotations.has(name)));
  const annotations = Object.fromEntries(Object.entries({ ...kept, ...added }).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const { annotations: _, ...rest } = metadata;
  return Object.keys(annotations).length === 0 ? rest : { ...rest, annotations: annotations as JsonObject };
};

/** The text of the annotation for a behavior; undefined when there is none. */
export const behaviorText = (behavior: JsonValue | undefined): string | undefined =>
  isObject(behavior)
    ? JSON.stringify({ ScaleUp: rulesToInternal(behavior.scaleUp), ScaleDown: rulesToInternal(behavior.scaleDown) })
    : undefined;

/** The behavior that the annotations of an object keep; undefined when they keep none. */
export function behaviorOf(object: JsonObject): JsonObject | undefined {
  const behavior = lowered(parsed(objectAt(objectAt(object, 'metadata'), 'annotations')[annotationOf.behavior]));
  return isObject(behavior) && (behavior.scaleUp !== undefined || behavior.scaleDown !== undefined) ? behavior : undefined;
}
