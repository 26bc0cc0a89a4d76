/** `configMap`: a file for each key. Source: pkg/volume/configmap/configmap.go. */
import type { ConfigMap, ConfigMapProjection, ConfigMapVolumeSource } from '../../../api/generated/core/v1.ts';
import { contentVolume, type Files, filesOf, type ObjectProjection } from './content-volume.ts';
import type { Projection } from './projection.ts';
import { type VolumeContext, VolumeError, type VolumePlugin } from './volume-plugin.ts';

const dataOf = ({ data, binaryData }: ConfigMap): ReadonlyMap<string, Buffer> =>
  new Map([
    ...Object.entries(data ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value, 'utf8')]),
    ...Object.entries(binaryData ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value, 'base64')]),
  ]);

/** The files of a config map. A missing config map is an error unless it is optional. */
async function configMapFiles(projection: ObjectProjection, { pod, sources }: VolumeContext): Promise<Files> {
  const found = await sources.configMap(pod.metadata.namespace ?? '', projection.name);
  if (found !== undefined) return filesOf(dataOf(found), projection, 'configmap references non-existent config key');
  if (projection.optional) return new Map();
  throw new VolumeError(`configmap ${JSON.stringify(projection.name)} not found`);
}

export const configMapVolume: VolumePlugin<ConfigMapVolumeSource> = contentVolume({
  sourceOf: ({ configMap }) => configMap,
  folder: 'configmap',
  payload: ({ name = '', items, optional = false, defaultMode = 0o644 }, context) =>
    configMapFiles({ name, items, optional, mode: defaultMode }, context),
  references: ({ name }) => [['configMap', name]],
});

export const configMapProjection: Projection<ConfigMapProjection> = {
  sourceOf: ({ configMap }) => configMap,
  files: ({ name = '', items, optional = false }, mode, context) => configMapFiles({ name, items, optional, mode }, context),
  references: ({ name }) => [['configMap', name]],
};
