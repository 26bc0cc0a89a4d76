/** Source: pkg/scheduler/apis/config/validation/validation_pluginargs.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../api/field-error.ts';
import { nodeAffinityErrors } from '../../../api/pod/validation/affinity.ts';
import { type Errors, qualifiedName } from '../../../api/validation/common.ts';
import {
  type ConfigurablePlugin,
  type PluginArgs,
  type ScoringStrategy,
  type ShapePoint,
  scoringTypes,
  type WeightedResource,
} from './plugin-args.ts';

const outside = (value: number, low: number, high: number, at: FieldPath, range = `[${low}, ${high}]`): Errors =>
  value < low || value > high ? [fieldErrors.invalid(at, value, `not in valid range ${range}`)] : [];

function shapeErrors(shape: readonly ShapePoint[], at: FieldPath): Errors {
  if (shape.length === 0) return [fieldErrors.required(at, 'at least one point must be specified')];
  const errors: FieldError[] = [];
  const unsorted = shape.findIndex(({ utilization }, i) => i > 0 && (shape[i - 1]?.utilization ?? 0) >= utilization);
  if (unsorted > 0) {
    const here = at.index(unsorted).field('utilization');
    errors.push(fieldErrors.invalid(here, shape[unsorted]?.utilization, 'values must be sorted in increasing order'));
  }
  for (const [i, { utilization, score }] of shape.entries()) {
    errors.push(...outside(utilization, 0, 100, at.index(i).field('utilization')), ...outside(score, 0, 10, at.index(i).field('score')));
  }
  return errors;
}

const weightErrors = (resources: readonly WeightedResource[], at: FieldPath): Errors =>
  resources.flatMap(({ name, weight }, i) =>
    weight <= 0 || weight > 100
      ? [fieldErrors.invalid(at.index(i).field('weight'), weight, `resource weight of ${name} not in valid range (0, 100]`)]
      : [],
  );

function strategyErrors(strategy: ScoringStrategy, at: FieldPath): Errors {
  const { type, resources, requestedToCapacityRatio: ratio } = strategy;
  const here = at.field('requestedToCapacityRatio');
  const errors: FieldError[] = [];
  if (!scoringTypes.includes(type)) errors.push(fieldErrors.notSupported(at.field('type'), type, scoringTypes));
  errors.push(...weightErrors(resources, at.field('resources')));
  if (type !== 'RequestedToCapacityRatio') {
    if (ratio !== undefined) errors.push(fieldErrors.forbidden(here, 'must be nil when type is not RequestedToCapacityRatio'));
  } else if (ratio === undefined) errors.push(fieldErrors.required(here, 'must be specified when type is RequestedToCapacityRatio'));
  else errors.push(...shapeErrors(ratio.shape ?? [], here.field('shape')));
  return errors;
}

function balanceErrors(resources: readonly WeightedResource[], at: FieldPath): Errors {
  return resources.flatMap(({ name, weight }, i) => [
    ...(resources.findIndex((other) => other.name === name) < i ? [fieldErrors.duplicate(at.index(i).field('name'), name)] : []),
    ...(weight === 1 ? [] : [fieldErrors.invalid(at.index(i).field('weight'), weight, 'must be 1')]),
  ]);
}

const whenUnsatisfiable = ['DoNotSchedule', 'ScheduleAnyway'] as const;

function spreadErrors({ defaultConstraints, defaultingType }: PluginArgs['PodTopologySpread'], at: FieldPath): Errors {
  const here = at.field('defaultingType');
  const errors: FieldError[] = [];
  if (defaultingType !== 'System' && defaultingType !== 'List')
    errors.push(fieldErrors.notSupported(here, defaultingType, ['System', 'List']));
  else if (defaultingType === 'System' && defaultConstraints.length > 0) {
    errors.push(fieldErrors.invalid(here, defaultingType, 'when .defaultConstraints are not empty'));
  }
  for (const [i, { maxSkew = 0, topologyKey = '', whenUnsatisfiable: when, labelSelector }] of defaultConstraints.entries()) {
    const one = at.field('defaultConstraints').index(i);
    if (maxSkew <= 0) errors.push(fieldErrors.invalid(one.field('maxSkew'), maxSkew, 'not in valid range (0, inf)'));
    if (topologyKey === '') errors.push(fieldErrors.required(one.field('topologyKey'), 'can not be empty'));
    else errors.push(...qualifiedName(topologyKey, one.field('topologyKey')));
    if (!when) errors.push(fieldErrors.required(one.field('whenUnsatisfiable'), 'can not be empty'));
    else if (!whenUnsatisfiable.includes(when))
      errors.push(fieldErrors.notSupported(one.field('whenUnsatisfiable'), when, whenUnsatisfiable));
    if (labelSelector !== undefined) {
      errors.push(fieldErrors.forbidden(one.field('labelSelector'), 'constraint must not define a selector, as they deduced for each pod'));
    }
    const same = (other: (typeof defaultConstraints)[number]) => other.topologyKey === topologyKey && other.whenUnsatisfiable === when;
    if (defaultConstraints.findIndex(same) < i) errors.push(fieldErrors.duplicate(one, `{${topologyKey}, ${when}}`));
  }
  return errors;
}

type Validators = { readonly [Name in ConfigurablePlugin]: (args: PluginArgs[Name], at: FieldPath) => Errors };

const validators: Validators = {
  DefaultPreemption: ({ minCandidateNodesPercentage: percentage, minCandidateNodesAbsolute: absolute }, at) => {
    const [ofPercentage, ofAbsolute] = [at.field('minCandidateNodesPercentage'), at.field('minCandidateNodesAbsolute')];
    const errors = [
      ...outside(percentage, 0, 100, ofPercentage),
      ...outside(absolute, 0, Number.POSITIVE_INFINITY, ofAbsolute, '[0, inf)'),
    ];
    if (percentage !== 0 || absolute !== 0) return errors;
    return [
      fieldErrors.invalid(ofPercentage, percentage, 'cannot be zero at the same time as minCandidateNodesAbsolute'),
      fieldErrors.invalid(ofAbsolute, absolute, 'cannot be zero at the same time as minCandidateNodesPercentage'),
    ];
  },
  DynamicResources: () => [],
  InterPodAffinity: ({ hardPodAffinityWeight }, at) => outside(hardPodAffinityWeight, 0, 100, at.field('hardPodAffinityWeight')),
  NodeAffinity: ({ addedAffinity }, at) =>
    addedAffinity === undefined ? [] : nodeAffinityErrors(addedAffinity, at.field('addedAffinity')),
  NodeResourcesBalancedAllocation: ({ resources }, at) => balanceErrors(resources, at.field('resources')),
  NodeResourcesFit: ({ ignoredResources, ignoredResourceGroups, scoringStrategy }, at) => [
    ...ignoredResources.flatMap((name, i) => qualifiedName(name, at.field('ignoredResources').index(i))),
    ...ignoredResourceGroups.flatMap((group, i) => {
      const here = at.field('ignoredResourceGroups').index(i);
      const slash = group.includes('/') ? [fieldErrors.invalid(here, group, "resource group name can't contain '/'")] : [];
      return [...slash, ...qualifiedName(group, here)];
    }),
    ...strategyErrors(scoringStrategy, at.field('scoringStrategy')),
  ],
  PodTopologySpread: spreadErrors,
  VolumeBinding: ({ bindTimeoutSeconds: seconds }, at) =>
    seconds < 0
      ? [fieldErrors.invalid(at.field('bindTimeoutSeconds'), seconds, 'invalid BindTimeoutSeconds, should not be a negative value')]
      : [],
};

/** What is wrong with the arguments of one plugin. */
export const argsErrors = <Name extends ConfigurablePlugin>(name: Name, args: PluginArgs, at: FieldPath): Errors =>
  validators[name](args[name], at);
