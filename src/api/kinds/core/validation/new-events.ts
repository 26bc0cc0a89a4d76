/**
 * Rules of events.k8s.io/v1 beyond those of core/v1, which stays lenient for older recorders. Source:
 * pkg/apis/core/validation/events.go.
 */
import { type FieldError, type FieldPath, fieldErrors } from '../../../field-error.ts';
import type { Event } from '../../../generated/core/v1.ts';
import { sameJson } from '../../../same-json.ts';
import { type Errors, immutable } from '../../../validation/common.ts';
import { validateObjectMeta, validateObjectMetaUpdate } from '../../../validation/object-meta.ts';

const isUnset = (value: unknown): boolean => value === undefined || value === null || value === '' || value === 0;

function seriesErrors({ series }: Event, at: FieldPath): Errors {
  if (series === undefined || series === null) return [];
  return [
    ...((series.count ?? 0) < 2 ? [fieldErrors.invalid(at.field('series', 'count'), '', 'should be at least 2')] : []),
    ...(isUnset(series.lastObservedTime) ? [fieldErrors.required(at.field('series', 'lastObservedTime'))] : []),
  ];
}

/** Required fields of a new event, and fields that only older events may set. */
export function newEventErrors(event: Event, at: FieldPath): Errors {
  const { eventTime, type = '', firstTimestamp, lastTimestamp, count, source } = event;
  const errors: FieldError[] = [
    ...validateObjectMeta(event.metadata, { namespaced: true }, at.field('metadata')),
    ...seriesErrors(event, at),
  ];
  const unset = (name: string): number => errors.push(fieldErrors.invalid(at.field(name), '', 'needs to be unset'));
  if (isUnset(eventTime)) errors.push(fieldErrors.required(at.field('eventTime')));
  if (type !== 'Normal' && type !== 'Warning') errors.push(fieldErrors.invalid(at.field('type'), '', `has invalid value: ${type}`));
  if (!isUnset(firstTimestamp)) unset('firstTimestamp');
  if (!isUnset(lastTimestamp)) unset('lastTimestamp');
  if (!isUnset(count)) unset('count');
  if (!isUnset(source.component) || !isUnset(source.host)) unset('source');
  return errors;
}

/** Fields that never change once the event is recorded; only its series does. */
const fixed = [
  ...([
    'involvedObject',
    'reason',
    'message',
    'source',
    'firstTimestamp',
    'lastTimestamp',
    'count',
    'reason',
    'type',
    'eventTime',
  ] as const),
  ...(['action', 'related'] as const),
];

/**
 * A field as upstream compares and prints it: by its internal type. Source: pkg/apis/core/types.go (ObjectReference,
 * EventSource).
 */
function shown(event: Event, name: (typeof fixed)[number]): unknown {
  if (name === 'source') return { Component: event.source.component ?? '', Host: event.source.host ?? '' };
  if (name === 'action') return event.action ?? '';
  if (name !== 'involvedObject' && name !== 'related') return event[name];
  const reference = event[name];
  if (reference === undefined) return undefined;
  const { kind = '', namespace = '', uid = '', apiVersion = '', resourceVersion = '', fieldPath = '' } = reference;
  return {
    Kind: kind,
    Namespace: namespace,
    Name: reference.name ?? '',
    UID: uid,
    APIVersion: apiVersion,
    ResourceVersion: resourceVersion,
    FieldPath: fieldPath,
  };
}

/** What an update through events.k8s.io/v1 may not change. */
export const newEventUpdateErrors = (next: Event, previous: Event, at: FieldPath): Errors => [
  ...validateObjectMetaUpdate(next.metadata, previous.metadata, at.field('metadata')),
  ...(sameJson(next.series, previous.series) ? [] : seriesErrors(next, at)),
  ...fixed.flatMap((name) => immutable(shown(next, name), shown(previous, name), at.field(name))),
  ...immutable(next.reportingComponent, previous.reportingComponent, at.field('reportingController')),
  ...immutable(next.reportingInstance, previous.reportingInstance, at.field('reportingInstance')),
];
