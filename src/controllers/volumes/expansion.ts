/**
 * Lets claims grow whose volumes were made here: a folder has no size, so only the objects change. Claims with other
 * volumes are told to wait for their driver. Source: pkg/controller/volume/expand/expand_controller.go;
 * kubernetes-csi/external-resizer pkg/controller/controller.go.
 */
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/generated/core/v1.ts';
import { persistentVolume } from '../../api/kinds/core/persistent-volume.ts';
import { persistentVolumeClaim } from '../../api/kinds/core/persistent-volume-claim.ts';
import { hostPathProvisioner } from '../../api/kinds/storage/host-path-provisioner.ts';
import { compareQuantity, formatQuantity, tryParseQuantity, zeroQuantity } from '../../api/quantity.ts';
import { withoutResizeConditions } from '../../api/resize-conditions.ts';
import { rfc3339 } from '../../api/time.ts';
import { controllerAccount } from '../../client/identity.ts';
import { type Controller, type ControllerContext, defineController, settled } from '../controller.ts';
import { annotationOf, capacityOf, provisionedBy, requestOf } from './binding.ts';

const wantsMore = (claim: PersistentVolumeClaim): boolean =>
  claim.status.phase === 'Bound' && compareQuantity(requestOf(claim), tryParseQuantity(claim.status.capacity?.storage) ?? zeroQuantity) > 0;

const isBetweenThem = ({ spec }: PersistentVolume, { metadata }: PersistentVolumeClaim): boolean => spec.claimRef?.uid === metadata.uid;

async function grow(claim: PersistentVolumeClaim, volume: PersistentVolume, { api, clock, events }: ControllerContext): Promise<void> {
  const size = formatQuantity(requestOf(claim));
  const claims = api(persistentVolumeClaim);
  const others = withoutResizeConditions(claim);
  const condition = { type: 'Resizing', status: 'True', lastProbeTime: null, lastTransitionTime: rfc3339(clock.now()) };
  const started = await claims.updateStatus({
    ...claim,
    status: {
      ...claim.status,
      conditions: [...others, condition],
      allocatedResources: { ...claim.status.allocatedResources, storage: size },
      allocatedResourceStatuses: { ...claim.status.allocatedResourceStatuses, storage: 'ControllerResizeInProgress' },
    },
  });
  events.event(claim, 'Normal', 'Resizing', `External resizer is resizing volume ${volume.metadata.name}`);
  if (compareQuantity(capacityOf(volume), requestOf(claim)) < 0) {
    const capacity = { ...volume.spec.capacity, storage: size };
    await api(persistentVolume).update({ ...volume, spec: { ...volume.spec, capacity } });
  }
  const { conditions: _, allocatedResourceStatuses: __, ...rest } = started.status;
  await claims.updateStatus({
    ...started,
    status: { ...rest, capacity: { ...rest.capacity, storage: size }, ...(others.length === 0 ? {} : { conditions: others }) },
  });
  events.event(claim, 'Normal', 'VolumeResizeSuccessful', 'Resize volume succeeded');
}

/** Makes claims as large as they ask for. */
export const volumeExpansionController: Controller<PersistentVolumeClaim> = defineController<PersistentVolumeClaim>({
  name: 'volume-expand',
  identity: controllerAccount('expand-controller'),
  eventSource: 'volume_expand',
  reconciles: persistentVolumeClaim,
  concerns: wantsMore,
  reads: [persistentVolume],
  reconcile: async (ref, context) => {
    const claim = context.cache(persistentVolumeClaim).get(ref);
    if (claim === undefined || !wantsMore(claim)) return settled;
    const volume = context.cache(persistentVolume).get({ namespace: '', name: claim.spec.volumeName ?? '' });
    if (volume === undefined || !isBetweenThem(volume, claim)) return settled;
    if (annotationOf(volume, provisionedBy) === hostPathProvisioner) await grow(claim, volume, context);
    else context.events.event(claim, 'Warning', 'ExternalExpanding', 'waiting for an external controller to expand this PVC');
    return settled;
  },
});
