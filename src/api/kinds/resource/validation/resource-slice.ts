/** What is wrong with a ResourceSlice. Source: pkg/apis/resource/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type {
  CapacityRequestPolicy,
  CapacityRequestPolicyRange,
  Counter,
  CounterSet,
  Device,
  DeviceAttribute,
  DeviceCapacity,
  DeviceCounterConsumption,
  DeviceTaint,
  ResourcePool,
  ResourceSlice,
  ResourceSliceSpec,
} from '../../../generated/resource/v1.ts';
import { internalField, internalForm } from '../../../internal-form/internal-form.ts';
import { isLabelValue } from '../../../names.ts';
import { nodeSelectorErrors } from '../../../pod/validation/affinity.ts';
import { addQuantity, canonicalQuantity, compareQuantity, formatQuantity, parseQuantity } from '../../../quantity.ts';
import { isSent } from '../../../sent-empty.ts';
import { byteLength, dnsLabel, dnsSubdomain, type Errors, immutable, invalidEach, qualifiedName } from '../../../validation/common.ts';
import { bindingErrors, driverErrors, listErrors, poolNameErrors, qualifiedIdErrors, setErrors, taintEffects } from './common.ts';

const maxDevices = 128;
/** When devices have taints, counters or lists of values. */
const maxRichDevices = 64;
const maxEntries = 32;
const maxValues = 48;
const maxValueBytes = 64;
const maxTaints = 16;
const maxCounterSets = 8;
const maxCounters = 32;
const maxConsumptions = 2;
const maxOptions = 10;

const versionPattern =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(\.(0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*)?(\+[0-9a-zA-Z-]+(\.[0-9a-zA-Z-]+)*)?$/;

const exceeds = (a: string, b: string): boolean => compareQuantity(parseQuantity(a), parseQuantity(b)) > 0;

const textErrors = (text: string, at: FieldPath): Errors =>
  byteLength(text) > maxValueBytes ? [fieldErrors.tooLong(at, maxValueBytes)] : [];

const versionErrors = (text: string, at: FieldPath): Errors => [
  ...(versionPattern.test(text) ? [] : [fieldErrors.invalid(at, text, 'must be a string compatible with semver.org spec 2.0.0')]),
  ...textErrors(text, at),
];

/** Lists of values are behind the gate DRAListTypeAttributes, which is off. */
function attributeErrors(attribute: DeviceAttribute, at: FieldPath): Errors {
  const { int, bool, string, version } = attribute;
  const given = [int, bool, string, version].filter((value) => value !== undefined).length;
  return [
    ...(string === undefined ? [] : textErrors(string, at.field('string'))),
    ...(version === undefined ? [] : versionErrors(version, at.field('version'))),
    ...(given === 1
      ? []
      : [fieldErrors.invalid(at, given === 0 ? '' : internalForm('DeviceAttribute', attribute), 'exactly one value must be specified')]),
  ];
}

function optionErrors(options: readonly string[], fallback: string, capacity: string, at: FieldPath): Errors {
  const unsorted = options.flatMap((option, i) => {
    const before = options[i - 1];
    return before !== undefined && exceeds(before, option)
      ? [fieldErrors.invalid(at.index(i), canonicalQuantity(option), 'values must be sorted in ascending order')]
      : [];
  });
  const errorsOf = (option: string, here: FieldPath): Errors =>
    exceeds(option, capacity)
      ? [fieldErrors.invalid(here, canonicalQuantity(option), `option is larger than capacity value: ${canonicalQuantity(capacity)}`)]
      : [];
  const known = options.some((option) => compareQuantity(parseQuantity(option), parseQuantity(fallback)) === 0);
  return [
    ...unsorted,
    ...setErrors(options, maxOptions, { errorsOf, keyOf: (option) => canonicalQuantity(option) }, at),
    ...(known ? [] : [fieldErrors.invalid(at, canonicalQuantity(fallback), 'default value is not valid according to the requestPolicy')]),
  ];
}

function stepErrors(value: string, { min, step = '1' }: CapacityRequestPolicyRange, at: FieldPath): Errors {
  const rest = (parseQuantity(value).nanos - parseQuantity(min).nanos) % parseQuantity(step).nanos;
  return rest === 0n
    ? []
    : [
        fieldErrors.invalid(
          at,
          canonicalQuantity(value),
          `value is not a multiple of a given step (${canonicalQuantity(step)}) from (${canonicalQuantity(min)})`,
        ),
      ];
}

function rangeErrors(range: CapacityRequestPolicyRange, fallback: string, capacity: string, at: FieldPath): Errors {
  const { min, max, step } = range;
  if ((min ?? undefined) === undefined) return [fieldErrors.required(at.field('min'), 'required when validRange is defined')];
  const shown = canonicalQuantity;
  const errors: FieldError[] = [];
  const refuse = (field: string, value: string, detail: string) => errors.push(fieldErrors.invalid(at.field(field), shown(value), detail));
  if (exceeds(min, capacity)) refuse('min', min, `min is larger than capacity value: ${shown(capacity)}`);
  if (exceeds(min, fallback)) refuse('min', fallback, `default is less than min: ${shown(min)}`);
  if (max !== undefined) {
    if (exceeds(min, max)) refuse('max', min, `min is larger than max: ${shown(max)}`);
    if (exceeds(max, capacity)) refuse('max', max, `max is larger than capacity value: ${shown(capacity)}`);
    if (exceeds(fallback, max)) refuse('max', fallback, `default is more than max: ${shown(max)}`);
  }
  if (step === undefined || parseQuantity(step).nanos === 0n) return errors;
  const next = formatQuantity(addQuantity(parseQuantity(min), parseQuantity(step)));
  if (exceeds(next, capacity)) refuse('step', step, `one step ${next} is larger than capacity value: ${shown(capacity)}`);
  return [
    ...errors,
    ...stepErrors(fallback, range, at.field('step')),
    ...(max === undefined ? [] : stepErrors(max, range, at.field('step'))),
  ];
}

function policyErrors(policy: CapacityRequestPolicy, capacity: string, at: FieldPath): Errors {
  const { validValues = [], validRange } = policy;
  const fallback = policy.default ?? undefined;
  if (validValues.length > 0 && validRange !== undefined) {
    return [
      fieldErrors.forbidden(at, 'exactly one policy can be specified, cannot specify "validValues" and "validRange" at the same time'),
    ];
  }
  const missing = (rule: string): Errors => [fieldErrors.required(at.field('default'), `required when ${rule} is defined`)];
  if (validValues.length > 0) {
    return fallback === undefined ? missing('validValues') : optionErrors(validValues, fallback, capacity, at.field('validValues'));
  }
  if (validRange === undefined) return [];
  return fallback === undefined ? missing('validRange') : rangeErrors(validRange, fallback, capacity, at.field('validRange'));
}

function capacityErrors({ value, requestPolicy }: DeviceCapacity, shared: boolean, at: FieldPath): Errors {
  if (requestPolicy === undefined) return [];
  const here = at.field('requestPolicy');
  return shared ? policyErrors(requestPolicy, value, here) : [fieldErrors.forbidden(here, 'allowMultipleAllocations must be true')];
}

function taintErrors({ key, value = '', effect }: DeviceTaint, at: FieldPath): Errors {
  const given: string = effect ?? '';
  return [
    ...qualifiedName(key, at.field('key')),
    ...(value === '' ? [] : invalidEach(isLabelValue(value), value, at.field('value'))),
    ...(given === ''
      ? [fieldErrors.required(at.field('effect'))]
      : taintEffects.includes(given)
        ? []
        : [fieldErrors.notSupported(at.field('effect'), given, taintEffects)]),
  ];
}

function countersErrors(counters: Readonly<Record<string, Counter>> | undefined, at: FieldPath): Errors {
  const names = Object.keys(counters ?? {});
  if (names.length === 0) return [fieldErrors.required(at)];
  return names.length > maxCounters ? [fieldErrors.tooMany(at, names.length, maxCounters)] : names.flatMap((name) => dnsLabel(name, at));
}

const counterNameErrors = (name: string, at: FieldPath): Errors => (name === '' ? [fieldErrors.required(at)] : dnsLabel(name, at));

const counterSetErrors = ({ name, counters }: CounterSet, at: FieldPath): Errors => [
  ...counterNameErrors(name, at.field('name')),
  ...countersErrors(counters, at.field('counters')),
];

const consumptionErrors = ({ counterSet, counters }: DeviceCounterConsumption, at: FieldPath): Errors => [
  ...counterNameErrors(counterSet, at.field('counterSet')),
  ...countersErrors(counters, at.field('counters')),
];

/** Where something is: the ways to say so that are used, and what is wrong with them. */
function placeErrors(
  { nodeName, nodeSelector, allNodes }: Pick<ResourceSliceSpec, 'nodeName' | 'nodeSelector' | 'allNodes'>,
  { emptyName, oneTerm }: { readonly emptyName: string; readonly oneTerm: boolean },
  at: FieldPath,
): { readonly used: readonly string[]; readonly errors: readonly FieldError[] } {
  const used: string[] = [];
  const errors: FieldError[] = [];
  if (nodeName === '') errors.push(fieldErrors.invalid(at.field('nodeName'), '', emptyName));
  else if (nodeName !== undefined) {
    used.push('`nodeName`');
    errors.push(...dnsSubdomain(nodeName, at.field('nodeName')));
  }
  if (nodeSelector !== undefined) {
    used.push('`nodeSelector`');
    const terms = nodeSelector.nodeSelectorTerms;
    errors.push(...nodeSelectorErrors(nodeSelector, at.field('nodeSelector')));
    if (oneTerm && terms.length !== 1) {
      const shown = internalField('NodeSelector', nodeSelector, 'NodeSelectorTerms');
      errors.push(fieldErrors.invalid(at.field('nodeSelector', 'nodeSelectorTerms'), shown, 'must have exactly one node selector term'));
    }
  }
  if (allNodes === true) used.push('`allNodes`');
  else if (allNodes === false) errors.push(fieldErrors.invalid(at.field('allNodes'), false, 'must be either unset or set to true'));
  return { used, errors };
}

function devicePlaceErrors(device: Device, perDevice: boolean, at: FieldPath): Errors {
  const { nodeName, nodeSelector, allNodes } = device;
  if (!perDevice) {
    const rule =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
    return nodeName === undefined && nodeSelector === undefined && allNodes === undefined ? [] : [fieldErrors.invalid(at, null, rule)];
  }
  const { used, errors } = placeErrors(device, { emptyName: 'must not be empty', oneTerm: false }, at);
  const rule =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when `perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  if (used.length === 0) return [...errors, fieldErrors.required(at, rule)];
  return used.length === 1 ? errors : [...errors, fieldErrors.invalid(at, `{${used.join(', ')}}`, rule)];
}

function deviceErrors(device: Device, perDevice: boolean, at: FieldPath): Errors {
  const attributes = Object.entries(device.attributes ?? {});
  const capacities = Object.entries(device.capacity ?? {});
  const total = attributes.length + capacities.length;
  const errors: FieldError[] = [...dnsLabel(device.name, at.field('name'))];
  if (total > maxEntries) {
    errors.push(fieldErrors.invalid(at, total, `the total number of attributes and capacities must not exceed ${maxEntries}`));
  }
  if (attributes.length > maxValues) {
    errors.push(fieldErrors.invalid(at, attributes.length, `the total number of attribute values must not exceed ${maxValues}`));
  }
  const [attributesAt, capacityAt] = [at.field('attributes'), at.field('capacity')];
  const shared = device.allowMultipleAllocations === true;
  const consumed = { errorsOf: consumptionErrors, keyOf: ({ counterSet }: DeviceCounterConsumption) => counterSet };
  return [
    ...errors,
    ...attributes.flatMap(([name, value]) => [...qualifiedIdErrors(name, attributesAt), ...attributeErrors(value, attributesAt.key(name))]),
    ...capacities.flatMap(([name, value]) => [
      ...qualifiedIdErrors(name, capacityAt),
      ...capacityErrors(value, shared, capacityAt.key(name)),
    ]),
    ...listErrors(device.taints, maxTaints, taintErrors, at.field('taints')),
    ...setErrors(device.consumesCounters, maxConsumptions, consumed, at.field('consumesCounters')),
    ...devicePlaceErrors(device, perDevice, at),
    ...bindingErrors(device.bindingConditions, device.bindingFailureConditions, at),
  ];
}

function poolErrors({ name, resourceSliceCount: count, generation }: ResourcePool, at: FieldPath): Errors {
  return [
    ...poolNameErrors(name, at.field('name')),
    ...(count > 0 ? [] : [fieldErrors.invalid(at.field('resourceSliceCount'), count, 'must be greater than zero')]),
    ...(generation < 0 ? [fieldErrors.invalid(at.field('generation'), generation, 'must be greater than or equal to zero')] : []),
  ];
}

function slicePlaceErrors(spec: ResourceSliceSpec, at: FieldPath): Errors {
  const { used, errors } = placeErrors(spec, { emptyName: 'must be either unset or set to a non-empty string', oneTerm: true }, at);
  const all = [...used, ...(spec.perDeviceNodeSelection === true ? ['`perDeviceNodeSelection`'] : [])];
  const found: FieldError[] = [...errors];
  if (spec.perDeviceNodeSelection === false) {
    found.push(fieldErrors.invalid(at.field('perDeviceNodeSelection'), false, 'must be either unset or set to true'));
  }
  const rule = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (all.length === 0) found.push(fieldErrors.required(at, rule));
  else if (all.length > 1) found.push(fieldErrors.invalid(at, `{${all.join(', ')}}`, `${rule}, but multiple fields are set`));
  return found;
}

function sliceErrors({ spec }: ResourceSlice, previous: ResourceSlice | undefined, at: FieldPath): Errors {
  const here = at.field('spec');
  const { devices, sharedCounters } = spec;
  const rich = (devices ?? []).some(({ taints = [], consumesCounters = [] }) => taints.length + consumesCounters.length > 0);
  const perDevice = spec.perDeviceNodeSelection === true;
  const old = previous?.spec;
  return [
    ...driverErrors(spec.driver, here.field('driver')),
    ...poolErrors(spec.pool, here.field('pool')),
    ...(old === undefined
      ? []
      : [
          ...immutable(spec.pool.name, old.pool.name, here.field('pool', 'name')),
          ...immutable(spec.driver, old.driver, here.field('driver')),
          ...immutable(spec.nodeName, old.nodeName, here.field('nodeName')),
        ]),
    ...slicePlaceErrors(spec, here),
    ...(isSent(spec, 'sharedCounters') && isSent(spec, 'devices')
      ? [fieldErrors.invalid(here, '', 'only one of `sharedCounters` or `devices` is allowed')]
      : []),
    ...setErrors(
      devices,
      rich ? maxRichDevices : maxDevices,
      { errorsOf: (device, path) => deviceErrors(device, perDevice, path), keyOf: ({ name }) => name },
      here.field('devices'),
    ),
    ...setErrors(sharedCounters, maxCounterSets, { errorsOf: counterSetErrors, keyOf: ({ name }) => name }, here.field('sharedCounters')),
  ];
}

export const newSliceErrors = (slice: ResourceSlice, at: FieldPath): Errors => sliceErrors(slice, undefined, at);
export const sliceUpdateErrors = (next: ResourceSlice, previous: ResourceSlice, at: FieldPath): Errors => sliceErrors(next, previous, at);
