/** Volumes of Pods. Source: pkg/apis/core/validation/validation.go, ValidateVolumes. */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { HostPathVolumeSource, PersistentVolumeClaimTemplate, Volume } from '../../generated/core/v1.ts';
import { isDns1123Subdomain } from '../../names.ts';
import { tryParseQuantity } from '../../quantity.ts';
import { byteLength, dnsLabel, type Errors, oneOf, requiredText } from '../../validation/common.ts';
import { templateMetaErrors } from '../../validation/object-meta.ts';
import { pullPolicies } from './container.ts';
import * as storage from './network-storage.ts';
import { fileMode, noBacksteps } from './paths.ts';
import { claimSpecErrors } from './persistent-volume-claim.ts';
import { downwardFileErrors, keyToPathErrors, projectedErrors } from './projected.ts';
import type { Volumes } from './volume-mounts.ts';

/** The Pod that the volumes belong to; absent for templates. */
export type OwningPod = { readonly name: string } | undefined;

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'] as const;

export const hostPathErrors = ({ path, type }: HostPathVolumeSource, at: FieldPath): Errors =>
  path === ''
    ? [fieldErrors.required(at.field('path'))]
    : [...noBacksteps(path, at.field('path')), ...oneOf(type, hostPathTypes, at.field('type'))];

function templateErrors({ metadata, spec }: PersistentVolumeClaimTemplate, at: FieldPath): Errors {
  return [...templateMetaErrors(metadata, at.field('metadata')), ...claimSpecErrors(spec, at.field('spec'))];
}

type Check = (volume: Volume, at: FieldPath, pod: OwningPod) => Errors;
const requires =
  (source: keyof Volume, ...fields: readonly string[]): Check =>
  (volume, at) => {
    // Every source is an object; only the fields named are looked at.
    const object = volume[source] as Readonly<Record<string, unknown>>;
    return fields.flatMap((field) => {
      const value = object[field];
      return value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
        ? [fieldErrors.required(at.field(field))]
        : [];
    });
  };

const ephemeralErrors: Check = ({ ephemeral }, at) =>
  ephemeral?.volumeClaimTemplate === undefined
    ? [fieldErrors.required(at.field('volumeClaimTemplate'))]
    : templateErrors(ephemeral.volumeClaimTemplate, at.field('volumeClaimTemplate'));

/** A check per source, in upstream's order, with the name that its path has when it differs from the field's. */
const checks: ReadonlyArray<readonly [source: Exclude<keyof Volume, 'name'>, check: Check, path?: string]> = [
  [
    'emptyDir',
    ({ emptyDir }, at) =>
      (tryParseQuantity(emptyDir?.sizeLimit)?.nanos ?? 0n) < 0n
        ? [fieldErrors.forbidden(at.field('sizeLimit'), 'SizeLimit field must be a valid resource quantity')]
        : [],
  ],
  ['hostPath', ({ hostPath }, at) => (hostPath === undefined ? [] : hostPathErrors(hostPath, at))],
  ['gitRepo', ({ gitRepo }, at) => (gitRepo === undefined ? [] : gitRepoErrors(gitRepo.repository, gitRepo.directory ?? '', at))],
  [
    'gcePersistentDisk',
    ({ gcePersistentDisk: disk }, at) => (disk === undefined ? [] : storage.diskErrors(disk.pdName, 'pdName', disk.partition, at)),
    'persistentDisk',
  ],
  [
    'awsElasticBlockStore',
    ({ awsElasticBlockStore: disk }, at) => (disk === undefined ? [] : storage.diskErrors(disk.volumeID, 'volumeID', disk.partition, at)),
  ],
  [
    'secret',
    ({ secret }, at) => [
      ...requiredText(secret?.secretName, at.field('secretName')),
      ...fileMode(secret?.defaultMode, at.field('defaultMode')),
      ...(secret?.items ?? []).flatMap((item, i) => keyToPathErrors(item, at.field('items').index(i))),
    ],
  ],
  ['nfs', ({ nfs }, at) => (nfs === undefined ? [] : storage.nfsErrors(nfs, at))],
  ['iscsi', ({ iscsi }, at) => (iscsi === undefined ? [] : storage.iscsiErrors(iscsi, at))],
  ['glusterfs', requires('glusterfs', 'endpoints', 'path')],
  ['flocker', ({ flocker }, at) => (flocker === undefined ? [] : storage.flockerErrors(flocker, at))],
  ['persistentVolumeClaim', requires('persistentVolumeClaim', 'claimName')],
  ['rbd', requires('rbd', 'monitors', 'image')],
  [
    'cinder',
    ({ cinder }, at) => [
      ...requiredText(cinder?.volumeID, at.field('volumeID')),
      ...(cinder?.secretRef === undefined ? [] : requiredText(cinder.secretRef.name, at.field('secretRef', 'name'))),
    ],
  ],
  ['cephfs', requires('cephfs', 'monitors')],
  ['quobyte', ({ quobyte }, at) => (quobyte === undefined ? [] : storage.quobyteErrors(quobyte, at))],
  [
    'downwardAPI',
    ({ downwardAPI }, at) => [
      ...fileMode(downwardAPI?.defaultMode, at.field('defaultMode')),
      ...(downwardAPI?.items ?? []).flatMap((file) => downwardFileErrors(file, at)),
    ],
  ],
  ['fc', ({ fc }, at) => (fc === undefined ? [] : storage.fibreChannelErrors(fc, at))],
  ['flexVolume', ({ flexVolume }, at) => (flexVolume === undefined ? [] : storage.flexErrors(flexVolume, at))],
  [
    'configMap',
    ({ configMap }, at) => [
      ...requiredText(configMap?.name, at.field('name')),
      ...fileMode(configMap?.defaultMode, at.field('defaultMode')),
      ...(configMap?.items ?? []).flatMap((item, i) => keyToPathErrors(item, at.field('items').index(i))),
    ],
  ],
  ['azureFile', requires('azureFile', 'secretName', 'shareName')],
  ['vsphereVolume', requires('vsphereVolume', 'volumePath')],
  ['photonPersistentDisk', requires('photonPersistentDisk', 'pdID')],
  ['portworxVolume', requires('portworxVolume', 'volumeID')],
  ['azureDisk', ({ azureDisk }, at) => (azureDisk === undefined ? [] : storage.azureDiskErrors(azureDisk, at))],
  ['storageos', ({ storageos }, at) => (storageos === undefined ? [] : storage.storageOsErrors(storageos, at))],
  ['projected', ({ projected }, at) => (projected === undefined ? [] : projectedErrors(projected, at))],
  ['scaleIO', requires('scaleIO', 'gateway', 'system', 'volumeName')],
  ['csi', ({ csi }, at) => (csi === undefined ? [] : storage.csiErrors(csi, at))],
  ['ephemeral', ephemeralErrors],
  [
    'image',
    ({ image }, at, pod) => [
      ...(pod === undefined ? [] : requiredText(image?.reference, at.field('reference'))),
      ...(image?.pullPolicy === undefined ? [] : oneOf(image.pullPolicy, pullPolicies, at.field('pullPolicy'))),
    ],
  ],
];

function gitRepoErrors(repository: string, directory: string, at: FieldPath): Errors {
  return [
    ...requiredText(repository, at.field('repository')),
    ...(directory.startsWith('/') ? [fieldErrors.invalid(at.field('directory'), directory, 'must be a relative path')] : []),
    ...noBacksteps(directory, at.field('directory')),
  ];
}

/** Checks that depend on the volume's own name. */
function nameDependentErrors({ name, iscsi, ephemeral }: Volume, pod: OwningPod, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  if (iscsi?.initiatorName !== undefined && byteLength(`${name}:${iscsi.targetPortal}`) > 64) {
    errors.push(
      fieldErrors.invalid(
        at.field('name'),
        name,
        'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
      ),
    );
  }
  if (ephemeral !== undefined && pod !== undefined && pod.name !== '' && name !== '') {
    const claim = `${pod.name}-${name}`;
    for (const complaint of isDns1123Subdomain(claim)) {
      errors.push(fieldErrors.invalid(at.field('name'), name, `PVC name ${JSON.stringify(claim)}: ${complaint}`));
    }
  }
  return errors;
}

/** Upstream's names of sources that come second, where they are not the field's. */
const namesOfSecond: Readonly<Record<string, string>> = { cephfs: 'cephFS', downwardAPI: 'downwarAPI' };

function sourceErrors(volume: Volume, pod: OwningPod, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  let count = 0;
  for (const [source, check, path] of checks) {
    if (volume[source] === undefined) continue;
    if (count++ > 0)
      errors.push(fieldErrors.forbidden(at.field(namesOfSecond[source] ?? source), 'may not specify more than 1 volume type'));
    else errors.push(...check(volume, at.field(path ?? source), pod));
  }
  if (count === 0) errors.push(fieldErrors.required(at, 'must specify a volume type'));
  return [...errors, ...nameDependentErrors(volume, pod, at)];
}

/** Checks the volumes of a Pod. Returns the errors, and the valid volumes by name. */
export function volumesErrors(
  volumes: readonly Volume[],
  pod: OwningPod,
  at: FieldPath,
): { readonly good: Volumes; readonly errors: Errors } {
  const errors: FieldError[] = [];
  const good = new Map<string, Volume>();
  const made = new Set(volumes.filter(({ ephemeral }) => ephemeral !== undefined).map(({ name }) => `${pod?.name ?? ''}-${name}`));
  for (const [i, volume] of volumes.entries()) {
    const here = at.index(i);
    const { name, persistentVolumeClaim: claim } = volume;
    const own = [
      ...sourceErrors(volume, pod, here),
      ...(name === '' ? [fieldErrors.required(here.field('name'))] : dnsLabel(name, here.field('name'))),
      ...(good.has(name) ? [fieldErrors.duplicate(here.field('name'), name)] : []),
    ];
    if (own.length === 0) good.set(name, volume);
    errors.push(...own);
    if (claim !== undefined && pod !== undefined && pod.name !== '' && made.has(claim.claimName)) {
      errors.push(
        fieldErrors.invalid(
          here.field('persistentVolumeClaim', 'claimName'),
          claim.claimName,
          'must not reference a PVC that gets created for an ephemeral volume',
        ),
      );
    }
  }
  return { good, errors };
}
