/**
 * `pods/ephemeralcontainers`: takes the ephemeral containers, nothing else. Source: pkg/registry/core/pod/strategy.go
 * (podEphemeralContainersStrategy).
 */
import { type FieldError, type FieldPath, fieldErrors } from '../field-error.ts';
import type { Pod } from '../generated/core/v1.ts';
import { sameJson } from '../same-json.ts';
import { partSubresource } from '../subresource.ts';

/**
 * Ephemeral containers can be added, never changed or removed. Source: pkg/apis/core/validation
 * (ValidatePodEphemeralContainersUpdate).
 */
function ephemeralContainerErrors(next: Pod, previous: Pod, root: FieldPath): readonly FieldError[] {
  const at = root.field('spec', 'ephemeralContainers');
  const byName = new Map(next.spec.ephemeralContainers?.map((container) => [container.name, container]));
  return (previous.spec.ephemeralContainers ?? []).flatMap((old) => {
    const now = byName.get(old.name);
    if (now === undefined) return [fieldErrors.forbidden(at, `existing ephemeral containers "${old.name}" may not be removed\n`)];
    return sameJson(old, now) ? [] : [fieldErrors.forbidden(at, `existing ephemeral containers "${old.name}" may not be changed\n`)];
  });
}

export const podEphemeralContainers = partSubresource<Pod>({
  take: (next, previous) => {
    const { ephemeralContainers } = next.spec;
    const { ephemeralContainers: _, ...spec } = previous.spec;
    return {
      ...previous,
      metadata: { ...previous.metadata, resourceVersion: next.metadata.resourceVersion },
      spec: ephemeralContainers === undefined ? spec : { ...spec, ephemeralContainers },
    };
  },
  validate: ephemeralContainerErrors,
});
