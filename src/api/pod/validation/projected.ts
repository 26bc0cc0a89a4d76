/**
 * Volumes made of files that the kubelet writes: projected and downward-API. Source:
 * pkg/apis/core/validation/validation.go.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type {
  ClusterTrustBundleProjection,
  DownwardAPIVolumeFile,
  KeyToPath,
  PodCertificateProjection,
  ProjectedVolumeSource,
  ServiceAccountTokenProjection,
  VolumeProjection,
} from '../../generated/core/v1.ts';
import { isDns1123Subdomain } from '../../names.ts';
import { type Errors, invalidEach, labelSelectorErrors, oneOf, requiredText } from '../../validation/common.ts';
import { resourceFieldRefErrors, volumeFieldRefErrors } from './env.ts';
import { fileMode, localPath } from './paths.ts';

/** A key and the file that it becomes. */
export const keyToPathErrors = ({ key, path, mode }: KeyToPath, at: FieldPath): Errors => [
  ...requiredText(key, at.field('key')),
  ...requiredText(path, at.field('path')),
  ...localPath(path, at.field('path')),
  ...fileMode(mode, at.field('mode')),
];

/** A field of the Pod and the file that it becomes; upstream reports it at the volume. */
export function downwardFileErrors({ path, fieldRef, resourceFieldRef, mode }: DownwardAPIVolumeFile, at: FieldPath): Errors {
  const errors: FieldError[] = [...requiredText(path, at.field('path')), ...localPath(path, at.field('path'))];
  if (fieldRef !== undefined) {
    errors.push(...volumeFieldRefErrors(fieldRef, at.field('fieldRef')));
    if (resourceFieldRef !== undefined) {
      errors.push(fieldErrors.invalid(at, 'resource', 'fieldRef and resourceFieldRef can not be specified simultaneously'));
    }
  } else if (resourceFieldRef !== undefined) {
    errors.push(...resourceFieldRefErrors(resourceFieldRef, true, at.field('resourceFieldRef')));
  } else errors.push(fieldErrors.required(at, 'one of fieldRef and resourceFieldRef is required'));
  return [...errors, ...fileMode(mode, at.field('mode'))];
}

function tokenErrors({ expirationSeconds: seconds, path }: ServiceAccountTokenProjection, volume: FieldPath, at: FieldPath): Errors {
  const here = at.field('expirationSeconds');
  const errors: FieldError[] = [];
  if (seconds < 600) errors.push(fieldErrors.invalid(here, seconds, 'may not specify a duration less than 10 minutes'));
  if (seconds > 2 ** 32) errors.push(fieldErrors.invalid(here, seconds, 'may not specify a duration larger than 2^32 seconds'));
  return [...errors, ...(path === '' ? [fieldErrors.required(volume.field('path'))] : localPath(path, volume.field('path')))];
}

function signerNameErrors(name: string, at: FieldPath): Errors {
  if (name === '') return [fieldErrors.required(at)];
  const [host = '', ...path] = name.split('/');
  if (path.length !== 1 || host === '' || path[0] === '') {
    return [fieldErrors.invalid(at, name, 'must be a fully qualified domain and path of the form "example.com/signer-name"')];
  }
  return [
    ...invalidEach(isDns1123Subdomain(host), name, at),
    ...(host.includes('.') ? [] : [fieldErrors.invalid(at, name, 'should be a domain with at least two segments separated by dots')]),
    ...invalidEach(isDns1123Subdomain(path[0] ?? ''), name, at),
  ];
}

function trustBundleErrors({ name, signerName, labelSelector, path }: ClusterTrustBundleProjection, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  if (name !== undefined && signerName !== undefined) {
    errors.push(fieldErrors.invalid(at, { name, signerName, path }, 'only one of name and signerName may be used'));
  } else if (name !== undefined) {
    if (name === '') errors.push(fieldErrors.required(at.field('name'), 'must be a valid object name'));
    const own = name.slice(name.lastIndexOf(':') + 1);
    for (const complaint of isDns1123Subdomain(own)) {
      errors.push(fieldErrors.invalid(at.field('name'), name, `not a valid clustertrustbundlename: ${complaint}`));
    }
    if (labelSelector !== undefined) {
      errors.push(fieldErrors.invalid(at.field('labelSelector'), labelSelector, 'labelSelector must be unset if name is specified'));
    }
  } else if (signerName !== undefined) {
    if (signerName === '') errors.push(fieldErrors.required(at.field('signerName'), 'must be a valid signer name'));
    errors.push(...signerNameErrors(signerName, at.field('signerName')), ...labelSelectorErrors(labelSelector, at.field('labelSelector')));
  } else errors.push(fieldErrors.required(at, 'either name or signerName must be specified'));
  return [...errors, ...requiredText(path, at.field('path')), ...localPath(path, at.field('path'))];
}

const keyTypes = ['ECDSAP256', 'ECDSAP384', 'ECDSAP521', 'ED25519', 'RSA3072', 'RSA4096'] as const;

function certificateErrors(projection: PodCertificateProjection, at: FieldPath): Errors {
  const { signerName = '', keyType = '', maxExpirationSeconds: seconds } = projection;
  const files = ['credentialBundlePath', 'keyPath', 'certificateChainPath'] as const;
  const errors: FieldError[] = [...signerNameErrors(signerName, at.field('signerName')), ...oneOf(keyType, keyTypes, at.field('keyType'))];
  if (seconds !== undefined && (seconds < 3600 || seconds > 91 * 86_400)) {
    const complaint =
      seconds < 3600 ? 'if provided, maxExpirationSeconds must be >= 3600' : 'if provided, maxExpirationSeconds must be <= 7862400';
    errors.push(fieldErrors.invalid(at.field('maxExpirationSeconds'), seconds, complaint));
  }
  if (files.every((file) => (projection[file] ?? '') === '')) {
    errors.push(fieldErrors.required(at, 'specify at least one of credentialBundlePath, keyPath, and certificateChainPath'));
  }
  return [...errors, ...files.flatMap((file) => localPath(projection[file] ?? '', at.field(file)))];
}

/** The files that one source writes, each with the value that upstream shows when two collide. */
function filesOf({ secret, configMap, downwardAPI, clusterTrustBundle }: VolumeProjection): ReadonlyArray<readonly [string, string]> {
  return [
    ...(secret?.items ?? []).map(({ path }) => [path, secret?.name ?? ''] as const),
    ...(configMap?.items ?? []).map(({ path }) => [path, configMap?.name ?? ''] as const),
    ...(downwardAPI?.items ?? []).map(({ path }) => [path, path] as const),
    ...(clusterTrustBundle === undefined ? [] : [[clusterTrustBundle.path, clusterTrustBundle.path] as const]),
  ];
}

function sourceErrors(source: VolumeProjection, volume: FieldPath, at: FieldPath): Errors {
  const errors: FieldError[] = [];
  for (const name of ['secret', 'configMap'] as const) {
    const projection = source[name];
    if (projection === undefined) continue;
    errors.push(...requiredText(projection.name, at.field(name, 'name')));
    for (const [i, item] of (projection.items ?? []).entries()) errors.push(...keyToPathErrors(item, at.field(name, 'items').index(i)));
  }
  for (const file of source.downwardAPI?.items ?? []) errors.push(...downwardFileErrors(file, at.field('downwardAPI')));
  if (source.serviceAccountToken !== undefined) {
    errors.push(...tokenErrors(source.serviceAccountToken, volume, at.field('serviceAccountToken')));
  }
  if (source.clusterTrustBundle !== undefined) errors.push(...trustBundleErrors(source.clusterTrustBundle, at.field('clusterTrustBundle')));
  if (source.podCertificate !== undefined) errors.push(...certificateErrors(source.podCertificate, at.field('podCertificate')));
  if (Object.values(source).filter((one) => one !== undefined).length > 1) {
    errors.push(fieldErrors.forbidden(at, 'may not specify more than 1 volume type per source'));
  }
  return errors;
}

/** A projected volume: no two of its sources may write the same file. */
export function projectedErrors({ sources, defaultMode }: ProjectedVolumeSource, at: FieldPath): Errors {
  const errors: FieldError[] = [...fileMode(defaultMode, at.field('defaultMode'))];
  const files = new Set<string>();
  for (const [i, source] of (sources ?? []).entries()) {
    errors.push(...sourceErrors(source, at, at.field('sources').index(i)));
    for (const [path, shown] of filesOf(source)) {
      if (path === '') continue;
      if (files.has(path)) errors.push(fieldErrors.invalid(at, shown, 'conflicting duplicate paths'));
      files.add(path);
    }
  }
  return errors;
}
