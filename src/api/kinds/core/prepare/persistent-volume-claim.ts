/**
 * The two fields that name the source of a claim's data. Source: pkg/registry/core/persistentvolumeclaim/strategy.go,
 * pkg/api/persistentvolumeclaim/util.go (KEP 1495).
 */
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, TypedLocalObjectReference } from '../../../generated/core/v1.ts';

const isKnownSource = ({ kind, apiGroup }: TypedLocalObjectReference): boolean =>
  kind === 'PersistentVolumeClaim' ? (apiGroup ?? '') === '' : kind === 'VolumeSnapshot' && apiGroup === 'snapshot.storage.k8s.io';

/** References into other namespaces are behind the gate CrossNamespaceVolumeDataSource, which is off. */
function withoutGated(spec: PersistentVolumeClaimSpec, previous: PersistentVolumeClaimSpec | undefined): PersistentVolumeClaimSpec {
  if ((spec.dataSourceRef?.namespace ?? '') === '' || previous?.dataSourceRef !== undefined) return spec;
  const { dataSourceRef: _, ...rest } = spec;
  return rest;
}

/** The older field holds claims and snapshots only; anything else has always been dropped from it. */
function withoutUnknown(spec: PersistentVolumeClaimSpec, previous: PersistentVolumeClaimSpec | undefined): PersistentVolumeClaimSpec {
  const hadSource = previous?.dataSource !== undefined || previous?.dataSourceRef !== undefined;
  const { dataSource, ...rest } = spec;
  if (hadSource || spec.dataSourceRef !== undefined || dataSource === undefined || isKnownSource(dataSource)) return spec;
  return rest;
}

/** Copies the one field that is set to the other. */
function normalized(spec: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec {
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined && dataSourceRef === undefined) return { ...spec, dataSourceRef: dataSource };
  if (dataSourceRef === undefined || dataSource !== undefined || (dataSourceRef.namespace ?? '') !== '') return spec;
  const { namespace: _, ...local } = dataSourceRef;
  return { ...spec, dataSource: local };
}

const prepared = (spec: PersistentVolumeClaimSpec, previous?: PersistentVolumeClaimSpec): PersistentVolumeClaimSpec =>
  normalized(withoutUnknown(withoutGated(spec, previous), previous));

export const prepareClaimForCreate = (claim: PersistentVolumeClaim): PersistentVolumeClaim => ({
  ...claim,
  spec: prepared(claim.spec),
  status: { phase: 'Pending' },
});

export const prepareClaimForUpdate = (next: PersistentVolumeClaim, previous: PersistentVolumeClaim): PersistentVolumeClaim => ({
  ...next,
  spec: prepared(next.spec, previous.spec),
});
