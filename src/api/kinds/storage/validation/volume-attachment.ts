/** What is wrong with a VolumeAttachment. Source: pkg/apis/storage/validation/validation.go. */
import { deepEqual } from '../../../deep-equal.ts';
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { PersistentVolumeSpec } from '../../../generated/core/v1.ts';
import type { VolumeAttachment, VolumeAttachmentSource, VolumeAttachmentSpec, VolumeError } from '../../../generated/storage/v1.ts';
import { accessModeErrors } from '../../../pod/validation/persistent-volume-claim.ts';
import { byteLength, dnsSubdomain, type Errors } from '../../../validation/common.ts';
import { volumeSourceErrors } from '../../core/validation/persistent-volume-source.ts';
import { driverNameErrors } from './csi-node.ts';

const maxMetadataBytes = 256 * 1024;
const maxMessageBytes = 1024;
const maxInt32 = 2 ** 31 - 1;

function sourceErrors({ persistentVolumeName: name, inlineVolumeSpec: inline }: VolumeAttachmentSource, at: FieldPath): Errors {
  const rule = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inline === undefined && name === undefined) return [fieldErrors.required(at, rule)];
  if (inline !== undefined && name !== undefined) return [fieldErrors.forbidden(at, rule)];
  if (inline !== undefined) return inlineVolumeErrors(inline, at.field('inlineVolumeSpec'));
  return name === '' ? [fieldErrors.required(at.field('persistentVolumeName'), 'must specify non empty persistentVolumeName')] : [];
}

function volumeErrorErrors(error: VolumeError | undefined, at: FieldPath): Errors {
  if (error === undefined) return [];
  const errors: FieldError[] = [];
  // Upstream names another limit than the one it keeps to.
  if (byteLength(error.message ?? '') > maxMessageBytes) errors.push(fieldErrors.tooLong(at.field('message'), maxMetadataBytes));
  const { errorCode: code } = error;
  if (code !== undefined && code < 0) {
    errors.push(fieldErrors.invalid(at.field('errorCode'), code, `must be between 0 and ${maxInt32}, inclusive`));
  }
  return errors;
}

function metadataErrors(metadata: Readonly<Record<string, string>> | undefined, at: FieldPath): Errors {
  let total = 0;
  for (const [name, value] of Object.entries(metadata ?? {})) total += byteLength(name) + byteLength(value);
  return total > maxMetadataBytes ? [fieldErrors.tooLong(at, maxMetadataBytes)] : [];
}

export function attachmentErrors({ spec, status }: VolumeAttachment, at: FieldPath): Errors {
  const here = at.field('spec');
  const state = at.field('status');
  const name = spec.source.persistentVolumeName;
  return [
    ...driverNameErrors(spec.attacher, here.field('attacher')),
    ...sourceErrors(spec.source, here.field('source')),
    ...dnsSubdomain(spec.nodeName, here.field('nodeName')),
    ...metadataErrors(status.attachmentMetadata, state.field('attachmentMetadata')),
    ...volumeErrorErrors(status.attachError, state.field('attachError')),
    ...volumeErrorErrors(status.detachError, state.field('detachError')),
    ...(name === undefined ? [] : dnsSubdomain(name, here.field('source', 'persistentVolumeName'))),
  ];
}

/** A spec as upstream shows it: with the names of its own types. */
const shown = ({ attacher, source, nodeName }: VolumeAttachmentSpec): unknown => ({
  Attacher: attacher,
  Source: { PersistentVolumeName: source.persistentVolumeName ?? null, InlineVolumeSpec: source.inlineVolumeSpec ?? null },
  NodeName: nodeName,
});

export const attachmentUpdateErrors = (next: VolumeAttachment, previous: VolumeAttachment, at: FieldPath): Errors =>
  deepEqual(next.spec, previous.spec) ? [] : [fieldErrors.invalid(at.field('spec'), shown(next.spec), 'field is immutable')];

/** The spec of a volume that has no PersistentVolume: it must be of CSI. */
function inlineVolumeErrors(spec: PersistentVolumeSpec, at: FieldPath): Errors {
  const { accessModes = [], claimRef, capacity = {}, nodeAffinity, storageClassName = '' } = spec;
  const context = 'in the context of inline volumes';
  const forbidden = (isSet: boolean, field: string, rule = 'may not be specified'): Errors =>
    isSet ? [fieldErrors.forbidden(at.field(field), `${rule} ${context}`)] : [];
  return [
    ...forbidden(claimRef !== undefined, 'claimRef'),
    ...forbidden(Object.keys(capacity).length > 0, 'capacity'),
    ...(spec.csi === undefined ? [fieldErrors.required(at.field('csi'), `has to be specified ${context}`)] : []),
    ...(accessModes.length === 0 ? [fieldErrors.required(at.field('accessModes'))] : []),
    ...accessModeErrors(accessModes, at.field('accessModes')),
    ...forbidden(!['', 'Retain'].includes(spec.persistentVolumeReclaimPolicy ?? ''), 'persistentVolumeReclaimPolicy', 'may only be Retain'),
    ...forbidden(nodeAffinity !== undefined, 'nodeAffinity'),
    ...volumeSourceErrors(spec, '', false, at),
    ...forbidden(storageClassName !== '', 'storageClassName'),
    ...forbidden(!['Filesystem', undefined].includes(spec.volumeMode), 'volumeMode', 'may not specify volumeMode other than Filesystem'),
  ];
}
