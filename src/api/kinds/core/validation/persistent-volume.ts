/** What is wrong with a PersistentVolume. Source: pkg/apis/core/validation/validation.go, pkg/volume/validation. */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors, shortened } from '../../../field-error.ts';
import type { CSIPersistentVolumeSource, PersistentVolume, PersistentVolumeSpec } from '../../../generated/core/v1.ts';
import { internalDiff } from '../../../internal-form/internal-form.ts';
import { isLabelValue } from '../../../names.ts';
import { nodeSelectorErrors } from '../../../pod/validation/affinity.ts';
import { accessModeErrors, positiveAmountErrors } from '../../../pod/validation/persistent-volume-claim.ts';
import { parseQuantity, toUnits } from '../../../quantity.ts';
import { dnsSubdomain, type Errors, immutable, oneOf } from '../../../validation/common.ts';
import { sourceNames, volumeSourceErrors } from './persistent-volume-source.ts';

const reclaimPolicies = ['Delete', 'Recycle', 'Retain'];
const mountOptionsAnnotation = 'volume.beta.kubernetes.io/mount-options';

/** Sources that the old annotation for mount options is meant for. */
const takesMountOptions = [
  'gcePersistentDisk',
  'awsElasticBlockStore',
  'glusterfs',
  'nfs',
  'rbd',
  'quobyte',
  'iscsi',
  'cinder',
  'cephfs',
  'azureFile',
  'vsphereVolume',
  'azureDisk',
  'photonPersistentDisk',
] as const;

/** An amount that must not be negative. Source: validateBasicResource. */
export function basicAmountErrors(amount: string, at: FieldPath): Errors {
  const quantity = parseQuantity(amount);
  return quantity.nanos < 0n ? [fieldErrors.invalid(at, toUnits(quantity), 'must be a valid resource quantity')] : [];
}

function capacityErrors(capacity: PersistentVolumeSpec['capacity'], at: FieldPath): Errors {
  const amounts = Object.entries(capacity ?? {});
  const only = amounts.length === 1 && capacity?.storage !== undefined;
  return [
    ...(amounts.length === 0 ? [fieldErrors.required(at)] : []),
    ...(only ? [] : [fieldErrors.notSupported(at, capacity, ['storage'])]),
    ...amounts.flatMap(([name, amount]) => [...basicAmountErrors(amount, at.key(name)), ...positiveAmountErrors(amount, at.key(name))]),
  ];
}

function affinityErrors(spec: PersistentVolumeSpec, anyValue: boolean, at: FieldPath): Errors {
  const { nodeAffinity } = spec;
  if (nodeAffinity === undefined) return [];
  const here = at.field('required');
  if (nodeAffinity.required === undefined) return [fieldErrors.required(here, 'must specify required node constraints')];
  return nodeSelectorErrors(nodeAffinity.required, here, anyValue);
}

function attributesClassErrors({ volumeAttributesClassName: name, csi }: PersistentVolumeSpec, at: FieldPath): Errors {
  if (name === undefined) return [];
  const here = at.field('volumeAttributesClassName');
  return [
    ...(name === '' ? [fieldErrors.required(here, 'an empty string is disallowed')] : dnsSubdomain(name, here)),
    ...(csi === undefined ? [fieldErrors.required(at.field('csi'), 'has to be specified when using volumeAttributesClassName')] : []),
  ];
}

/** Go's path.Clean gives the root. */
const isRoot = (path: string): boolean => {
  const depth: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') depth.pop();
    else if (part !== '' && part !== '.') depth.push(part);
  }
  return path.startsWith('/') && depth.length === 0;
};

function specErrors(spec: PersistentVolumeSpec, volume: string, anyValue: boolean, at: FieldPath): Errors {
  const { accessModes = [], persistentVolumeReclaimPolicy: policy, storageClassName = '' } = spec;
  const here = at.field('persistentVolumeReclaimPolicy');
  const recyclesRoot = spec.hostPath !== undefined && isRoot(spec.hostPath.path) && policy === 'Recycle';
  return [
    ...(accessModes.length === 0 ? [fieldErrors.required(at.field('accessModes'))] : []),
    ...accessModeErrors(accessModes, at.field('accessModes')),
    ...capacityErrors(spec.capacity, at.field('capacity')),
    ...oneOf(policy, reclaimPolicies, here),
    ...affinityErrors(spec, anyValue, at.field('nodeAffinity')),
    ...volumeSourceErrors(spec, volume, spec.nodeAffinity !== undefined, at),
    ...(recyclesRoot ? [fieldErrors.forbidden(here, "may not be 'recycle' for a hostPath mount of '/'")] : []),
    ...(storageClassName === '' ? [] : dnsSubdomain(storageClassName, at.field('storageClassName'))),
    ...oneOf(spec.volumeMode, ['Block', 'Filesystem'], at.field('volumeMode')),
    ...attributesClassErrors(spec, at),
  ];
}

function mountOptionsErrors({ metadata, spec }: PersistentVolume, at: FieldPath): Errors {
  if (takesMountOptions.some((source) => spec[source] !== undefined)) return [];
  if (metadata.annotations?.[mountOptionsAnnotation] === undefined) return [];
  const here = at.field('metadata', 'annotations', mountOptionsAnnotation);
  return [fieldErrors.forbidden(here, 'may not specify mount options for this volume type')];
}

const errorsOf = (volume: PersistentVolume, anyValue: boolean, at: FieldPath): Errors => [
  ...specErrors(volume.spec, volume.metadata.name, anyValue, at.field('spec')),
  ...mountOptionsErrors(volume, at),
];

export const newVolumeErrors = (volume: PersistentVolume, at: FieldPath): Errors => errorsOf(volume, false, at);

/** Whether a term that the volume had before has values that no label can have. */
const hadBadValues = ({ spec }: PersistentVolume): boolean =>
  (spec.nodeAffinity?.required?.nodeSelectorTerms ?? []).some(({ matchExpressions = [] }) =>
    matchExpressions.some(({ values = [] }) => values.some((value) => isLabelValue(value).length > 0)),
  );

/** The secret for growing the volume may be added. */
const withoutAddedSecret = (next: CSIPersistentVolumeSource, previous: CSIPersistentVolumeSource | undefined): CSIPersistentVolumeSource =>
  previous !== undefined && previous.controllerExpandSecretRef === undefined ? { ...next, controllerExpandSecretRef: undefined } : next;

/** The source of a volume never changes. */
function sourceUpdateErrors(next: PersistentVolumeSpec, previous: PersistentVolumeSpec, at: FieldPath): Errors {
  const compared = next.csi === undefined ? next : { ...next, csi: withoutAddedSecret(next.csi, previous.csi) };
  if (sourceNames.every((source) => deepEqual(compared[source], previous[source]))) return [];
  const difference = internalDiff('PersistentVolumeSource', previous, compared);
  const why = shortened(`spec.persistentvolumesource is immutable after creation\n${difference}`);
  return [fieldErrors.forbidden(at.field('persistentvolumesource'), why)];
}

/** Upstream checks the whole object twice, so that what is wrong with it is told twice. */
export function volumeUpdateErrors(next: PersistentVolume, previous: PersistentVolume, at: FieldPath): Errors {
  const anyValue = hadBadValues(previous);
  const errors: FieldError[] = [...errorsOf(next, anyValue, at), ...specErrors(next.spec, next.metadata.name, anyValue, at.field('spec'))];
  errors.push(...sourceUpdateErrors(next.spec, previous.spec, at.field('spec')));
  errors.push(...immutable(next.spec.volumeMode, previous.spec.volumeMode, at.field('volumeMode')));
  if (previous.spec.volumeAttributesClassName !== undefined && next.spec.volumeAttributesClassName === undefined) {
    const here = at.field('spec', 'volumeAttributesClassName');
    errors.push(fieldErrors.forbidden(here, 'update from non-nil value to nil is forbidden'));
  }
  return errors;
}
