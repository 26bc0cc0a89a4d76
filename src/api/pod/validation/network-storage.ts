/**
 * Volumes on network storage, mostly of drivers that upstream has removed but still checks. Source:
 * pkg/apis/core/validation/validation.go.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type {
  AzureDiskVolumeSource,
  CSIVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  FlockerVolumeSource,
  ISCSIVolumeSource,
  NFSVolumeSource,
  QuobyteVolumeSource,
  StorageOSVolumeSource,
} from '../../generated/core/v1.ts';
import { isDns1123Subdomain, rangeComplaint } from '../../names.ts';
import { byteLength, dnsLabel, type Errors, invalidEach, oneOf, requiredText } from '../../validation/common.ts';

const iqnPattern = /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/;
const euiPattern = /^eui.[a-zA-Z0-9]{16}$/;
const naaPattern = /^naa.[a-zA-Z0-9]{32}$/;

const namePatterns = new Map([
  ['iqn', iqnPattern],
  ['eui', euiPattern],
  ['naa', naaPattern],
]);
const wellFormed = (name: string): boolean => namePatterns.get(name.slice(0, 3))?.test(name) ?? false;

/** The name of an iSCSI node. */
export const iscsiNameErrors = (name: string, at: FieldPath): Errors =>
  wellFormed(name) ? [] : [fieldErrors.invalid(at, name, 'must be valid format')];

/** The same for volumes of Pods, which say more of a name that begins badly. */
const initiatorErrors = (name: string, at: FieldPath): Errors =>
  namePatterns.has(name.slice(0, 3))
    ? iscsiNameErrors(name, at)
    : [fieldErrors.invalid(at, name, 'must be valid format starting with iqn, eui, or naa')];

/** A number from 0 to 255. */
export const inByteRange = (value: number, at: FieldPath): Errors =>
  value < 0 || value > 255 ? [fieldErrors.invalid(at, value, rangeComplaint(0, 255))] : [];

export function iscsiErrors(source: ISCSIVolumeSource, at: FieldPath): Errors {
  const { targetPortal, iqn, lun, secretRef, initiatorName } = source;
  const needsSecret = source.chapAuthDiscovery === true || source.chapAuthSession === true;
  return [
    ...requiredText(targetPortal, at.field('targetPortal')),
    ...(iqn === '' ? [fieldErrors.required(at.field('iqn'))] : initiatorErrors(iqn, at.field('iqn'))),
    ...inByteRange(lun, at.field('lun')),
    ...(needsSecret && secretRef === undefined ? [fieldErrors.required(at.field('secretRef'))] : []),
    ...(initiatorName === undefined ? [] : initiatorErrors(initiatorName, at.field('initiatorname'))),
  ];
}

export function fibreChannelErrors({ targetWWNs = [], wwids = [], lun }: FCVolumeSource, at: FieldPath): Errors {
  const here = at.field('targetWWNs');
  const errors: FieldError[] = [];
  if (targetWWNs.length === 0 && wwids.length === 0) {
    errors.push(fieldErrors.required(here, 'must specify either targetWWNs or wwids, but not both'));
  }
  if (targetWWNs.length > 0 && wwids.length > 0) {
    errors.push(fieldErrors.invalid(here, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
  }
  if (targetWWNs.length === 0) return errors;
  if (lun === undefined) return [...errors, fieldErrors.required(at.field('lun'), 'lun is required if targetWWNs is specified')];
  return [...errors, ...inByteRange(lun, at.field('lun'))];
}

export const nfsErrors = ({ server, path }: NFSVolumeSource, at: FieldPath): Errors => [
  ...requiredText(server, at.field('server')),
  ...requiredText(path, at.field('path')),
  ...(path.startsWith('/') ? [] : [fieldErrors.invalid(at.field('path'), path, 'must be an absolute path')]),
];

/** A cloud disk, identified by `id`, with a partition number. */
export const diskErrors = (id: string, idField: string, partition: number | undefined, at: FieldPath): Errors => [
  ...requiredText(id, at.field(idField)),
  ...(partition !== undefined && (partition < 0 || partition > 255)
    ? [fieldErrors.invalid(at.field('partition'), partition, rangeComplaint(1, 255))]
    : []),
];

const hostPortPattern = /^(?:\[[^\]]*\]|[^:[\]]*):[^:]*$/;

export function quobyteErrors({ registry, tenant = '', volume }: QuobyteVolumeSource, at: FieldPath): Errors {
  const pairs = 'must be a host:port pair or multiple pairs separated by commas';
  const here = at.field('registry');
  const errors: FieldError[] = [];
  if (registry === '') errors.push(fieldErrors.required(here, pairs));
  else if (byteLength(tenant) >= 65) {
    errors.push(fieldErrors.required(at.field('tenant'), 'must be a UUID and may not exceed a length of 64 characters'));
  } else {
    for (const pair of registry.split(',')) if (!hostPortPattern.test(pair)) errors.push(fieldErrors.invalid(here, registry, pairs));
  }
  return [...errors, ...requiredText(volume, at.field('volume'))];
}

export function flockerErrors({ datasetName = '', datasetUUID = '' }: FlockerVolumeSource, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  if (datasetName === '' && datasetUUID === '') errors.push(fieldErrors.required(at, 'one of datasetName and datasetUUID is required'));
  if (datasetName !== '' && datasetUUID !== '') {
    errors.push(fieldErrors.invalid(at, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  }
  if (datasetName.includes('/')) errors.push(fieldErrors.invalid(at.field('datasetName'), datasetName, "must not contain '/'"));
  return errors;
}

export const flexErrors = ({ driver, options = {} }: FlexVolumeSource, at: FieldPath): Errors => [
  ...requiredText(driver, at.field('driver')),
  ...Object.keys(options).flatMap((key) => {
    const namespace = `.${(key.split('/')[0] ?? '').toLowerCase()}`;
    return namespace.endsWith('.kubernetes.io') || namespace.endsWith('.k8s.io')
      ? [fieldErrors.invalid(at.field('options').key(key), key, 'kubernetes.io and k8s.io namespaces are reserved')]
      : [];
  }),
];

const managedUri = '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const blobUri = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

export function azureDiskErrors({ diskName, diskURI, cachingMode, kind }: AzureDiskVolumeSource, at: FieldPath): Errors {
  const errors: FieldError[] = [...requiredText(diskName, at.field('diskName')), ...requiredText(diskURI, at.field('diskURI'))];
  if (cachingMode !== undefined) errors.push(...oneOf(cachingMode, ['None', 'ReadOnly', 'ReadWrite'], at.field('cachingMode')));
  if (kind === undefined) return errors;
  errors.push(...oneOf(kind, ['Dedicated', 'Managed', 'Shared'], at.field('kind')));
  if (kind === 'Managed' && !diskURI.startsWith('/subscriptions/')) {
    errors.push(fieldErrors.notSupported(at.field('diskURI'), diskURI, [managedUri]));
  }
  if (kind !== 'Managed' && !diskURI.startsWith('https://')) errors.push(fieldErrors.notSupported(at.field('diskURI'), diskURI, [blobUri]));
  return errors;
}

export const storageOsErrors = ({ volumeName = '', volumeNamespace = '', secretRef }: StorageOSVolumeSource, at: FieldPath): Errors => [
  ...(volumeName === '' ? [fieldErrors.required(at.field('volumeName'))] : dnsLabel(volumeName, at.field('volumeName'))),
  ...(volumeNamespace === '' ? [] : dnsLabel(volumeNamespace, at.field('volumeNamespace'))),
  ...(secretRef === undefined ? [] : requiredText(secretRef.name, at.field('secretRef', 'name'))),
];

/** The name of a CSI driver. */
export const csiDriverErrors = (driver: string, at: FieldPath): Errors => [
  ...requiredText(driver, at),
  ...(byteLength(driver) > 63 ? [fieldErrors.tooLong(at, 63)] : []),
  ...invalidEach(isDns1123Subdomain(driver.toLowerCase()), driver, at),
];

export function csiErrors({ driver, nodePublishSecretRef }: CSIVolumeSource, at: FieldPath): Errors {
  const errors = csiDriverErrors(driver, at.field('driver'));
  if (nodePublishSecretRef === undefined) return errors;
  const { name = '' } = nodePublishSecretRef;
  if (name === '') return [...errors, fieldErrors.required(at.field('nodePublishSecretRef', 'name'))];
  return [...errors, ...invalidEach(isDns1123Subdomain(name), name, at.field('name'))];
}
