/** HorizontalPodAutoscalers. Source: pkg/apis/autoscaling/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type {
  CrossVersionObjectReference,
  HorizontalPodAutoscaler,
  HPAScalingPolicy,
  HPAScalingRules,
  MetricSpec,
  MetricTarget,
} from '../../../generated/autoscaling/v2.ts';
import { isPathSegmentName } from '../../../names.ts';
import { containerResourceName } from '../../../pod/validation/resources.ts';
import { parseQuantity } from '../../../quantity.ts';
import { dnsLabel, type Errors, invalidEach, nonNegative, oneOf } from '../../../validation/common.ts';

const maxPeriodSeconds = 1800;
const maxWindowSeconds = 3600;

/** `empty`: the group may be the core group. `any`: the version is not checked. */
type VersionRule = 'grouped' | 'empty' | 'any';

interface Rules {
  readonly minReplicas: number;
  readonly target: VersionRule;
  readonly described: VersionRule;
}

/** A name that must be there and fit in a path. */
const segment = (name: string, at: FieldPath, detail = ''): Errors =>
  name === '' ? [fieldErrors.required(at, detail)] : invalidEach(isPathSegmentName(name), name, at);

function versionProblem(version: string, rule: VersionRule): string | undefined {
  if (rule === 'any') return undefined;
  if (version.split('/').length > 2) return `unexpected GroupVersion string: ${version}`;
  return rule === 'grouped' && !/^[^/]+\//.test(version) ? 'apiVersion must specify API group' : undefined;
}

function referenceErrors({ kind, name, apiVersion = '' }: CrossVersionObjectReference, rule: VersionRule, at: FieldPath): Errors {
  const problem = versionProblem(apiVersion, rule);
  return [
    ...segment(kind, at.field('kind')),
    ...segment(name, at.field('name')),
    ...(problem === undefined ? [] : [fieldErrors.invalid(at.field('apiVersion'), apiVersion, problem)]),
  ];
}

function targetErrors({ type, value, averageValue, averageUtilization }: MetricTarget, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  if (type === '') errors.push(fieldErrors.required(at.field('type'), 'must specify a metric target type'));
  if (type !== 'Utilization' && type !== 'Value' && type !== 'AverageValue') {
    errors.push(fieldErrors.invalid(at.field('type'), type, 'must be either Utilization, Value, or AverageValue'));
  }
  const positive = (name: string, amount: string | undefined): void => {
    if (amount !== undefined && parseQuantity(amount).nanos <= 0n) {
      errors.push(fieldErrors.invalid(at.field(name), amount, 'must be positive'));
    }
  };
  positive('value', value);
  positive('averageValue', averageValue);
  if (averageUtilization !== undefined && averageUtilization < 1) {
    errors.push(fieldErrors.invalid(at.field('averageUtilization'), averageUtilization, 'must be greater than 0'));
  }
  return errors;
}

/** Targets of resources: a utilization or an amount. */
function eitherErrors({ averageUtilization, averageValue }: MetricTarget, at: FieldPath): Errors {
  if (averageUtilization === undefined && averageValue === undefined) {
    return [fieldErrors.required(at.field('averageUtilization'), 'must set either a target raw value or a target utilization')];
  }
  return averageUtilization !== undefined && averageValue !== undefined
    ? [fieldErrors.forbidden(at.field('averageValue'), 'may not set both a target raw value and a target utilization')]
    : [];
}

type Sources = Omit<MetricSpec, 'type'>;
type SourceName = keyof Sources;

/** In the order in which upstream looks for them: only the first that is there is checked. */
const sourceNames: readonly SourceName[] = ['object', 'external', 'pods', 'resource', 'containerResource'];
const typeOf: Readonly<Record<string, SourceName>> = {
  Object: 'object',
  Pods: 'pods',
  Resource: 'resource',
  External: 'external',
  ContainerResource: 'containerResource',
};

const metricName = (name: string, at: FieldPath): Errors => segment(name, at.field('metric', 'name'), 'must specify a metric name');

function objectErrors(source: NonNullable<MetricSpec['object']>, rule: VersionRule, at: FieldPath): Errors {
  const { describedObject, metric, target } = source;
  const missing = target.value === undefined && target.averageValue === undefined;
  return [
    ...referenceErrors(describedObject, rule, at.field('describedObject')),
    ...metricName(metric.name, at),
    ...targetErrors(target, at.field('target')),
    ...(missing ? [fieldErrors.required(at.field('target', 'averageValue'), 'must set either a target value or averageValue')] : []),
  ];
}

function externalErrors({ metric, target }: NonNullable<MetricSpec['external']>, at: FieldPath): Errors {
  const { value, averageValue } = target;
  const errors: FieldError[] = [...metricName(metric.name, at), ...targetErrors(target, at.field('target'))];
  if (value === undefined && averageValue === undefined) {
    const detail = 'must set either a target value for metric or a per-pod target';
    errors.push(fieldErrors.required(at.field('target', 'averageValue'), detail));
  }
  if (value !== undefined && averageValue !== undefined) {
    errors.push(fieldErrors.forbidden(at.field('target', 'value'), 'may not set both a target value for metric and a per-pod target'));
  }
  return errors;
}

const podsErrors = ({ metric, target }: NonNullable<MetricSpec['pods']>, at: FieldPath): Errors => [
  ...metricName(metric.name, at),
  ...targetErrors(target, at.field('target')),
  ...(target.averageValue === undefined
    ? [fieldErrors.required(at.field('target', 'averageValue'), 'must specify a positive target averageValue')]
    : []),
];

const resourceErrors = ({ name, target }: NonNullable<MetricSpec['resource']>, at: FieldPath): Errors => [
  ...(name === '' ? [fieldErrors.required(at.field('name'), 'must specify a resource name')] : []),
  ...targetErrors(target, at.field('target')),
  ...eitherErrors(target, at.field('target')),
];

const containerErrors = ({ name, container, target }: NonNullable<MetricSpec['containerResource']>, at: FieldPath): Errors => [
  ...(name === ''
    ? [fieldErrors.required(at.field('name'), 'must specify a resource name')]
    : containerResourceName(name, at.field('name'))),
  ...(container === ''
    ? [fieldErrors.required(at.field('container'), 'must specify a container')]
    : dnsLabel(container, at.field('container'))),
  ...targetErrors(target, at.field('target')),
  ...eitherErrors(target, at.field('target')),
];

function sourceErrors(metric: MetricSpec, name: SourceName, rule: VersionRule, at: FieldPath): Errors {
  const { object, external, pods, resource, containerResource } = metric;
  if (name === 'object' && object !== undefined) return objectErrors(object, rule, at);
  if (name === 'external' && external !== undefined) return externalErrors(external, at);
  if (name === 'pods' && pods !== undefined) return podsErrors(pods, at);
  if (name === 'resource' && resource !== undefined) return resourceErrors(resource, at);
  return containerResource === undefined ? [] : containerErrors(containerResource, at);
}

const metricTypes = ['ContainerResource', 'External', 'Object', 'Pods', 'Resource'];

function metricErrors(metric: MetricSpec, rule: VersionRule, at: FieldPath): Errors {
  const { type } = metric;
  const given = sourceNames.filter((name) => metric[name] !== undefined);
  const [first] = given;
  const expected = typeOf[type];
  const unsupported = metricTypes.includes(type) ? [] : [fieldErrors.notSupported(at.field('type'), type, metricTypes)];
  const missing =
    expected !== undefined && metric[expected] === undefined
      ? [fieldErrors.required(at.field(expected), 'must populate information for the given metric source')]
      : [];
  return [
    ...(type === '' ? [fieldErrors.required(at.field('type'), 'must specify a metric source type')] : []),
    ...unsupported,
    ...(first === undefined ? [] : sourceErrors(metric, first, rule, at.field(first))),
    ...missing,
    // Upstream looks twice.
    ...unsupported,
    ...(given.length === 1 ? [] : given)
      .filter((name) => name !== expected)
      .map((name) => fieldErrors.forbidden(at.field(name), 'must populate the given metric source only')),
  ];
}

function policyErrors({ type, value, periodSeconds }: HPAScalingPolicy, at: FieldPath): Errors {
  const positive = (name: string, amount: number): Errors =>
    amount > 0 ? [] : [fieldErrors.invalid(at.field(name), amount, 'must be greater than zero')];
  return [
    ...oneOf(type, ['Percent', 'Pods'], at.field('type')),
    ...positive('value', value),
    ...positive('periodSeconds', periodSeconds),
    ...(periodSeconds > maxPeriodSeconds
      ? [fieldErrors.invalid(at.field('periodSeconds'), periodSeconds, `must be less than or equal to ${maxPeriodSeconds}`)]
      : []),
  ];
}

function rulesErrors(rules: HPAScalingRules | undefined, at: FieldPath): Errors {
  if (rules === undefined) return [];
  const { stabilizationWindowSeconds: window = 0, selectPolicy, policies = [], tolerance } = rules;
  const here = at.field('stabilizationWindowSeconds');
  return [
    ...(window < 0 ? [fieldErrors.invalid(here, window, 'must be greater than or equal to zero')] : []),
    ...(window > maxWindowSeconds ? [fieldErrors.invalid(here, window, `must be less than or equal to ${maxWindowSeconds}`)] : []),
    ...(selectPolicy === undefined ? [] : oneOf(selectPolicy, ['Disabled', 'Max', 'Min'], at.field('selectPolicy'))),
    ...(policies.length === 0 ? [fieldErrors.required(at.field('policies'), 'must specify at least one Policy')] : []),
    ...policies.flatMap((policy, i) => policyErrors(policy, at.field('policies').index(i))),
    ...(tolerance !== undefined && parseQuantity(tolerance).nanos < 0n
      ? [fieldErrors.invalid(at.field('tolerance'), tolerance, 'must be greater than or equal to 0')]
      : []),
  ];
}

function countErrors({ spec: { minReplicas: min, maxReplicas: max } }: HorizontalPodAutoscaler, lowest: number, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  if (min < lowest) errors.push(fieldErrors.invalid(at.field('minReplicas'), min, `must be greater than or equal to ${lowest}`));
  if (max === 0) errors.push(fieldErrors.required(at.field('maxReplicas'), 'must be set and greater than 0'));
  if (max < 0) errors.push(fieldErrors.invalid(at.field('maxReplicas'), max, 'must be greater than or equal to 1'));
  if (max < min) errors.push(fieldErrors.invalid(at.field('maxReplicas'), max, 'must be greater than or equal to `minReplicas`'));
  return errors;
}

function specErrors(autoscaler: HorizontalPodAutoscaler, rules: Rules, at: FieldPath): Errors {
  const { minReplicas, scaleTargetRef, metrics, behavior } = autoscaler.spec;
  const wakes = metrics.some(({ type }) => type === 'Object' || type === 'External');
  return [
    ...countErrors(autoscaler, rules.minReplicas, at),
    ...referenceErrors(scaleTargetRef, rules.target, at.field('scaleTargetRef')),
    ...metrics.flatMap((metric, i) => metricErrors(metric, rules.described, at.field('metrics').index(i))),
    ...(minReplicas === 0 && !wakes
      ? [
          fieldErrors.forbidden(
            at.field('metrics'),
            'must specify at least one Object or External metric to support scaling to zero replicas',
          ),
        ]
      : []),
    ...rulesErrors(behavior?.scaleUp, at.field('behavior', 'scaleUp')),
    ...rulesErrors(behavior?.scaleDown, at.field('behavior', 'scaleDown')),
  ];
}

const targetRule = ({ spec }: HorizontalPodAutoscaler): VersionRule =>
  spec.scaleTargetRef.kind === 'ReplicationController' ? 'empty' : 'grouped';

/** The gate HPAScaleToZero is off: at least one replica stays. */
export const autoscalerCreateErrors = (autoscaler: HorizontalPodAutoscaler, at: FieldPath): Errors =>
  specErrors(autoscaler, { minReplicas: 1, target: targetRule(autoscaler), described: 'empty' }, at.field('spec'));

export function autoscalerUpdateErrors(next: HorizontalPodAutoscaler, previous: HorizontalPodAutoscaler, at: FieldPath): Errors {
  const [now, before] = [next.spec.scaleTargetRef, previous.spec.scaleTargetRef];
  const sameTarget = now.apiVersion === before.apiVersion && now.kind === before.kind;
  const wasInvalid = previous.spec.metrics.some(
    ({ type, object }) => type === 'Object' && versionProblem(object?.describedObject.apiVersion ?? '', 'empty') !== undefined,
  );
  const rules: Rules = {
    minReplicas: previous.spec.minReplicas === 0 ? 0 : 1,
    target: sameTarget ? 'any' : targetRule(next),
    described: wasInvalid ? 'any' : 'empty',
  };
  return specErrors(next, rules, at.field('spec'));
}

export const autoscalerStatusErrors = ({ status }: HorizontalPodAutoscaler, _previous: unknown, at: FieldPath): Errors => [
  ...nonNegative(status.currentReplicas, at.field('status', 'currentReplicas')),
  ...nonNegative(status.desiredReplicas, at.field('status', 'desiredReplicas')),
];
