/** Devices that a driver offers, on one node or on several. */
import type { Device, ResourceSlice } from '../../generated/resource/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldResourceSlices } from '../../legacy/devices.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { newSliceErrors, sliceUpdateErrors } from './validation/resource-slice.ts';

const spec = 'io.k8s.api.resource.v1.ResourceSliceSpec';

/** Source: pkg/registry/resource/resourceslice/strategy.go. */
function sliceWarnings({ spec: { driver } }: ResourceSlice): readonly string[] {
  return driver === driver.toLowerCase()
    ? []
    : [`spec.driver: driver names should be lowercase; ${JSON.stringify(driver)} contains uppercase characters`];
}

/** Lists of values and what devices take of their node are behind gates that are off: upstream drops these fields. */
function withoutGated(device: Device): Device {
  const { nodeAllocatableResourceMappings: _, ...rest } = device;
  const { attributes } = rest;
  if (attributes === undefined) return rest;
  const entries = Object.entries(attributes).map(
    ([name, { ints: _ints, bools: _bools, strings: _strings, versions: _versions, ...one }]) => [name, one] as const,
  );
  return { ...rest, attributes: Object.fromEntries(entries) };
}

function prepared(slice: ResourceSlice): ResourceSlice {
  const { devices } = slice.spec;
  return devices === undefined ? slice : { ...slice, spec: { ...slice.spec, devices: devices.map(withoutGated) } };
}

export const resourceSlice = defineKind<ResourceSlice>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  scope: 'Cluster',
  codec: { schema: 'io.k8s.api.resource.v1.ResourceSlice', alsoServed: oldResourceSlices },
  rules: { generation: true, warnings: sliceWarnings },
  create: { prepare: prepared, validate: newSliceErrors },
  update: { prepare: prepared, validate: sliceUpdateErrors },
  delete: { answersObject: true },
  select: {
    'spec.nodeName': (slice) => slice.spec.nodeName ?? '',
    'spec.driver': (slice) => slice.spec.driver,
  },
  table: {
    columns: [
      nameColumn,
      { name: 'Node', type: 'string', descriptionOf: [spec, 'nodeName'], value: (slice) => slice.spec.nodeName ?? '<unset>' },
      { name: 'Driver', type: 'string', descriptionOf: [spec, 'driver'], value: (slice) => slice.spec.driver },
      {
        name: 'Pool',
        type: 'string',
        descriptionOf: ['io.k8s.api.resource.v1.ResourcePool', 'name'],
        value: (slice) => slice.spec.pool.name,
      },
      ageColumn,
    ],
  },
});
