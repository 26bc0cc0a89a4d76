/** The volumes of a Pod or a template. Source: kubectl pkg/describe/describe.go (describeVolumes). */

import type {
  CSIVolumeSource,
  EphemeralVolumeSource,
  PersistentVolumeSpec,
  ProjectedVolumeSource,
  Volume,
} from '../../../../api/generated/core/v1.ts';
import { goValue } from '../../../../api/go-format.ts';
import type { JsonValue } from '../../../../api/json.ts';
import { canonicalQuantity, parseQuantity } from '../../../../api/quantity.ts';
import { type DescriptionWriter, nested } from '../../output/description.ts';
import { sortedEntries, writeAnnotations, writeLabels } from './common.ts';
import { type PlainSource, plainSources } from './plain-volume-sources.ts';

/** A field's value as Go's `%v` prints it within its struct. */
function fieldText(source: Readonly<Record<string, JsonValue>>, field: string, absent: JsonValue): string {
  const value = source[field];
  if (field === 'secretRef') {
    // In Go the field is a pointer to a struct with one field.
    const name = typeof value === 'object' && value !== null && 'name' in value ? String(value.name) : '';
    return value === undefined ? 'nil' : `&LocalObjectReference{Name:${name},}`;
  }
  if (field === 'targetWWNs' && Array.isArray(value)) return value.join(', ');
  return goValue(value ?? absent);
}

function writePlain(to: DescriptionWriter, { type, lines }: PlainSource, source: Readonly<Record<string, JsonValue>>): void {
  to.line(2, 'Type:', type);
  for (const [title, field, absent = ''] of lines) to.line(2, `${title}:`, fieldText(source, field, absent));
}

function writeProjected(to: DescriptionWriter, { sources = [] }: ProjectedVolumeSource): void {
  to.line(2, 'Type:', 'Projected (a volume that contains injected data from multiple sources)');
  for (const { secret, downwardAPI, configMap, serviceAccountToken } of sources ?? []) {
    if (secret !== undefined) {
      to.line(2, 'SecretName:', secret.name ?? '');
      to.line(2, 'Optional:', secret.optional === true);
    } else if (downwardAPI !== undefined) to.line(2, 'DownwardAPI:', 'true');
    else if (configMap !== undefined) {
      to.line(2, 'ConfigMapName:', configMap.name ?? '');
      to.line(2, 'Optional:', configMap.optional === true);
    } else if (serviceAccountToken !== undefined) to.line(2, 'TokenExpirationSeconds:', serviceAccountToken.expirationSeconds ?? 3600);
  }
}

function writeCsi(to: DescriptionWriter, csi: CSIVolumeSource): void {
  to.line(2, 'Type:', 'CSI (a Container Storage Interface (CSI) volume source)');
  to.line(2, 'Driver:', csi.driver);
  to.line(2, 'FSType:', csi.fsType ?? '');
  to.line(2, 'ReadOnly:', csi.readOnly === true);
  writeAttributes(to, csi.volumeAttributes, '\t    ', '    \t    ');
}

function writeAttributes(to: DescriptionWriter, attributes: CSIVolumeSource['volumeAttributes'], first: string, next: string): void {
  const lines = sortedEntries(attributes).map(([key, value]) => `${key}=${value}`);
  if (lines.length === 0) to.write(2, 'VolumeAttributes:\t<none>\n');
  for (const [i, line] of lines.entries()) {
    const text = line.length > 140 ? `${line.slice(0, 140)}...` : line;
    to.write(2, i === 0 ? `VolumeAttributes:${first}${text}\n` : `${next}${text}\n`);
  }
}

function writeEphemeral(to: DescriptionWriter, { volumeClaimTemplate }: EphemeralVolumeSource): void {
  to.line(2, 'Type:', 'EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)');
  if (volumeClaimTemplate === undefined) return;
  const { metadata, spec } = volumeClaimTemplate;
  const inner = nested(to, 2);
  inner.line(0, 'StorageClass:', metadata?.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? spec.storageClassName ?? '');
  inner.line(0, 'Volume:', spec.volumeName ?? '');
  writeLabels(inner, 'Labels', metadata?.labels);
  writeAnnotations(inner, 'Annotations', metadata?.annotations);
  inner.line(0, 'Capacity:', '');
  inner.line(0, 'Access Modes:', '');
  if (spec.volumeMode !== undefined) inner.line(0, 'VolumeMode:', spec.volumeMode);
  const { dataSource } = spec;
  if (dataSource === undefined) return;
  inner.write(0, 'DataSource:\n');
  if (dataSource.apiGroup != null) inner.line(1, 'APIGroup:', dataSource.apiGroup);
  inner.line(1, 'Kind:', dataSource.kind);
  inner.line(1, 'Name:', dataSource.name);
}

function writeVolume(to: DescriptionWriter, volume: Volume): void {
  const { emptyDir, downwardAPI, projected, csi, ephemeral } = volume;
  if (emptyDir !== undefined) {
    const limit = emptyDir.sizeLimit;
    to.line(2, 'Type:', "EmptyDir (a temporary directory that shares a pod's lifetime)");
    to.line(2, 'Medium:', emptyDir.medium ?? '');
    to.line(2, 'SizeLimit:', limit !== undefined && parseQuantity(limit).nanos > 0n ? canonicalQuantity(limit) : '<unset>');
  } else if (downwardAPI !== undefined) {
    to.write(2, 'Type:\tDownwardAPI (a volume populated by information about the pod)\n    Items:\n');
    for (const { fieldRef, resourceFieldRef, path } of downwardAPI.items ?? []) {
      if (fieldRef !== undefined) to.write(3, `${fieldRef.fieldPath} -> ${path}\n`);
      if (resourceFieldRef !== undefined) to.write(3, `${resourceFieldRef.resource} -> ${path}\n`);
    }
  } else if (projected !== undefined) writeProjected(to, projected);
  else if (csi !== undefined) writeCsi(to, csi);
  else if (ephemeral !== undefined) writeEphemeral(to, ephemeral);
  else writeOther(to, volume);
}

function writeOther(to: DescriptionWriter, volume: Volume): void {
  const [name, source] = Object.entries(volume).find(([key, value]) => key !== 'name' && value !== undefined) ?? [];
  const known = plainSources[name ?? ''];
  if (known === undefined || typeof source !== 'object') to.write(1, '<unknown>\n');
  // The source of a volume is an object of plain fields.
  else writePlain(to, known, source as Readonly<Record<string, JsonValue>>);
}

/** Writes the source of a PersistentVolume. */
export function writePersistentSource(to: DescriptionWriter, spec: PersistentVolumeSpec): void {
  const { csi } = spec;
  if (csi !== undefined) {
    to.line(2, 'Type:', 'CSI (a Container Storage Interface (CSI) volume source)');
    to.line(2, 'Driver:', csi.driver);
    to.line(2, 'FSType:', csi.fsType ?? '');
    to.line(2, 'VolumeHandle:', csi.volumeHandle);
    to.line(2, 'ReadOnly:', csi.readOnly === true);
    writeAttributes(to, csi.volumeAttributes, '\t', '\t');
    return;
  }
  const [name, source] = Object.entries(spec).find(([key, value]) => plainSources[key] !== undefined && value !== undefined) ?? [];
  const known = plainSources[name ?? ''];
  if (known === undefined || typeof source !== 'object') to.write(1, '<unknown>\n');
  // The source of a volume is an object of plain fields.
  else writePlain(to, known, source as Readonly<Record<string, JsonValue>>);
}

/** Writes volumes. `indent` is put before the title; when it is not empty, names are indented by one more space. */
export function writeVolumes(to: DescriptionWriter, volumes: readonly Volume[] | undefined, indent = ''): void {
  if (volumes === undefined || volumes.length === 0) {
    to.write(0, `${indent}Volumes:\t<none>\n`);
    return;
  }
  to.write(0, `${indent}Volumes:\n`);
  for (const volume of volumes) {
    to.write(1, `${indent === '' ? '' : ' '}${volume.name}:\n`);
    writeVolume(to, volume);
  }
}
