/** `secret`: a file for each key, in memory where the host allows it. Source: pkg/volume/secret/secret.go. */
import type { Secret, SecretProjection, SecretVolumeSource } from '../../../api/generated/core/v1.ts';
import { contentVolume, type Files, filesOf, type ObjectProjection } from './content-volume.ts';
import type { Projection } from './projection.ts';
import { type VolumeContext, VolumeError, type VolumePlugin } from './volume-plugin.ts';

const dataOf = ({ data }: Secret): ReadonlyMap<string, Buffer> =>
  new Map(Object.entries(data ?? {}).map(([key, value]): [string, Buffer] => [key, Buffer.from(value, 'base64')]));

/** The files of a secret. A missing secret is an error unless it is optional. */
async function secretFiles(projection: ObjectProjection, { pod, sources }: VolumeContext): Promise<Files> {
  const found = await sources.secret(pod.metadata.namespace ?? '', projection.name);
  if (found !== undefined) return filesOf(dataOf(found), projection, 'references non-existent secret key');
  if (projection.optional) return new Map();
  throw new VolumeError(`secret ${JSON.stringify(projection.name)} not found`);
}

export const secretVolume: VolumePlugin<SecretVolumeSource> = contentVolume({
  sourceOf: ({ secret }) => secret,
  folder: 'secret',
  payload: ({ secretName = '', items, optional = false, defaultMode = 0o644 }, context) =>
    secretFiles({ name: secretName, items, optional, mode: defaultMode }, context),
  references: ({ secretName }) => [['secret', secretName]],
  holdsSecrets: () => true,
});

export const secretProjection: Projection<SecretProjection> = {
  sourceOf: ({ secret }) => secret,
  files: ({ name = '', items, optional = false }, mode, context) => secretFiles({ name, items, optional, mode }, context),
  references: ({ name }) => [['secret', name]],
  holdsSecrets: true,
};
