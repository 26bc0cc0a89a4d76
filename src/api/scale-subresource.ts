/**
 * The scale sub-resource: an autoscaling/v1 Scale of any object that has replicas. Source:
 * pkg/registry/apps/deployment/storage/storage.go (ScaleREST).
 */
import { type FieldError, type FieldPath, fieldErrors } from './field-error.ts';
import type { Scale } from './generated/autoscaling/v1.ts';
import type { JsonObject } from './json.ts';
import { scaleKind } from './kinds/autoscaling/scale.ts';
import type { KubeObject } from './object.ts';
import type { StandInSubresource } from './subresource.ts';

/** How a scale sub-resource reads and writes its owner. */
export interface ScaleMapping<T extends KubeObject> {
  replicas(object: T): number;
  statusReplicas(object: T): number;
  /** Label selector in its string form. */
  selector(object: T): string;
  /** Returns a copy with the new count. */
  withReplicas(object: T, replicas: number): T;
}

/** Source: pkg/apis/autoscaling/validation/validation.go (ValidateScale). */
function scaleErrors(replicas: number, at: FieldPath): readonly FieldError[] {
  return replicas < 0 ? [fieldErrors.invalid(at.field('spec', 'replicas'), replicas, 'must be greater than or equal to 0')] : [];
}

/** The count of a decoded Scale. `spec` and its count may be absent, which means 0. */
const replicasOf = (scale: JsonObject): number => (scale as unknown as Partial<Pick<Scale, 'spec'>>).spec?.replicas ?? 0;

/** Declares the scale sub-resource of a Kind. */
export const scaleSubresource = <T extends KubeObject>(mapping: ScaleMapping<T>): StandInSubresource<T> => ({
  does: 'stand-in',
  verbs: ['get', 'patch', 'update'],
  body: { group: scaleKind.group, version: scaleKind.version, kind: scaleKind.kind },
  show: (object) => {
    const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
    const selector = mapping.selector(object);
    return {
      kind: 'Scale',
      apiVersion: 'autoscaling/v1',
      metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
      spec: { replicas: mapping.replicas(object) },
      status: { replicas: mapping.statusReplicas(object), ...(selector === '' ? {} : { selector }) },
    };
  },
  take: (scale, previous) => mapping.withReplicas(previous, replicasOf(scale)),
  validate: (scale, at) => scaleErrors(replicasOf(scale), at),
});
