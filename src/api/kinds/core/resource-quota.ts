/** What all objects of a namespace may use together. Enforced by an admission plugin, counted by a controller. */

import type { ResourceQuota } from '../../generated/core/v1.ts';
import { defineKind } from '../../kind.ts';
import { defaultResourceList, type ResourceList } from '../../pod/defaults/container.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { quotaErrors, quotaStatusErrors, quotaUpdateErrors, quotaWarnings } from './validation/resource-quota.ts';

/** The resources that limits are set on, or the others, each with what is used of how much. */
function usage({ status: { hard = {}, used = {} } }: ResourceQuota, limits: boolean): string {
  return Object.keys(hard)
    .filter((name) => name.startsWith('limits.') === limits)
    .toSorted()
    .map((name) => `${name}: ${used[name] ?? '0'}/${hard[name]}`)
    .join(', ');
}

const rounded = <K extends string>(name: K, list: ResourceList | undefined): Partial<Record<K, ResourceList>> =>
  // A computed key of a literal type; TypeScript widens it to string.
  list === undefined ? {} : ({ [name]: defaultResourceList(list) } as Partial<Record<K, ResourceList>>);

/** Source: pkg/registry/core/resourcequota/strategy.go. */
export const resourceQuota = defineKind<ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  scope: 'Namespaced',
  names: { shortNames: ['quota'] },
  codec: {
    schema: 'io.k8s.api.core.v1.ResourceQuota',
    defaults: (quota) => ({
      ...quota,
      spec: { ...quota.spec, ...rounded('hard', quota.spec.hard) },
      status: { ...quota.status, ...rounded('hard', quota.status.hard), ...rounded('used', quota.status.used) },
    }),
  },
  rules: { generation: false, validate: quotaErrors, warnings: quotaWarnings },
  create: { prepare: (quota) => ({ ...quota, status: {} }) },
  update: { validate: quotaUpdateErrors },
  delete: { answersObject: true },
  subresources: { status: statusSubresource<ResourceQuota>({ validate: quotaStatusErrors }) },
  table: {
    columns: [
      nameColumn,
      {
        name: 'Request',
        type: 'string',
        description: 'Request represents a minimum amount of cpu/memory that a container may consume.',
        value: (quota) => usage(quota, false),
      },
      {
        name: 'Limit',
        type: 'string',
        description: 'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.',
        value: (quota) => usage(quota, true),
      },
      ageColumn,
    ],
  },
});
