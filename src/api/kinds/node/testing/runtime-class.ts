import type { KindSamples } from '../../testing/samples.ts';
import { runtimeClass } from '../runtime-class.ts';

export const samples: KindSamples = {
  kind: runtimeClass,
  valid: { handler: 'runc', overhead: { podFixed: { cpu: '250m' } }, scheduling: { nodeSelector: { runtime: 'runc' } } },
  change: { overhead: { podFixed: { cpu: '300m' } } },
  invalid: [
    ['no handler', { handler: null }, 'handler: Required value'],
    [
      'an overhead below zero',
      { overhead: { podFixed: { cpu: '-1' } } },
      'overhead.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    ],
    [
      'a toleration twice',
      {
        scheduling: {
          tolerations: [
            { key: 'a', operator: 'Exists' },
            { key: 'a', operator: 'Exists' },
          ],
        },
      },
      'scheduling.tolerations[1]: Duplicate value: {"Key":"a","Operator":"Exists","Value":"","Effect":"","TolerationSeconds":null}',
    ],
  ],
};
