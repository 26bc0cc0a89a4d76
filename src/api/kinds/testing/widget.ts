/** A Kind that no file declares, as a custom resource definition would make it. For tests only. */
import { brotliDecompressSync } from 'node:zlib';
import { fieldErrors } from '../../field-error.ts';
import type { JsonObject } from '../../json.ts';
import { defineKind } from '../../kind.ts';
import type { CustomObject } from '../../object.ts';
import { scaleSubresource } from '../../scale-subresource.ts';
import { loadSchemas } from '../../schema/load.ts';
import { createOpenFormat } from '../../schema/open-format.ts';
import { statusSubresource } from '../../subresource.ts';
import type { KindSamples } from './samples.ts';

const part = (object: CustomObject, name: 'spec' | 'status'): JsonObject => (object[name] ?? {}) as JsonObject; // the format keeps JSON
const sizeOf = (object: CustomObject): number => Number(part(object, 'spec').size ?? 0);

const widget = defineKind<CustomObject>({
  group: 'example.com',
  version: 'v1',
  kind: 'Widget',
  plural: 'widgets',
  scope: 'Namespaced',
  names: { shortNames: ['wd'] },
  codec: { schema: createOpenFormat(loadSchemas(brotliDecompressSync), 'com.example.v1.Widget') },
  rules: {
    validate: (object, at) =>
      sizeOf(object) < 0 ? [fieldErrors.invalid(at.field('spec', 'size'), sizeOf(object), 'must not be negative')] : [],
  },
  create: { prepare: ({ status: _, ...object }) => object as CustomObject },
  subresources: {
    status: statusSubresource(),
    scale: scaleSubresource<CustomObject>({
      replicas: sizeOf,
      statusReplicas: (object) => Number(part(object, 'status').size ?? 0),
      selector: () => '',
      withReplicas: (object, size) => ({ ...object, spec: { ...part(object, 'spec'), size } }),
    }),
  },
  select: { 'spec.size': (object) => String(sizeOf(object)) },
});

export const widgetSamples: KindSamples = {
  kind: widget,
  valid: { spec: { size: 1, any: { thing: [1, 'b'] } } },
  change: { spec: { size: 2 } },
  status: { size: 1 },
  invalid: [['a negative size', { spec: { size: -1 } }, 'spec.size: Invalid value: -1: must not be negative']],
};
