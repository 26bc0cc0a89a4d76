/** A request for devices. https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/ */
import type { DeviceRequestAllocationResult, ResourceClaim, ResourceClaimStatus } from '../../generated/resource/v1.ts';
import { internalForm } from '../../internal-form/internal-form.ts';
import { defineKind } from '../../kind.ts';
import { oldResourceClaims } from '../../legacy/devices.ts';
import { statusSubresource } from '../../subresource.ts';
import { ageColumn, nameColumn } from '../columns.ts';
import { defaultClaimSpec, defaultToleration } from './claim-spec.ts';
import { claimStatusErrors } from './validation/claim-status.ts';
import { claimSpecChangeErrors, deviceClaimErrors } from './validation/device-claim.ts';

/** The tolerations of what was allocated have the defaults of those that were asked for. */
function withOperators(status: ResourceClaimStatus): ResourceClaimStatus {
  const { allocation } = status;
  const results = allocation?.devices.results;
  if (allocation === undefined || results === undefined || !results.some(({ tolerations }) => tolerations !== undefined)) return status;
  const completed = results.map((result) => ({
    ...result,
    ...(result.tolerations === undefined ? {} : { tolerations: result.tolerations.map(defaultToleration) }),
  }));
  return { ...status, allocation: { ...allocation, devices: { ...allocation.devices, results: completed } } };
}

/** Source: pkg/printers/internalversion/printers.go (resourceClaimState). */
function stateOf({ metadata, status }: ResourceClaim): string {
  const states = [
    ...(metadata.deletionTimestamp === undefined ? [] : ['deleted']),
    ...(status.allocation === undefined ? (metadata.deletionTimestamp === undefined ? ['pending'] : []) : ['allocated']),
    ...(status.allocation !== undefined && (status.reservedFor ?? []).length > 0 ? ['reserved'] : []),
  ];
  return states.join(',');
}

const keyOf = ({ driver, pool, device, shareID }: Pick<DeviceRequestAllocationResult, 'driver' | 'pool' | 'device' | 'shareID'>): string =>
  JSON.stringify([driver, pool, device, shareID ?? '']);

/**
 * What devices tell of themselves goes with their allocation. Source: pkg/registry/resource/resourceclaim/strategy.go
 * (dropDeallocatedStatusDevices).
 */
function withoutDeallocated(next: ResourceClaim, previous: ResourceClaim): ResourceClaim {
  const { devices, ...status } = next.status;
  if (devices === undefined) return next;
  const allocated = new Set((next.status.allocation?.devices.results ?? []).map(keyOf));
  const gone = new Set((previous.status.allocation?.devices.results ?? []).map(keyOf).filter((key) => !allocated.has(key)));
  const kept = devices.filter((device) => !gone.has(keyOf(device)));
  return { ...next, status: kept.length === 0 ? status : { ...status, devices: kept } };
}

export const resourceClaim = defineKind<ResourceClaim>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  scope: 'Namespaced',
  codec: {
    schema: 'io.k8s.api.resource.v1.ResourceClaim',
    alsoServed: oldResourceClaims,
    defaults: (claim) => ({ ...claim, spec: defaultClaimSpec(claim.spec), status: withOperators(claim.status) }),
  },
  rules: {
    generation: false,
    validate: ({ spec }, at) => deviceClaimErrors(spec.devices, at.field('spec', 'devices')),
  },
  create: { prepare: (claim) => ({ ...claim, status: {} }) },
  update: {
    metadata: 'whole',
    validates: 'alone',
    validate: (next, previous, at) =>
      claimSpecChangeErrors(next.spec, previous.spec, (spec) => internalForm('ResourceClaimSpec', spec), at.field('spec')),
  },
  delete: { answersObject: true },
  subresources: {
    status: statusSubresource<ResourceClaim>({
      keeps: ['labels', 'annotations', 'ownerReferences', 'finalizers'],
      prepare: withoutDeallocated,
      validate: claimStatusErrors,
    }),
  },
  table: {
    columns: [
      nameColumn,
      {
        name: 'State',
        type: 'string',
        description: 'A summary of the current state (allocated, pending, reserved, etc.).',
        value: stateOf,
      },
      ageColumn,
    ],
  },
});
