/**
 * All supported types of volumes. A new type is a file in this folder and a line here. Source:
 * cmd/kubelet/app/plugins.go.
 */
import type { Volume } from '../../../api/generated/core/v1.ts';
import { configMapVolume } from './config-map.ts';
import { csiVolume } from './csi.ts';
import { downwardApiVolume } from './downward-api.ts';
import { emptyDirVolume } from './empty-dir.ts';
import { hostPathVolume } from './host-path.ts';
import { imageVolume } from './image.ts';
import { nfsVolume } from './nfs.ts';
import { ephemeralVolume, persistentClaimVolume } from './persistent-claim.ts';
import { projectedVolume } from './projected.ts';
import { secretVolume } from './secret.ts';
import type { VolumePlugin } from './volume-plugin.ts';

const volumePlugins: readonly VolumePlugin[] = [
  emptyDirVolume,
  hostPathVolume,
  configMapVolume,
  secretVolume,
  downwardApiVolume,
  projectedVolume,
  persistentClaimVolume,
  ephemeralVolume,
  imageVolume,
  nfsVolume,
  csiVolume,
];

/** A volume's plugin, with the volume's field of that type. */
export interface TypedVolume {
  readonly plugin: VolumePlugin;
  readonly source: object;
}

/** Whether no container may write to a volume. */
export function isReadOnly(volume: Volume): boolean {
  const typed = typedVolume(volume);
  return typed !== undefined && (typed.plugin.readOnly || typed.plugin.asksReadOnly?.(typed.source) === true);
}

/** Finds a volume's plugin. Undefined for a type that the kubelet does not support. */
export function typedVolume(volume: Volume): TypedVolume | undefined {
  for (const plugin of volumePlugins) {
    const source = plugin.sourceOf(volume);
    if (source !== undefined) return { plugin, source };
  }
  return undefined;
}
