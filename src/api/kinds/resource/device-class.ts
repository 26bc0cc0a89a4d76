/** Devices that can be asked for by one name. https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/ */
import { type FieldPath, fieldErrors } from '../../field-error.ts';
import type { DeviceClass } from '../../generated/resource/v1.ts';
import { defineKind } from '../../kind.ts';
import { oldDeviceClasses } from '../../legacy/devices.ts';
import { nameIsLong } from '../../names.ts';
import { isExtendedResource } from '../../pod/validation/resources.ts';
import type { Errors } from '../../validation/common.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { configurationErrors, listErrors, selectorsErrors } from './validation/common.ts';
import { maxConfigurations } from './validation/device-claim.ts';

function deviceClassErrors({ spec: { selectors, config, extendedResourceName: name } }: DeviceClass, at: FieldPath): Errors {
  const here = at.field('spec');
  const nameAt = here.field('extendedResourceName');
  return [
    ...selectorsErrors(selectors, here.field('selectors')),
    ...listErrors(config, maxConfigurations, configurationErrors, here.field('config')),
    ...(name === undefined || isExtendedResource(name)
      ? []
      : [fieldErrors.invalid(nameAt, name, 'must be a valid extended resource name')]),
  ];
}

export const deviceClass = defineKind<DeviceClass>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  scope: 'Cluster',
  codec: { schema: 'io.k8s.api.resource.v1.DeviceClass', alsoServed: oldDeviceClasses },
  update: { metadata: 'whole' },
  rules: { validateName: nameIsLong, generation: true, validate: deviceClassErrors },
  delete: { answersObject: true },
  table: { columns: [nameColumn, ageColumn] },
});
