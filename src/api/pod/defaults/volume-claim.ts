/**
 * Defaults of claims. Pure: return new objects. Source: pkg/apis/core/v1/defaults.go
 * (SetDefaults_PersistentVolumeClaim).
 */
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec } from '../../generated/core/v1.ts';
import { defaultResourceList, defaultResources } from './container.ts';

export const defaultClaimSpec = (spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec => ({
  ...spec,
  volumeMode: spec.volumeMode ?? 'Filesystem',
  resources: defaultResources(spec.resources ?? {}),
});

/** A claim in a template of claims, with its type, which upstream fills in there. */
export function defaultClaimTemplate(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const { capacity, allocatedResources } = claim.status ?? {};
  return {
    ...claim,
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    spec: defaultClaimSpec(claim.spec),
    status: {
      ...claim.status,
      phase: claim.status?.phase || 'Pending',
      ...(capacity === undefined ? {} : { capacity: defaultResourceList(capacity) }),
      ...(allocatedResources === undefined ? {} : { allocatedResources: defaultResourceList(allocatedResources) }),
    },
  };
}
