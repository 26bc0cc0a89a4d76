/** `pods/resize`: takes the resources and resize policies of the containers, nothing else. Source: pkg/registry/core/pod/strategy.go (dropNonResizeUpdates). */
import { FieldPath } from '../../../api/field-error.ts';
import type { Container, Pod } from '../../../api/generated/core/v1.ts';
import type { KubeObject } from '../../../api/object.ts';
import { hasSameContainers, podResizeErrors } from '../../../api/pod/validation/pod-resize.ts';
import type { SubresourceUpdate } from '../registry-parts.ts';

/** Only Pods reach this. */
const asPod = (object: KubeObject): Pod => object as Pod;

const resized = (previous: readonly Container[], next: readonly Container[]): readonly Container[] =>
  previous.map((old, i) => {
    const { resizePolicy: _, ...kept } = old;
    const { resources, resizePolicy } = next[i] ?? old;
    return { ...kept, resources, ...(resizePolicy === undefined ? {} : { resizePolicy }) };
  });

export const podResize: SubresourceUpdate = {
  apply: (received, stored) => {
    const [next, previous] = [asPod(received), asPod(stored)];
    const { containers, initContainers } = next.spec;
    const old = previous.spec;
    const metadata = { ...previous.metadata, resourceVersion: received.metadata.resourceVersion };
    // Other containers than before are for the validation to refuse.
    const spec = hasSameContainers(next.spec, old)
      ? {
          ...old,
          containers: resized(old.containers, containers),
          ...(old.initContainers === undefined ? {} : { initContainers: resized(old.initContainers, initContainers ?? []) }),
        }
      : next.spec;
    return { ...previous, metadata, spec } as Pod;
  },
  validate: (next, previous) => podResizeErrors(asPod(next), asPod(previous), FieldPath.root),
};
