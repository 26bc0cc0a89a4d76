/** The autoscaling/v1 Scale that stands for an object with replicas. */
import type { JsonObject } from '../../api/json.ts';
import type { ScaleMapping } from '../../api/kind.ts';
import type { KubeObject } from '../../api/object.ts';

/** Builds the Scale of an object. */
export function servedScale(mapping: ScaleMapping<KubeObject>, object: KubeObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const selector = mapping.selector(object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
    spec: { replicas: mapping.replicas(object) },
    status: { replicas: mapping.statusReplicas(object), ...(selector === '' ? {} : { selector }) },
  };
}
