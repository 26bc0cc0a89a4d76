import type { KindSamples } from '../../testing/samples.ts';
import { configMap } from '../config-map.ts';

export const samples: KindSamples = {
  kind: configMap,
  valid: { data: { 'a.conf': 'x' }, binaryData: { b: 'AA==' } },
  change: { data: { 'a.conf': 'y' } },
  invalid: [
    ['a key given twice', { data: { b: 'y' } }, 'data[b]: Invalid value: "b": duplicate of key present in binaryData'],
    ['the key ..', { data: { '..': 'y' } }, 'data[..]: Invalid value: "..": must not be \'..\''],
  ],
};
