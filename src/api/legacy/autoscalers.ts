/**
 * Old versions of HorizontalPodAutoscalers. v2beta2 has the shape of v2, without tolerances; v2beta1 has metrics like
 * those of v1, and no behavior. Source: pkg/apis/autoscaling/{v2beta1,v2beta2} of Kubernetes 1.24: conversion.go.
 */
import type { JsonObject, JsonValue } from '../json.ts';
import type { ServedVersion } from '../kind.ts';
import { flatMetric, flatStatus, nestedMetric, nestedStatus } from '../kinds/autoscaling/flat-metrics.ts';
import { compact, listAt, objectAt } from '../kinds/autoscaling/json-parts.ts';
import { annotationOf, behaviorOf, behaviorText, withAnnotations } from '../kinds/autoscaling/round-trip.ts';
import { oldVersion, withSpec } from './old-version.ts';

const names = { ofGroup: 'autoscaling', package: 'autoscaling', kind: 'HorizontalPodAutoscaler', replacement: 'autoscaling/v2' };

const withoutRoundTrip = (object: JsonObject): JsonObject => ({ ...object, metadata: withAnnotations(objectAt(object, 'metadata'), {}) });

/** The list of a member with each object converted; undefined when there is none. */
const converted = (json: JsonObject, name: string, change: (item: JsonObject) => JsonObject): JsonValue | undefined => {
  const list = listAt(json, name).map(change);
  return list.length === 0 ? undefined : list;
};

/** These two lists are null when they are empty. */
const withLists = (object: JsonObject, status: JsonObject): JsonObject => ({
  ...object,
  status: { currentReplicas: 0, ...status, currentMetrics: status.currentMetrics ?? null, conditions: status.conditions ?? null },
});

function fromV2Beta1(object: JsonObject): JsonObject {
  const [spec, status] = [objectAt(object, 'spec'), objectAt(object, 'status')];
  return {
    ...withoutRoundTrip(object),
    spec: compact({ ...spec, metrics: converted(spec, 'metrics', nestedMetric), behavior: behaviorOf(object) }),
    status: compact({
      ...status,
      currentMetrics: converted(status, 'currentMetrics', nestedStatus),
      conditions: nonNull(status.conditions),
    }),
  };
}

function toV2Beta1(object: JsonObject): JsonObject {
  const [{ behavior, ...spec }, status] = [objectAt(object, 'spec'), objectAt(object, 'status')];
  const added = compact({ [annotationOf.behavior]: behaviorText(behavior) });
  const changed = {
    ...object,
    metadata: withAnnotations(objectAt(object, 'metadata'), added),
    spec: compact({ ...spec, metrics: converted(spec, 'metrics', flatMetric) }),
  };
  return withLists(changed, compact({ ...status, currentMetrics: converted(status, 'currentMetrics', flatStatus) }));
}

const nonNull = (value: JsonValue | undefined): JsonValue | undefined => value ?? undefined;

const fromV2Beta2 = (object: JsonObject): JsonObject => {
  const status = objectAt(object, 'status');
  return { ...withoutRoundTrip(object), status: compact({ ...status, conditions: nonNull(status.conditions) }) };
};

const withoutTolerance = (rules: JsonObject): JsonObject => {
  const { tolerance: _, ...rest } = rules;
  return rest;
};

function toV2Beta2(object: JsonObject): JsonObject {
  const changed = withSpec(withoutRoundTrip(object), ({ behavior, ...spec }) => {
    if (behavior === undefined) return spec;
    const rules = Object.entries(objectAt({ behavior }, 'behavior')).map(([name, value]) => [
      name,
      withoutTolerance(objectAt({ value } as JsonObject, 'value')),
    ]);
    return { ...spec, behavior: Object.fromEntries(rules) as JsonObject };
  });
  return withLists(changed, objectAt(object, 'status'));
}

export const oldAutoscalers: readonly ServedVersion[] = [
  oldVersion({ ...names, version: 'v2beta1', deprecated: '1.22', removed: '1.25' }, { toStored: fromV2Beta1, fromStored: toV2Beta1 }),
  oldVersion({ ...names, version: 'v2beta2', deprecated: '1.23', removed: '1.26' }, { toStored: fromV2Beta2, fromStored: toV2Beta2 }),
];
