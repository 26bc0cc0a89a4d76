/**
 * Grows volumes whose claims wait for a node to do so: the last step of an expansion, after the volume itself has
 * grown. Source: pkg/volume/util/operationexecutor/node_expander.go.
 */

import { errorText } from '../../../api/error-text.ts';
import type { PersistentVolumeClaim, Volume } from '../../../api/generated/core/v1.ts';
import { persistentVolumeClaim } from '../../../api/kinds/core/persistent-volume-claim.ts';
import { claimNameOf } from '../../../api/pod/volume-claims.ts';
import { compareQuantity, tryParseQuantity, zeroQuantity } from '../../../api/quantity.ts';
import { withoutResizeConditions } from '../../../api/resize-conditions.ts';
import { isConflict, isNotFound } from '../../../api/status-error.ts';
import { rfc3339 } from '../../../api/time.ts';
import type { PodState } from '../pods/pod-state.ts';
import { isReadOnly } from './volume-plugins.ts';

const pending = new Set(['NodeResizePending', 'NodeResizeInProgress']);

const amount = (size: string | undefined) => tryParseQuantity(size) ?? zeroQuantity;

type ClaimStatus = PersistentVolumeClaim['status'];

/** The status of a claim whose volume has grown. */
function grown({ status }: PersistentVolumeClaim, size: string, conditions: ClaimStatus['conditions'] = []): ClaimStatus {
  const { allocatedResourceStatuses: { storage: _, ...statuses } = {}, conditions: __, ...rest } = status;
  return {
    ...rest,
    capacity: { ...rest.capacity, storage: size },
    ...(Object.keys(statuses).length === 0 ? {} : { allocatedResourceStatuses: statuses }),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
}

/**
 * Grows a volume that is set up, if its claim waits for that, and says so in the claim. Resolves with false when it
 * could not be grown, which the claim and an event tell too.
 */
export async function growOnNode(volume: Volume, { pod, deps }: PodState): Promise<boolean> {
  const { sources, volumes, clock, events, client } = deps;
  const name = claimNameOf(pod, volume);
  if (name === undefined || isReadOnly(volume)) return true;
  const claim = await sources.claim(pod.metadata.namespace ?? '', name);
  if (claim === undefined || !pending.has(claim.status.allocatedResourceStatuses?.storage ?? '')) return true;
  const found = await sources.volume(claim.spec.volumeName ?? '');
  const size = found?.spec.capacity?.storage;
  if (found === undefined || size === undefined || compareQuantity(amount(size), amount(claim.status.capacity?.storage)) <= 0) return true;
  const of = `for volume ${JSON.stringify(found.metadata.name)}`;
  const say = (type: 'Normal' | 'Warning', reason: string, message: string): void => {
    for (const object of [pod, claim]) events.event(object, type, reason, message);
  };
  const write = async (status: ClaimStatus): Promise<void> => {
    try {
      await client.resource(persistentVolumeClaim).updateStatus({ ...claim, status });
    } catch (error) {
      // Whoever changed the claim has thereby woken this pod.
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
  };
  try {
    await volumes.grow(pod, volume, found);
  } catch (error) {
    const message = errorText(error);
    say('Warning', 'FileSystemResizeFailed', `MountVolume.NodeExpandVolume failed ${of} : ${message}`);
    const since = claim.status.conditions?.find(({ type, status }) => type === 'NodeResizeError' && status === 'True')?.lastTransitionTime;
    const conditions = (claim.status.conditions ?? []).filter(({ type }) => type !== 'NodeResizeError');
    const lastTransitionTime = since ?? rfc3339(clock.now());
    const failed = { type: 'NodeResizeError', status: 'True', lastProbeTime: null, lastTransitionTime };
    await write({ ...claim.status, conditions: [...conditions, { ...failed, message: `failed to expand pvc with ${message}` }] });
    return false;
  }
  say('Normal', 'FileSystemResizeSuccessful', `MountVolume.NodeExpandVolume succeeded ${of} ${deps.node.name}`);
  await write(grown(claim, size, withoutResizeConditions(claim)));
  return true;
}
