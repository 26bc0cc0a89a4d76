/** Shared by the plugins that look at new pods. */
import type { Pod, PodSpec } from '../../api/generated/core/v1.ts';
import type { KubeObject } from '../../api/object.ts';
import type { AdmissionAttributes } from './admission.ts';

/** The pod that a request creates; undefined for any other request. */
export function createdPod({ operation, kind, subresource }: AdmissionAttributes, object: KubeObject): Pod | undefined {
  // Only Pods are stored under this resource name.
  return operation === 'CREATE' && kind.resourceName === 'pods' && subresource === '' ? (object as Pod) : undefined;
}

/** The pod that a request creates or updates; undefined for any other request. */
export function writtenPod({ operation, kind, subresource }: AdmissionAttributes, object: KubeObject): Pod | undefined {
  return operation !== 'DELETE' && kind.resourceName === 'pods' && subresource === '' ? (object as Pod) : undefined;
}

/** A copy with other fields in its spec. */
export const withSpec = (pod: Pod, changes: Partial<PodSpec>): Pod => ({ ...pod, spec: { ...pod.spec, ...changes } });
