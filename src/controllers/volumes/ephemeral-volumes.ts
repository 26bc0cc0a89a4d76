/**
 * Makes the claims of Pods' generic ephemeral volumes. The Pod owns its claims, so the garbage collector removes them.
 * Source: pkg/controller/volume/ephemeral/controller.go; component-helpers storage/ephemeral/ephemeral.go.
 */
import { errorText } from '../../api/error-text.ts';
import type { Pod, Volume } from '../../api/generated/core/v1.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { pod } from '../../api/kinds/core/pod.ts';
import { refOf } from '../../api/object.ts';
import { claimNameOf, notForPod } from '../../api/pod/volume-claims.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, type ControllerContext, defineController, settled, watching } from '../controller.ts';
import { podsByClaim, podsByClaimName } from './pod-claims.ts';
import { claimKey } from './volume-indexes.ts';

const needsClaims = ({ metadata, spec }: Pod): boolean =>
  metadata.deletionTimestamp === undefined && (spec.volumes ?? []).some(({ ephemeral }) => ephemeral !== undefined);

async function ensureClaim(object: Pod, volume: Volume, { api, cache }: ControllerContext): Promise<void> {
  const name = claimNameOf(object, volume) ?? '';
  const { namespace = '', uid } = object.metadata;
  const existing = cache(persistentVolumeClaim).get({ namespace, name });
  if (existing !== undefined) {
    const conflict = notForPod(object, existing);
    if (conflict !== undefined) throw new Error(conflict);
    return;
  }
  const template = volume.ephemeral?.volumeClaimTemplate;
  if (template === undefined) return;
  const { annotations, labels } = template.metadata;
  const owner = { apiVersion: 'v1', kind: 'Pod', name: object.metadata.name, uid, controller: true, blockOwnerDeletion: true };
  try {
    await api(persistentVolumeClaim).create({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name, namespace, annotations, labels, ownerReferences: [owner] },
      spec: template.spec,
    });
  } catch (error) {
    throw new Error(`create PVC ${name}: ${errorText(error)}`, { cause: error });
  }
}

/** Makes the claims. */
export const ephemeralVolumeController: Controller<Pod> = defineController<Pod>({
  name: 'ephemeral-volume',
  identity: controllerAccount('ephemeral-volume-controller'),
  eventSource: 'ephemeral_volume',
  reconciles: pod,
  concerns: needsClaims,
  watches: [
    watching(persistentVolumeClaim, (claim, { cache }) =>
      cache(pod).byIndex(podsByClaimName, claimKey(claim)).filter(needsClaims).map(refOf),
    ),
  ],
  indexes: [podsByClaim],
  reconcile: async (ref, context) => {
    const object = context.cache(pod).get(ref);
    if (object === undefined || !needsClaims(object)) return settled;
    for (const volume of object.spec.volumes ?? []) {
      if (volume.ephemeral === undefined) continue;
      try {
        await ensureClaim(object, volume, context);
      } catch (error) {
        context.events.event(object, 'Warning', 'FailedBinding', `ephemeral volume ${volume.name}: ${errorText(error)}`);
        throw error;
      }
    }
    return settled;
  },
});
