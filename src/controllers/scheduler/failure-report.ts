/**
 * Reports in an Event and in a Pod's PodScheduled condition why the Pod has no node. Source:
 * pkg/scheduler/schedule_one.go handleSchedulingFailure, updatePod.
 */
import type { Event, Pod } from '../../api/generated/core/v1.ts';
import type { JsonObject } from '../../api/json.ts';
import { refOf } from '../../api/object.ts';
import { rfc3339 } from '../../api/time.ts';
import type { ResourceClient } from '../../client/client.ts';
import type { Clock } from '../../client/clock.ts';
import { podCondition } from '../pods.ts';
import type { Nomination } from './framework/plugin.ts';

export interface Failure {
  /** A plugin refused the Pod, or something went wrong. */
  readonly reason: 'Unschedulable' | 'SchedulerError';
  readonly message: string;
  readonly nomination: Nomination | undefined;
}

export interface FailureReporter {
  event(object: Pod, type: NonNullable<Event['type']> & ('Normal' | 'Warning'), reason: string, message: string): void;
}

/** Source: validation.NoteLengthLimit, in bytes. */
const maxNoteBytes = 1024;
const suffix = ' ...';

function truncated(message: string): string {
  if (Buffer.byteLength(message) <= maxNoteBytes) return message;
  return `${Buffer.from(message)
    .subarray(0, maxNoteBytes - suffix.length)
    .toString('utf8')}${suffix}`;
}

/** Writes only changes: the condition if its text changed, and the nomination if that changed. */
export async function reportFailure(
  object: Pod,
  { reason, message, nomination }: Failure,
  { events, api, clock }: { readonly events: FailureReporter; readonly api: ResourceClient<Pod>; readonly clock: Clock },
): Promise<void> {
  events.event(object, 'Warning', 'FailedScheduling', truncated(message));
  const status: Record<string, JsonObject[string]> = {};
  const known = podCondition(object, 'PodScheduled');
  if (known?.status !== 'False' || known.reason !== reason || known.message !== message) {
    const lastTransitionTime = known?.status === 'False' ? (known.lastTransitionTime ?? null) : rfc3339(clock.now());
    const condition: JsonObject = { type: 'PodScheduled', status: 'False', reason, message, lastProbeTime: null, lastTransitionTime };
    const { generation } = object.metadata;
    status.conditions = [generation === undefined ? condition : { ...condition, observedGeneration: generation }];
  }
  const nominated = nomination?.nominatedNodeName;
  if (nominated !== undefined && nominated !== (object.status.nominatedNodeName ?? '')) {
    status.nominatedNodeName = nominated === '' ? null : nominated;
  }
  if (Object.keys(status).length > 0) await api.patch(refOf(object), { type: 'strategic', subresource: 'status', body: { status } });
}
