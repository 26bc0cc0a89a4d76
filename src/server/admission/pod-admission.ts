/** Helpers for the plugins that look at pods. */
import type { Pod, PodSpec } from '../../api/generated/core/v1.ts';
import type { AdmissionAttributes } from './admission.ts';

/** The pod that a request creates; undefined for any other request. */
export function createdPod({ operation, kind, subresource, object }: AdmissionAttributes): Pod | undefined {
  // Only Pods are stored under this resource name.
  return operation === 'CREATE' && kind.resourceName === 'pods' && subresource === '' ? (object as Pod) : undefined;
}

/** The pod that a request creates or updates; undefined for any other request. */
export function writtenPod({ operation, kind, subresource, object }: AdmissionAttributes): Pod | undefined {
  return (operation === 'CREATE' || operation === 'UPDATE') && kind.resourceName === 'pods' && subresource === ''
    ? (object as Pod)
    : undefined;
}

/** A copy with changed fields in its spec. */
export const withSpec = (pod: Pod, changes: Partial<PodSpec>): Pod => ({ ...pod, spec: { ...pod.spec, ...changes } });
