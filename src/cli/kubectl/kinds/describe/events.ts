/**
 * The events about an object, below its description. Source: kubectl pkg/describe/describe.go (searchEvents,
 * DescribeEvents).
 */
import type { Event } from '../../../../api/generated/core/v1.ts';
import { StatusError } from '../../../../api/status-error.ts';
import { parseTime } from '../../../../api/time.ts';
import type { ApiObject } from '../../command/session.ts';
import type { Description } from '../../output/description.ts';
import { since } from './common.ts';
import { corePath, type DescribeContext, listItems } from './context.ts';

/** The object that events are about. Without a kind, events about any kind match. */
export interface EventSubject {
  readonly name: string;
  readonly namespace: string;
  readonly kind?: string | undefined;
  readonly uid: string;
}

export const subjectOf = (object: ApiObject): EventSubject => ({
  name: object.metadata?.name ?? '',
  namespace: object.metadata?.namespace ?? '',
  kind: object.kind,
  uid: object.metadata?.uid ?? '',
});

/** The events about an object; none when they cannot be read, as upstream. */
export async function searchEvents(context: DescribeContext, subject: EventSubject): Promise<readonly Event[]> {
  const terms = [
    `involvedObject.name=${subject.name}`,
    `involvedObject.namespace=${subject.namespace}`,
    ...(subject.kind === undefined ? [] : [`involvedObject.kind=${subject.kind}`]),
    ...(subject.uid === '' ? [] : [`involvedObject.uid=${subject.uid}`]),
  ];
  try {
    return await listItems<Event>(context, corePath(subject.namespace, 'events'), { fields: terms.sort().join(',') });
  } catch (error) {
    if (error instanceof StatusError) return [];
    throw error;
  }
}

/** The age of an event, and how often it occurred. */
export function eventInterval(event: Event, nowMs: number): string {
  const hasTime = event.eventTime !== undefined && event.eventTime !== null;
  const first = since(hasTime ? event.eventTime : event.firstTimestamp, nowMs);
  if (event.series !== undefined) return `${since(event.series.lastObservedTime, nowMs)} (x${event.series.count ?? 0} over ${first})`;
  return (event.count ?? 0) > 1 ? `${since(event.lastTimestamp, nowMs)} (x${event.count ?? 0} over ${first})` : first;
}

export function writeEvents(to: Description, events: readonly Event[], nowMs: number): void {
  if (events.length === 0) {
    to.line(0, 'Events:', '<none>');
    return;
  }
  to.flush();
  to.write(0, 'Events:\n  Type\tReason\tAge\tFrom\tMessage\n');
  to.line(1, '----', '------', '----', '----', '-------');
  const last = (event: Event): number => parseTime(event.lastTimestamp ?? '') ?? Number.NEGATIVE_INFINITY;
  for (const event of events.toSorted((a, b) => (last(a) < last(b) ? -1 : last(a) > last(b) ? 1 : 0))) {
    const source = event.source?.component;
    const from = source === undefined || source === '' ? (event.reportingComponent ?? '') : source;
    const path = event.involvedObject.fieldPath ?? '';
    const message = (event.message ?? '').trim();
    to.line(1, event.type ?? '', event.reason ?? '', eventInterval(event, nowMs), from, path === '' ? message : `${path}: ${message}`);
  }
}

/** Reads and writes the events about an object, if events are requested. */
export async function writeEventsOf(to: Description, context: DescribeContext, subject: EventSubject): Promise<void> {
  if (context.showEvents) writeEvents(to, await searchEvents(context, subject), context.nowMs);
}
