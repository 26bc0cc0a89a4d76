/** Prefers nodes that have the Pod's images already. Source: plugins/imagelocality/image_locality.go. */
import { StateKey } from '../framework/cycle-state.ts';
import type { Plugin } from '../framework/plugin.ts';
import { skip } from '../framework/status.ts';

const megabyte = 1024 * 1024;
const minThreshold = 23 * megabyte;
const maxContainerThreshold = 1000 * megabyte;

/** Appends the implied tag `:latest` to an image without one. */
const normalized = (image: string): string => (image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image);

interface Images {
  readonly names: readonly string[];
  /** The number of containers; volumes have images, too. */
  readonly containers: number;
  /** The fraction of all nodes that have each image. */
  readonly spread: readonly number[];
}

const key = new StateKey<Images>('PreScoreImageLocality');

export const imageLocality: Plugin = {
  name: 'ImageLocality',
  preScore: (state, { pod }, _, snapshot) => {
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    const volumes = (pod.spec.volumes ?? []).flatMap(({ image }) => (image === undefined ? [] : [image.reference ?? '']));
    const names = [...containers.map(({ image }) => image ?? ''), ...volumes].map(normalized);
    const spread = names.map((image) => snapshot.imageSpread(image) / snapshot.nodes.length);
    if (spread.every((part) => part === 0)) return skip;
    state.write(key, { names, spread, containers: containers.length });
    return undefined;
  },
  score: (state, _, { images }) => {
    const { names, spread, containers } = state.read(key);
    const max = maxContainerThreshold * containers;
    const sum = names.reduce((total, image, i) => total + Math.trunc((images.get(image) ?? 0) * (spread[i] ?? 0)), 0);
    const clamped = Math.min(Math.max(sum, minThreshold), max);
    return Math.trunc((100 * (clamped - minThreshold)) / (max - minThreshold));
  },
};
