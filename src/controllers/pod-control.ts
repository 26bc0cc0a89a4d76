/**
 * Creates and deletes the Pods of a controller's owner, and says so in Events. Source:
 * pkg/controller/controller_utils.go (RealPodControl).
 */
import { errorText } from '../api/error-text.ts';
import type { Pod, PodTemplateSpec } from '../api/generated/core/v1.ts';
import type { Kind } from '../api/kind.ts';
import { pod } from '../api/kinds/core/pod.ts';
import { type KubeObject, type Received, refOf } from '../api/object.ts';
import { isNotFound } from '../api/status-error.ts';
import { isNamespaceTerminating } from '../client/namespace-terminating.ts';
import type { ControllerContext } from './controller.ts';
import { newControllerRef } from './owner-refs.ts';

/** A Pod of a template, owned. `generateName`: default the owner's name and a hyphen. Source: GetPodFromTemplate. */
export function podOf(
  owner: KubeObject,
  kind: Pick<Kind, 'apiVersion' | 'kind'>,
  { metadata, spec }: PodTemplateSpec,
  generateName = `${owner.metadata.name}-`,
): Received<Pod> {
  return {
    apiVersion: pod.apiVersion,
    kind: pod.kind,
    metadata: {
      generateName,
      namespace: owner.metadata.namespace,
      ...(metadata.labels === undefined ? {} : { labels: metadata.labels }),
      ...(metadata.annotations === undefined ? {} : { annotations: metadata.annotations }),
      ...(metadata.finalizers === undefined ? {} : { finalizers: metadata.finalizers }),
      ownerReferences: [newControllerRef(owner, kind)],
    },
    spec,
  };
}

/** Creates a Pod. Rejects when that fails, unless the namespace, and so the owner, is about to go. */
export async function createPod(owner: KubeObject, object: Received<Pod>, { api, events }: ControllerContext): Promise<void> {
  try {
    const created = await api(pod).create(object);
    events.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${created.metadata.name}`);
  } catch (error) {
    if (isNamespaceTerminating(error)) return;
    events.event(owner, 'Warning', 'FailedCreate', `Error creating: ${errorText(error)}`);
    throw error;
  }
}

/** Deletes a Pod; one that is gone is no error. */
export async function deletePod(owner: KubeObject, victim: Pod, { api, events }: ControllerContext): Promise<void> {
  try {
    await api(pod).delete(refOf(victim), { preconditions: { uid: victim.metadata.uid } });
    events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${victim.metadata.name}`);
  } catch (error) {
    if (isNotFound(error)) return;
    events.event(owner, 'Warning', 'FailedDelete', `Error deleting: ${errorText(error)}`);
    throw error;
  }
}
