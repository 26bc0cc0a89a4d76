import type { KindSamples } from '../../testing/samples.ts';
import { controllerRevision } from '../controller-revision.ts';

export const samples: KindSamples = {
  kind: controllerRevision,
  valid: { data: { spec: { template: { $patch: 'replace' } } }, revision: 1 },
  change: { revision: 2 },
  invalid: [
    ['a negative revision', { revision: -1 }, 'revision: Invalid value: -1: must be greater than or equal to 0'],
    ['no data', { data: null }, 'data: Required value: data is mandatory'],
    ['data that is no object', { data: 'text' }, 'data: Required value: data must be a valid JSON object'],
  ],
};
