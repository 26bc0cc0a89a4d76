/**
 * What happened to an object. Stored as core/v1 and served as events.k8s.io/v1 too.
 * https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/
 */
import type { FieldPath } from '../../field-error.ts';
import type { Event } from '../../generated/core/v1.ts';
import type { JsonObject, JsonValue } from '../../json.ts';
import { defineKind, type KubeObject } from '../../kind.ts';
import { oldVersion } from '../../legacy/old-version.ts';
import type { Column } from '../../table.ts';
import { ageOf } from '../../time.ts';
import { nameColumn } from '../columns.ts';
import { eventErrors } from './validation/event.ts';
import { newEventErrors, newEventUpdateErrors } from './validation/new-events.ts';

const model = 'io.k8s.api.core.v1.Event';
const reference = 'io.k8s.api.core.v1.ObjectReference';

const firstSeen = ({ firstTimestamp, eventTime }: Event, now: number): string => ageOf(firstTimestamp ?? eventTime, now);

function lastSeen(event: Event, now: number): string {
  if (event.series !== undefined) return ageOf(event.series.lastObservedTime, now);
  return event.lastTimestamp === undefined || event.lastTimestamp === null ? firstSeen(event, now) : ageOf(event.lastTimestamp, now);
}

function count({ series, count: times }: Event): number {
  if (series !== undefined) return series.count ?? 0;
  return times === undefined || times === 0 ? 1 : times;
}

function objectText({ involvedObject }: Event): string {
  const kind = (involvedObject.kind ?? '').toLowerCase();
  return involvedObject.name === undefined || involvedObject.name === '' ? kind : `${kind}/${involvedObject.name}`;
}

function sourceText({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source.component || reportingComponent;
  const instance = source.host || reportingInstance;
  return instance === '' ? component : `${component}, ${instance}`;
}

const columns: readonly Column<Event>[] = [
  { name: 'Last Seen', type: 'string', descriptionOf: [model, 'lastTimestamp'], value: lastSeen },
  { name: 'Type', type: 'string', descriptionOf: [model, 'type'], value: ({ type }) => type ?? '' },
  { name: 'Reason', type: 'string', descriptionOf: [model, 'reason'], value: ({ reason }) => reason ?? '' },
  { name: 'Object', type: 'string', descriptionOf: [model, 'involvedObject'], value: objectText },
  {
    name: 'Subobject',
    type: 'string',
    priority: 1,
    descriptionOf: [reference, 'fieldPath'],
    value: ({ involvedObject }) => involvedObject.fieldPath ?? '',
  },
  { name: 'Source', type: 'string', priority: 1, descriptionOf: [model, 'source'], value: sourceText },
  { name: 'Message', type: 'string', descriptionOf: [model, 'message'], value: ({ message }) => (message ?? '').trim() },
  { name: 'First Seen', type: 'string', priority: 1, descriptionOf: [model, 'firstTimestamp'], value: firstSeen },
  { name: 'Count', type: 'string', priority: 1, descriptionOf: [model, 'count'], value: count },
  { ...nameColumn, priority: 1 },
];

/** Names of a field in core/v1 and events.k8s.io/v1 where they differ. Source: pkg/apis/events/v1/conversion.go. */
const renamed: ReadonlyArray<readonly [core: string, events: string]> = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
];
const toEvents: ReadonlyMap<string, string> = new Map(renamed);
const toCore: ReadonlyMap<string, string> = new Map(renamed.map(([core, events]) => [events, core]));

function rename(object: JsonObject, names: ReadonlyMap<string, string>): JsonObject {
  const result: Record<string, JsonValue | undefined> = {};
  for (const [key, value] of Object.entries(object)) result[names.get(key) ?? key] = value;
  return result;
}

/** An empty `reportingController` is '' in core/v1 and absent in events.k8s.io/v1. */
const convert = {
  toStored: (object: JsonObject): JsonObject => {
    const core = rename(object, toCore);
    return { ...core, reportingComponent: core.reportingComponent ?? '', reportingInstance: core.reportingInstance ?? '' };
  },
  fromStored: (object: JsonObject): JsonObject => {
    const { reportingController, reportingInstance, ...rest } = rename(object, toEvents);
    return {
      ...rest,
      ...(reportingController === '' ? {} : { reportingController }),
      ...(reportingInstance === '' ? {} : { reportingInstance }),
    };
  },
} as const;

/** Source: pkg/apis/events/v1/conversion.go (AddFieldLabelConversionsForEvent). */
const eventsFieldLabels: Readonly<Record<string, string>> = {
  'metadata.name': 'metadata.name',
  'metadata.namespace': 'metadata.namespace',
  reason: 'reason',
  'regarding.kind': 'involvedObject.kind',
  'regarding.namespace': 'involvedObject.namespace',
  'regarding.name': 'involvedObject.name',
  'regarding.uid': 'involvedObject.uid',
  'regarding.apiVersion': 'involvedObject.apiVersion',
  'regarding.resourceVersion': 'involvedObject.resourceVersion',
  'regarding.fieldPath': 'involvedObject.fieldPath',
  reportingController: 'reportingComponent',
  type: 'type',
};

/** Only events are ever passed to these hooks. */
const stricter = {
  validateCreate: (object: KubeObject, at: FieldPath) => newEventErrors(object as Event, at),
  validateUpdate: (next: KubeObject, previous: KubeObject, at: FieldPath) => newEventUpdateErrors(next as Event, previous as Event, at),
} as const;

/** Like core/v1, it has no rules of its own. */
const oldEvents = {
  ofGroup: '',
  group: 'events.k8s.io',
  version: 'v1beta1',
  kind: 'Event',
  package: 'events',
  deprecated: '1.22',
  removed: '1.25',
};

export const event = defineKind<Event>({
  group: '',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  scope: 'Namespaced',
  names: { shortNames: ['ev'] },
  codec: {
    schema: model,
    alsoServed: [
      {
        group: 'events.k8s.io',
        version: 'v1',
        schema: 'io.k8s.api.events.v1.Event',
        fieldLabels: eventsFieldLabels,
        ...convert,
        ...stricter,
      },
      oldVersion(oldEvents, { fieldLabels: eventsFieldLabels, ...convert }),
    ],
  },
  rules: { looseMetadata: 'all', validate: eventErrors },
  update: { metadata: 'unchecked', createsAbsent: true },
  select: {
    'involvedObject.kind': ({ involvedObject }) => involvedObject.kind ?? '',
    'involvedObject.namespace': ({ involvedObject }) => involvedObject.namespace ?? '',
    'involvedObject.name': ({ involvedObject }) => involvedObject.name ?? '',
    'involvedObject.uid': ({ involvedObject }) => involvedObject.uid ?? '',
    'involvedObject.apiVersion': ({ involvedObject }) => involvedObject.apiVersion ?? '',
    'involvedObject.resourceVersion': ({ involvedObject }) => involvedObject.resourceVersion ?? '',
    'involvedObject.fieldPath': ({ involvedObject }) => involvedObject.fieldPath ?? '',
    reason: ({ reason }) => reason ?? '',
    reportingComponent: ({ reportingComponent }) => reportingComponent,
    source: ({ source, reportingComponent }) => source.component || reportingComponent,
    type: ({ type }) => type ?? '',
  },
  // `kubectl describe` selects events by this field.
  storage: { diskOnly: 'involvedObject.name' },
  table: { columns },
});
