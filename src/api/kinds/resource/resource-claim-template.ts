/** What the claims that are made for Pods look like. */
import type { FieldPath } from '../../field-error.ts';
import type { ResourceClaimTemplate } from '../../generated/resource/v1.ts';
import { internalForm } from '../../internal-form/internal-form.ts';
import { defineKind } from '../../kind.ts';
import { oldResourceClaimTemplates } from '../../legacy/devices.ts';
import type { Errors } from '../../validation/common.ts';
import { templateMetaErrors } from '../../validation/object-meta.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { defaultClaimSpec } from './claim-spec.ts';
import { claimSpecChangeErrors, deviceClaimErrors } from './validation/device-claim.ts';

function templateErrors({ spec: { metadata, spec } }: ResourceClaimTemplate, at: FieldPath): Errors {
  const here = at.field('spec');
  return [...templateMetaErrors(metadata, here.field('metadata')), ...deviceClaimErrors(spec.devices, here.field('spec', 'devices'))];
}

export const resourceClaimTemplate = defineKind<ResourceClaimTemplate>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
  scope: 'Namespaced',
  codec: {
    schema: 'io.k8s.api.resource.v1.ResourceClaimTemplate',
    alsoServed: oldResourceClaimTemplates,
    defaults: ({ spec, ...rest }) => ({ ...rest, spec: { ...spec, spec: defaultClaimSpec(spec.spec) } }),
  },
  rules: { validate: templateErrors },
  update: {
    metadata: 'whole',
    validate: (next, previous, at) =>
      claimSpecChangeErrors(next.spec, previous.spec, (spec) => internalForm('ResourceClaimTemplateSpec', spec), at.field('spec')),
  },
  delete: { answersObject: true },
  table: { columns: [nameColumn, ageColumn] },
});
