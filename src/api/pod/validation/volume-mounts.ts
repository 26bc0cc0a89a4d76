/** Mounts and devices of a container. Source: pkg/apis/core/validation/validation.go. */
import { type FieldError, type FieldPath, fieldErrors } from '../../field-error.ts';
import type { Container, EphemeralContainer, Volume, VolumeDevice, VolumeMount } from '../../generated/core/v1.ts';
import { type Errors, oneOf, requiredText } from '../../validation/common.ts';
import { descendingPath, noBacksteps } from './paths.ts';

/** The valid volumes of a Pod, by name. */
export type Volumes = ReadonlyMap<string, Volume>;

const propagations = ['Bidirectional', 'HostToContainer', 'None'] as const;

function propagationErrors(mount: VolumeMount, privileged: boolean, at: FieldPath): Errors {
  const { mountPropagation: mode } = mount;
  if (mode === undefined) return [];
  const errors: FieldError[] = [...oneOf(mode, propagations, at)];
  if (mode === 'Bidirectional' && !privileged) {
    errors.push(fieldErrors.forbidden(at, 'Bidirectional mount propagation is available only to privileged containers'));
  }
  return errors;
}

function recursiveReadOnlyErrors({ recursiveReadOnly: mode, readOnly, mountPropagation }: VolumeMount, at: FieldPath): Errors {
  if (mode === undefined || mode === 'Disabled') return [];
  if (mode !== 'Enabled' && mode !== 'IfPossible') return oneOf(mode, ['Disabled', 'Enabled', 'IfPossible'], at);
  const errors: FieldError[] = [];
  if (readOnly !== true) errors.push(fieldErrors.forbidden(at, 'may only be specified when readOnly is true'));
  if (mountPropagation !== undefined && mountPropagation !== 'None') {
    errors.push(fieldErrors.forbidden(at, 'may only be specified when mountPropagation is None or not specified'));
  }
  return errors;
}

/** Upstream reports bad sub-paths at the list, not at the mount. */
function subPathErrors({ subPath = '', subPathExpr = '' }: VolumeMount, list: FieldPath, at: FieldPath): Errors {
  const errors: FieldError[] = subPath === '' ? [] : [...descendingPath(subPath, list.field('subPath'))];
  if (subPathExpr === '') return errors;
  if (subPath !== '') {
    errors.push(fieldErrors.invalid(at.field('subPathExpr'), subPathExpr, 'subPathExpr and subPath are mutually exclusive'));
  }
  return [...errors, ...descendingPath(subPathExpr, list.field('subPathExpr'))];
}

/** The volume mounts of a container. */
export function volumeMountErrors(container: Container | EphemeralContainer, volumes: Volumes, list: FieldPath): Errors {
  const errors: FieldError[] = [];
  const paths = new Set<string>();
  const devices = container.volumeDevices ?? [];
  const privileged = container.securityContext?.privileged === true;
  for (const [i, mount] of (container.volumeMounts ?? []).entries()) {
    const at = list.index(i);
    errors.push(...requiredText(mount.name, at.field('name')));
    if (!volumes.has(mount.name)) errors.push(fieldErrors.notFound(at.field('name'), mount.name));
    errors.push(...requiredText(mount.mountPath, at.field('mountPath')));
    if (paths.has(mount.mountPath)) errors.push(fieldErrors.invalid(at.field('mountPath'), mount.mountPath, 'must be unique'));
    paths.add(mount.mountPath);
    if (devices.some(({ name }) => name === mount.name)) {
      errors.push(fieldErrors.invalid(at.field('name'), mount.name, 'must not already exist in volumeDevices'));
    }
    if (devices.some(({ devicePath }) => devicePath === mount.mountPath)) {
      errors.push(fieldErrors.invalid(at.field('mountPath'), mount.mountPath, 'must not already exist as a path in volumeDevices'));
    }
    errors.push(...subPathErrors(mount, list, at));
    errors.push(...propagationErrors(mount, privileged, list.field('mountPropagation')));
    errors.push(...recursiveReadOnlyErrors(mount, list.field('recursiveReadOnly')));
  }
  return errors;
}

interface DeviceSurroundings {
  readonly volumes: Volumes;
  readonly mounts: readonly VolumeMount[];
  /** Of the devices before it. */
  readonly paths: ReadonlySet<string>;
}

function deviceErrors({ name, devicePath }: VolumeDevice, { volumes, mounts, paths }: DeviceSurroundings, at: FieldPath): Errors {
  const volume = volumes.get(name);
  const errors: FieldError[] = [];
  if (volume === undefined) errors.push(fieldErrors.notFound(at.field('name'), name));
  else if (volume.persistentVolumeClaim === undefined && volume.ephemeral === undefined) {
    errors.push(
      fieldErrors.invalid(at.field('name'), name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode'),
    );
  }
  errors.push(...requiredText(devicePath, at.field('devicePath')));
  if (paths.has(devicePath)) errors.push(fieldErrors.invalid(at.field('devicePath'), devicePath, 'must be unique'));
  if (noBacksteps(devicePath, at).length > 0) {
    errors.push(fieldErrors.invalid(at.field('devicePath'), devicePath, "can not contain backsteps ('..')"));
  }
  if (mounts.some((mount) => mount.name === name)) {
    errors.push(fieldErrors.invalid(at.field('name'), name, 'must not already exist in volumeMounts'));
  }
  if (mounts.some(({ mountPath }) => mountPath === devicePath)) {
    errors.push(fieldErrors.invalid(at.field('devicePath'), devicePath, 'must not already exist as a path in volumeMounts'));
  }
  return errors;
}

/** The block devices of a container. */
export function volumeDeviceErrors(container: Container | EphemeralContainer, volumes: Volumes, list: FieldPath): Errors {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  const paths = new Set<string>();
  for (const [i, device] of (container.volumeDevices ?? []).entries()) {
    const at = list.index(i);
    errors.push(...requiredText(device.name, at.field('name')));
    if (names.has(device.name)) errors.push(fieldErrors.invalid(at.field('name'), device.name, 'must be unique'));
    errors.push(...deviceErrors(device, { volumes, mounts: container.volumeMounts ?? [], paths }, at));
    paths.add(device.devicePath);
    if (device.name !== '') names.add(device.name);
  }
  return errors;
}
