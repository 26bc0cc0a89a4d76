/** The types of volumes that there are. A new one is a file beside this one and a line here. Source: cmd/kubelet/app/plugins.go. */
import type { Volume } from '../../../api/generated/core/v1.ts';
import { configMapVolume } from './config-map.ts';
import { downwardApiVolume } from './downward-api.ts';
import { emptyDirVolume } from './empty-dir.ts';
import { hostPathVolume } from './host-path.ts';
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
];

/** A volume's plugin, with the field that it is about. */
export interface TypedVolume {
  readonly plugin: VolumePlugin;
  readonly source: object;
}

/** Undefined for a volume of a type that the kubelet does not know. */
export function typedVolume(volume: Volume): TypedVolume | undefined {
  for (const plugin of volumePlugins) {
    const source = plugin.sourceOf(volume);
    if (source !== undefined) return { plugin, source };
  }
  return undefined;
}
