/**
 * Where a PersistentVolume's data is. Source: pkg/apis/core/validation/validation.go (ValidatePersistentVolumeSpec and
 * the functions that it calls).
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type {
  CSIPersistentVolumeSource,
  ISCSIPersistentVolumeSource,
  PersistentVolumeSource,
  SecretReference,
} from '../../../generated/core/v1.ts';
import * as storage from '../../../pod/validation/network-storage.ts';
import { noBacksteps } from '../../../pod/validation/paths.ts';
import { hostPathErrors } from '../../../pod/validation/volume.ts';
import { byteLength, dnsLabel, dnsSubdomain, type Errors, requiredText } from '../../../validation/common.ts';

/** A secret with its namespace, both of which must be there. */
const givenSecret = (secret: SecretReference | undefined, at: FieldPath): Errors =>
  secret === undefined ? [] : [...requiredText(secret.name, at.field('name')), ...requiredText(secret.namespace, at.field('namespace'))];

/** A secret whose names are also checked. */
function secretErrors(secret: SecretReference | undefined, at: FieldPath): Errors {
  if (secret === undefined) return [];
  const { name = '', namespace = '' } = secret;
  return [
    ...(name === '' ? [fieldErrors.required(at.field('name'))] : dnsSubdomain(name, at.field('name'))),
    ...(namespace === '' ? [fieldErrors.required(at.field('namespace'))] : dnsLabel(namespace, at.field('namespace'))),
  ];
}

/** The secret for staging is not checked, as upstream. */
export const csiVolumeErrors = (csi: CSIPersistentVolumeSource, at: FieldPath): Errors => [
  ...(csi.driver === '' ? [fieldErrors.required(at.field('driver'))] : storage.csiDriverErrors(csi.driver, at.field('driver'))),
  ...requiredText(csi.volumeHandle, at.field('volumeHandle')),
  ...(['controllerPublishSecretRef', 'controllerExpandSecretRef', 'nodePublishSecretRef', 'nodeExpandSecretRef'] as const).flatMap(
    (field) => secretErrors(csi[field], at.field(field)),
  ),
];

function iscsiErrors(iscsi: ISCSIPersistentVolumeSource, volume: string, at: FieldPath): Errors {
  const { targetPortal, iqn, lun, secretRef, initiatorName } = iscsi;
  const errors: FieldError[] = [...requiredText(targetPortal, at.field('targetPortal'))];
  if (initiatorName !== undefined && byteLength(`${volume}:${targetPortal}`) > 64) {
    const tooLong = 'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
    errors.push(fieldErrors.invalid(at.field('targetportal'), targetPortal, tooLong));
  }
  const needsSecret = iscsi.chapAuthDiscovery === true || iscsi.chapAuthSession === true;
  return [
    ...errors,
    ...(iqn === '' ? [fieldErrors.required(at.field('iqn'))] : storage.iscsiNameErrors(iqn, at.field('iqn'))),
    ...storage.inByteRange(lun, at.field('lun')),
    ...(needsSecret && secretRef === undefined ? [fieldErrors.required(at.field('secretRef'))] : []),
    ...(secretRef === undefined ? [] : requiredText(secretRef.name, at.field('secretRef', 'name'))),
    ...(initiatorName === undefined ? [] : storage.iscsiNameErrors(initiatorName, at.field('initiatorname'))),
  ];
}

function endpointsNamespaceErrors(namespace: string | undefined, at: FieldPath): Errors {
  if (namespace === undefined) return [];
  return namespace === ''
    ? [fieldErrors.invalid(at, '', 'if the endpointnamespace is set, it must be a valid namespace name')]
    : dnsLabel(namespace, at);
}

function localErrors(path: string, at: FieldPath): Errors {
  return path === '' ? [fieldErrors.required(at)] : noBacksteps(path, at);
}

/** Texts and lists that must be there. */
const required = (source: object, fields: readonly string[], at: FieldPath): Errors =>
  fields.flatMap((field) => {
    // Every source is an object; only the fields named are looked at.
    const value = (source as Readonly<Record<string, unknown>>)[field];
    return value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
      ? [fieldErrors.required(at.field(field))]
      : [];
  });

type Check = (spec: PersistentVolumeSource, at: FieldPath, volume: string) => Errors;
type SourceName = keyof PersistentVolumeSource;

/** A check per source in upstream's order; `path` where upstream calls the source by another name. */
const checks: ReadonlyArray<{ readonly source: SourceName; readonly check: Check; readonly path?: string }> = [
  { source: 'hostPath', check: ({ hostPath }, at) => (hostPath === undefined ? [] : hostPathErrors(hostPath, at)) },
  {
    source: 'gcePersistentDisk',
    check: ({ gcePersistentDisk: disk }, at) => (disk === undefined ? [] : storage.diskErrors(disk.pdName, 'pdName', disk.partition, at)),
    path: 'persistentDisk',
  },
  {
    source: 'awsElasticBlockStore',
    check: ({ awsElasticBlockStore: disk }, at) =>
      disk === undefined ? [] : storage.diskErrors(disk.volumeID, 'volumeID', disk.partition, at),
  },
  {
    source: 'glusterfs',
    check: ({ glusterfs }, at) => [
      ...required(glusterfs ?? {}, ['endpoints', 'path'], at),
      ...endpointsNamespaceErrors(glusterfs?.endpointsNamespace, at.field('endpointsNamespace')),
    ],
  },
  { source: 'flocker', check: ({ flocker }, at) => (flocker === undefined ? [] : storage.flockerErrors(flocker, at)) },
  { source: 'nfs', check: ({ nfs }, at) => (nfs === undefined ? [] : storage.nfsErrors(nfs, at)) },
  { source: 'rbd', check: ({ rbd = {} }, at) => required(rbd, ['monitors', 'image'], at) },
  { source: 'quobyte', check: ({ quobyte }, at) => (quobyte === undefined ? [] : storage.quobyteErrors(quobyte, at)) },
  { source: 'cephfs', check: ({ cephfs = {} }, at) => required(cephfs, ['monitors'], at) },
  { source: 'iscsi', check: ({ iscsi }, at, volume) => (iscsi === undefined ? [] : iscsiErrors(iscsi, volume, at)) },
  {
    source: 'cinder',
    check: ({ cinder }, at) => [
      ...requiredText(cinder?.volumeID, at.field('volumeID')),
      ...givenSecret(cinder?.secretRef, at.field('secretRef')),
    ],
  },
  { source: 'fc', check: ({ fc }, at) => (fc === undefined ? [] : storage.fibreChannelErrors(fc, at)) },
  { source: 'flexVolume', check: ({ flexVolume }, at) => (flexVolume === undefined ? [] : storage.flexErrors(flexVolume, at)) },
  {
    source: 'azureFile',
    check: ({ azureFile }, at) => [
      ...required(azureFile ?? {}, ['secretName', 'shareName'], at),
      ...(azureFile?.secretNamespace === '' ? [fieldErrors.required(at.field('secretNamespace'))] : []),
    ],
  },
  { source: 'vsphereVolume', check: ({ vsphereVolume = {} }, at) => required(vsphereVolume, ['volumePath'], at) },
  { source: 'photonPersistentDisk', check: ({ photonPersistentDisk = {} }, at) => required(photonPersistentDisk, ['pdID'], at) },
  { source: 'portworxVolume', check: ({ portworxVolume = {} }, at) => required(portworxVolume, ['volumeID'], at) },
  { source: 'azureDisk', check: ({ azureDisk }, at) => (azureDisk === undefined ? [] : storage.azureDiskErrors(azureDisk, at)) },
  { source: 'scaleIO', check: ({ scaleIO = {} }, at) => required(scaleIO, ['gateway', 'system', 'volumeName'], at) },
  { source: 'local', check: ({ local }, at) => localErrors(local?.path ?? '', at.field('path')) },
  {
    source: 'storageos',
    check: ({ storageos }, at) => [
      ...(storageos === undefined ? [] : storage.storageOsErrors({ ...storageos, secretRef: undefined }, at)),
      ...givenSecret(storageos?.secretRef, at.field('secretRef')),
    ],
  },
  { source: 'csi', check: ({ csi }, at) => (csi === undefined ? [] : csiVolumeErrors(csi, at)) },
];

/** The names of all sources. */
export const sourceNames: readonly SourceName[] = checks.map(({ source }) => source);

/**
 * A volume has exactly one source. `volume`: its name. A flexVolume beside another source passes, as upstream.
 */
export function volumeSourceErrors(spec: PersistentVolumeSource, volume: string, hasAffinity: boolean, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  let count = 0;
  for (const { source, check, path = source } of checks) {
    if (spec[source] === undefined) continue;
    if (count > 0 && source !== 'flexVolume') {
      const shown = source === 'cephfs' ? 'cephFS' : source;
      errors.push(fieldErrors.forbidden(at.field(shown), 'may not specify more than 1 volume type'));
      continue;
    }
    count += 1;
    errors.push(...check(spec, at.field(path), volume));
    if (source === 'local' && !hasAffinity) {
      errors.push(fieldErrors.required(at.field('nodeAffinity'), 'Local volume requires node affinity'));
    }
  }
  if (count === 0) errors.push(fieldErrors.required(at, 'must specify a volume type'));
  return errors;
}
