/** What the claims that are made for Pods look like. */
import type { FieldPath } from '../../field-error.ts';
import type { ResourceClaimTemplate } from '../../generated/resource/v1.ts';
import { defineKind } from '../../kind.ts';
import type { Errors } from '../../validation/common.ts';
import { templateMetaErrors } from '../../validation/object-meta.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { defaultClaimSpec, withNullRequests } from './claim-spec.ts';
import { claimSpecChangeErrors, deviceClaimErrors } from './validation/device-claim.ts';
import { shownTemplateSpec } from './validation/internal-form.ts';

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
    defaults: ({ spec, ...rest }) => ({ ...rest, spec: { ...spec, spec: defaultClaimSpec(spec.spec) } }),
  },
  rules: {
    validate: templateErrors,
    canonicalize: ({ spec, ...rest }) => ({ ...rest, spec: { ...spec, spec: withNullRequests(spec.spec) } }),
  },
  update: {
    metadata: 'whole',
    validate: (next, previous, at) => claimSpecChangeErrors(next.spec, previous.spec, shownTemplateSpec, at.field('spec')),
  },
  delete: { answersObject: true },
  table: { columns: [nameColumn, ageColumn] },
});
