/**
 * `pods/resize`: takes the resources of the Pod and of its containers, and their resize policies, nothing else. Source:
 * pkg/registry/core/pod/strategy.go (dropNonResizeUpdates).
 */
import type { Container, Pod } from '../generated/core/v1.ts';
import { partSubresource } from '../subresource.ts';
import { hasSameContainers, podResizeErrors } from './validation/pod-resize.ts';

const resized = (previous: readonly Container[], next: readonly Container[]): readonly Container[] =>
  previous.map((old, i) => {
    const { resizePolicy: _, ...kept } = old;
    const { resources, resizePolicy } = next[i] ?? old;
    return { ...kept, resources, ...(resizePolicy === undefined ? {} : { resizePolicy }) };
  });

export const podResize = partSubresource<Pod>({
  take: (next, previous) => {
    const { containers, initContainers, resources } = next.spec;
    const { resources: _, ...old } = previous.spec;
    const metadata = { ...previous.metadata, resourceVersion: next.metadata.resourceVersion };
    // If the set of containers differs, nothing is merged here: validation refuses the request.
    const spec = hasSameContainers(next.spec, old)
      ? {
          ...old,
          ...(resources === undefined ? {} : { resources }),
          containers: resized(old.containers, containers),
          ...(old.initContainers === undefined ? {} : { initContainers: resized(old.initContainers, initContainers ?? []) }),
        }
      : next.spec;
    return { ...previous, metadata, spec };
  },
  validate: podResizeErrors,
});
