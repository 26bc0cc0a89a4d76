/**
 * `projected`: several sources in one folder, later ones over earlier ones. Source: pkg/volume/projected/projected.go.
 */
import type { ClusterTrustBundleProjection, ProjectedVolumeSource, VolumeProjection } from '../../../api/generated/core/v1.ts';
import type { Payload } from './atomic-writer.ts';
import { configMapProjection } from './config-map.ts';
import { contentVolume, type Files } from './content-volume.ts';
import { downwardApiProjection } from './downward-api.ts';
import type { Projection } from './projection.ts';
import { secretProjection } from './secret.ts';
import { tokenProjection } from './service-account-token.ts';
import { type VolumeContext, VolumeError, type VolumePlugin } from './volume-plugin.ts';

const clusterTrustBundleProjection: Projection<ClusterTrustBundleProjection> = {
  sourceOf: ({ clusterTrustBundle }) => clusterTrustBundle,
  files: async ({ optional }) => {
    if (optional === true) return new Map();
    throw new VolumeError('ClusterTrustBundle projections are not supported');
  },
};

const projections: readonly Projection[] = [
  configMapProjection,
  secretProjection,
  downwardApiProjection,
  tokenProjection,
  clusterTrustBundleProjection,
];

/** The sources of a volume, each with its projection. */
function typed({ sources }: ProjectedVolumeSource): { readonly projection: Projection; readonly source: object }[] {
  const first = (volume: VolumeProjection) => {
    for (const projection of projections) {
      const source = projection.sourceOf(volume);
      if (source !== undefined) return [{ projection, source }];
    }
    return [];
  };
  return (sources ?? []).flatMap(first);
}

async function payloadOf(volume: ProjectedVolumeSource, context: VolumeContext): Promise<Payload> {
  const files: Files = new Map();
  for (const { projection, source } of typed(volume)) {
    for (const [path, file] of await projection.files(source, volume.defaultMode ?? 0o644, context)) files.set(path, file);
  }
  return files;
}

export const projectedVolume: VolumePlugin<ProjectedVolumeSource> = contentVolume({
  sourceOf: ({ projected }) => projected,
  folder: 'projected',
  payload: payloadOf,
  check: async (volume, context) => {
    for (const { projection, source } of typed(volume)) {
      if (projection.hasEffects !== true) await projection.files(source, volume.defaultMode ?? 0o644, context);
    }
  },
  references: (volume) => typed(volume).flatMap(({ projection, source }) => [...(projection.references?.(source) ?? [])]),
  holdsSecrets: (volume) => typed(volume).some(({ projection }) => projection.holdsSecrets === true),
});
