/** The scale sub-resource of a custom resource. Source: apiextensions-apiserver pkg/registry/customresource/etcd.go. */
import type { CustomResourceSubresourceScale } from '../generated/apiextensions/v1.ts';
import type { JsonObject } from '../json.ts';
import { isObject } from '../json.ts';
import { scaleKind } from '../kinds/autoscaling/scale.ts';
import type { CustomObject } from '../object.ts';
import { asJson, asObject } from '../object-fields.ts';
import { StatusError, statusErrors } from '../status-error.ts';
import type { StandInSubresource } from '../subresource.ts';
import { AccessorError, integerAt, textAt, withValueAt } from './scale-paths.ts';

/** Stands for a count that is not set, while a patch is made: the smallest int32. */
const unset = -2147483648;

/** Reads what may have another type than a Scale needs. Throws StatusError (500), as upstream. */
function reading<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof AccessorError ? new StatusError({ code: 500, message: error.message }) : error;
  }
}

export function customScale({ specReplicasPath, statusReplicasPath, labelSelectorPath = '' }: CustomResourceSubresourceScale) {
  const show = (object: CustomObject, whenUnset: number): JsonObject => {
    const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
    const json = asJson(object);
    return reading(() => {
      const selector = labelSelectorPath === '' ? '' : textAt(json, labelSelectorPath);
      return {
        kind: 'Scale',
        apiVersion: 'autoscaling/v1',
        metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid, resourceVersion, creationTimestamp },
        spec: { replicas: integerAt(json, specReplicasPath) ?? whenUnset },
        status: { replicas: integerAt(json, statusReplicasPath) ?? 0, ...(selector === '' ? {} : { selector }) },
      };
    });
  };
  const declared: StandInSubresource<CustomObject> = {
    does: 'stand-in',
    verbs: ['get', 'patch', 'update'],
    body: { group: scaleKind.group, version: scaleKind.version, kind: scaleKind.kind },
    show: (object) => {
      if (reading(() => integerAt(asJson(object), specReplicasPath)) === undefined) {
        throw statusErrors.internal(`the spec replicas field ${JSON.stringify(specReplicasPath)} does not exist`);
      }
      return show(object, 0);
    },
    showForChange: (object) => show(object, unset),
    take: (scale, previous) => {
      const replicas = isObject(scale.spec) ? (scale.spec.replicas ?? 0) : 0;
      if (replicas === unset) throw statusErrors.badRequest(`the spec replicas field ${JSON.stringify(specReplicasPath)} cannot be empty`);
      // A custom resource with a count set is one still.
      return asObject(withValueAt(asJson(previous), specReplicasPath, replicas)) as CustomObject;
    },
    validate: () => [],
  };
  return declared;
}
