import type { KindSamples } from '../../testing/samples.ts';
import { limitRange } from '../limit-range.ts';

const limits = (...items: readonly (typeof item)[]) => ({ spec: { limits: items } });
const item: Readonly<Record<string, string | Readonly<Record<string, string>>>> = { type: 'Container', max: { cpu: '2' } };

export const samples: KindSamples = {
  kind: limitRange,
  valid: limits({ type: 'Container', max: { cpu: '2' }, min: { cpu: '100m' }, maxLimitRequestRatio: { cpu: '4' } }),
  change: limits(item),
  invalid: [
    [
      'a type that is none',
      limits({ type: 'Box' }),
      'spec.limits[0].type: Invalid value: "Box": must be a standard limit type or fully qualified',
    ],
    ['a type twice', limits({ type: 'Pod' }, { type: 'Pod' }), 'spec.limits[1].type: Duplicate value: "Pod"'],
    [
      'defaults for Pods',
      limits({ type: 'Pod', default: { cpu: '1' }, defaultRequest: { cpu: '1' } }),
      "spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'",
      "spec.limits[0].defaultRequest: Forbidden: may not be specified when `type` is 'Pod'",
    ],
    [
      'a resource that containers cannot have',
      limits({ type: 'Pod', max: { storage: '1' } }),
      'spec.limits[0].max[storage]: Invalid value: "storage": must be a standard resource for containers',
    ],
    [
      'claims without bounds',
      limits({ type: 'PersistentVolumeClaim' }),
      'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
    ],
    [
      'a minimum above the maximum',
      limits({ type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } }),
      'spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1',
    ],
    [
      'defaults out of bounds',
      limits({ type: 'Container', min: { cpu: '2' }, max: { cpu: '4' }, default: { cpu: '5' }, defaultRequest: { cpu: '1' } }),
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "1": min value 2 is greater than default request value 1',
      'spec.limits[0].default[cpu]: Invalid value: "4": default value 5 is greater than max value 4',
    ],
    [
      'a default request above the default limit',
      limits({ type: 'Container', default: { cpu: '1' }, defaultRequest: { cpu: '1500m' } }),
      'spec.limits[0].defaultRequest[cpu]: Invalid value: "1500m": default request value 1500m is greater than default limit value 1',
    ],
    [
      'ratios that cannot be',
      limits({ type: 'Pod', min: { cpu: '1', memory: '1' }, max: { cpu: '3' }, maxLimitRequestRatio: { cpu: '4', memory: '500m' } }),
      'spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "4": ratio 4 is greater than max/min = 3.000000',
      'spec.limits[0].maxLimitRequestRatio[memory]: Invalid value: "500m": ratio 500m is less than 1',
    ],
    [
      'defaults that differ where all that is asked for is given',
      limits({ type: 'Container', default: { 'example.com/gpu': '2' }, defaultRequest: { 'example.com/gpu': '1' } }),
      'spec.limits[0].defaultRequest[example.com/gpu]: Invalid value: "1": default value 2 must equal to defaultRequest value 1 in example.com/gpu',
    ],
  ],
};
