/**
 * `image`: the files of an image, read-only, and none of them can be executed. Which image a container gets is decided
 * when it starts (`../containers/image-mounts.ts`), so that nothing has to be set up with the pod's other volumes.
 * Source: pkg/volume/image/image.go; KEP-4639.
 */
import type { ImageVolumeSource } from '../../../api/generated/core/v1.ts';
import type { VolumePlugin } from './volume-plugin.ts';

export const imageVolume: VolumePlugin<ImageVolumeSource> = {
  sourceOf: ({ image }) => image,
  folder: 'image',
  readOnly: true,
  setUp: async () => undefined,
};
