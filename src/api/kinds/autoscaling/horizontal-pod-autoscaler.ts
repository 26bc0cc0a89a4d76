/**
 * Scales a workload by metrics. Stored as autoscaling/v2; autoscaling/v1 keeps in annotations what it has no fields
 * for. https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
 */

import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerBehavior,
  HPAScalingRules,
  MetricSpec,
} from '../../generated/autoscaling/v2.ts';
import { defineKind } from '../../kind.ts';
import { oldAutoscalers } from '../../legacy/autoscalers.ts';
import { wasSentEmpty } from '../../sent-empty.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { metricsText } from './metrics-text.ts';
import { fromV1, toV1 } from './v1-autoscaler.ts';
import { autoscalerCreateErrors, autoscalerStatusErrors, autoscalerUpdateErrors } from './validation/horizontal-pod-autoscaler.ts';

const spec = 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec';
const status = 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus';

const defaultMetrics: readonly MetricSpec[] = [
  { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
];

const upRules: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
};
const downRules: HPAScalingRules = { selectPolicy: 'Max', policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }] };

function defaultRules(rules: HPAScalingRules = {}, defaults: HPAScalingRules): HPAScalingRules {
  // An empty list is one that was given, and is refused.
  const policies = wasSentEmpty(rules, 'policies') ? undefined : (rules.policies ?? defaults.policies);
  const window = rules.stabilizationWindowSeconds ?? defaults.stabilizationWindowSeconds;
  return {
    ...rules,
    ...(window === undefined ? {} : { stabilizationWindowSeconds: window }),
    selectPolicy: rules.selectPolicy ?? defaults.selectPolicy,
    policies,
  };
}

/** Source: pkg/apis/autoscaling/v2/defaults.go (SetDefaults_HorizontalPodAutoscalerBehavior). */
const defaultBehavior = ({ scaleUp, scaleDown }: HorizontalPodAutoscalerBehavior): HorizontalPodAutoscalerBehavior => ({
  scaleUp: defaultRules(scaleUp, upRules),
  scaleDown: defaultRules(scaleDown, downRules),
});

function defaultAutoscaler(object: HorizontalPodAutoscaler): HorizontalPodAutoscaler {
  const { minReplicas, metrics, behavior } = object.spec;
  return {
    ...object,
    spec: {
      ...object.spec,
      minReplicas: minReplicas ?? 1,
      metrics: (metrics ?? []).length === 0 ? defaultMetrics : metrics,
      ...(behavior === undefined ? {} : { behavior: defaultBehavior(behavior) }),
    },
    status: { ...object.status, currentMetrics: object.status.currentMetrics ?? null },
  };
}

/** Source: pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go. */
export const horizontalPodAutoscaler = defineKind<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  scope: 'Namespaced',
  names: { shortNames: ['hpa'], categories: ['all'] },
  codec: {
    schema: 'io.k8s.api.autoscaling.v2.HorizontalPodAutoscaler',
    defaults: defaultAutoscaler,
    alsoServed: [
      { version: 'v1', schema: 'io.k8s.api.autoscaling.v1.HorizontalPodAutoscaler', toStored: fromV1, fromStored: toV1 },
      ...oldAutoscalers,
    ],
  },
  rules: { generation: false },
  create: {
    prepare: (object) => ({ ...object, status: { desiredReplicas: 0, currentMetrics: null } }),
    validate: autoscalerCreateErrors,
  },
  update: { validate: autoscalerUpdateErrors },
  subresources: { status: statusSubresource<HorizontalPodAutoscaler>({ validate: autoscalerStatusErrors }) },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Reference',
        type: 'string',
        descriptionOf: [spec, 'scaleTargetRef'],
        value: (object) => `${object.spec.scaleTargetRef.kind}/${object.spec.scaleTargetRef.name}`,
      },
      { name: 'Targets', type: 'string', descriptionOf: [spec, 'metrics'], value: metricsText },
      { name: 'MinPods', type: 'string', descriptionOf: [spec, 'minReplicas'], value: (object) => String(object.spec.minReplicas) },
      { name: 'MaxPods', type: 'string', descriptionOf: [spec, 'maxReplicas'], value: (object) => object.spec.maxReplicas },
      {
        name: 'Replicas',
        type: 'string',
        descriptionOf: [status, 'currentReplicas'],
        value: (object) => object.status.currentReplicas ?? 0,
      },
      ageColumn,
    ],
  },
});
