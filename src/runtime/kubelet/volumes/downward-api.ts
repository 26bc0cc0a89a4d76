/** `downwardAPI`: files with the pod's own fields and resources. Source: pkg/volume/downwardapi/downwardapi.go. */
import type { DownwardAPIProjection, DownwardAPIVolumeFile, DownwardAPIVolumeSource } from '../../../api/generated/core/v1.ts';
import { fieldValue, resourceValue } from '../containers/field-ref.ts';
import { contentVolume, type Files } from './content-volume.ts';
import type { Projection } from './projection.ts';
import { type VolumeContext, VolumeError, type VolumePlugin } from './volume-plugin.ts';

function textOf({ fieldRef, resourceFieldRef }: DownwardAPIVolumeFile, { pod, facts }: VolumeContext): string | undefined {
  if (fieldRef !== undefined) {
    return fieldValue(pod, fieldRef.fieldPath, facts);
  }
  if (resourceFieldRef === undefined) return undefined;
  const { containerName } = resourceFieldRef;
  const container = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find((c) => c.name === containerName);
  if (container === undefined) throw new VolumeError(`container ${containerName ?? ''} not found`);
  return resourceValue(pod, container, resourceFieldRef, facts);
}

function downwardApiFiles(items: readonly DownwardAPIVolumeFile[], mode: number, context: VolumeContext): Files {
  const files: Files = new Map();
  for (const item of items) {
    const text = textOf(item, context);
    if (text === undefined) throw new VolumeError(`unsupported fieldPath: ${item.fieldRef?.fieldPath ?? ''}`);
    files.set(item.path, { content: Buffer.from(text, 'utf8'), mode: item.mode ?? mode });
  }
  return files;
}

export const downwardApiVolume: VolumePlugin<DownwardAPIVolumeSource> = contentVolume({
  sourceOf: ({ downwardAPI }) => downwardAPI,
  folder: 'downward-api',
  payload: async ({ items = [], defaultMode = 0o644 }, context) => downwardApiFiles(items, defaultMode, context),
});

export const downwardApiProjection: Projection<DownwardAPIProjection> = {
  sourceOf: ({ downwardAPI }) => downwardAPI,
  files: async ({ items = [] }, mode, context) => downwardApiFiles(items, mode, context),
};
