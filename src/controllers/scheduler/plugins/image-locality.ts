/** Prefers nodes that have the Pod's images already. Source: plugins/imagelocality/image_locality.go. */
import type { Plugin } from '../framework.ts';

const megabyte = 1024 * 1024;
const minThreshold = 23 * megabyte;
const maxContainerThreshold = 1000 * megabyte;

/** `:latest` is implied. */
const normalized = (image: string): string => (image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image);

export const imageLocality: Plugin = {
  name: 'ImageLocality',
  weight: 1,
  preScore: ({ pod }, snapshot) => {
    const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers];
    const images = containers.map(({ image }) => normalized(image ?? ''));
    const spread = images.map((image) => snapshot.imageSpread(image) / snapshot.nodes.length);
    if (spread.every((part) => part === 0)) return undefined;
    const max = maxContainerThreshold * containers.length;
    return (node) => {
      const sum = images.reduce((total, image, i) => total + (node.images.get(image) ?? 0) * (spread[i] ?? 0), 0);
      const clamped = Math.min(Math.max(sum, minThreshold), max);
      return Math.trunc((100 * (clamped - minThreshold)) / (max - minThreshold));
    };
  },
};
