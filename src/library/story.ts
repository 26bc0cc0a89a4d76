/** What became of an object and of what it owns, for those who waited for something else. */
import type { Event, Pod } from '../api/generated/core/v1.ts';
import type { AnyKind, Kind } from '../api/kind.ts';
import { event as eventKind } from '../api/kinds/core/event.ts';
import { pod as podKind } from '../api/kinds/core/pod.ts';
import type { KubeObject } from '../api/object.ts';
import type { Client } from '../client/client.ts';
import { conditionsOf, conditionText } from './readiness.ts';

/** How many objects, events of each, and lines of each log are told. */
const most = { objects: 12, events: 15, lines: 10 };
/** How far down: a CronJob's jobs, their pods. */
const generations = 4;

export interface StoryTeller {
  readonly client: Client;
  kinds(): Promise<readonly AnyKind[]>;
  /** The last lines of a container's log; undefined when there is none. */
  lastLines(pod: Pod, container: string, lines: number): Promise<string | undefined>;
}

const isOwnedBy = (object: KubeObject, uids: ReadonlySet<string>): boolean =>
  object.metadata.ownerReferences?.some(({ uid }) => uids.has(uid)) === true;

/** Owners come before what they own. */
const owners: readonly string[] = [
  'cronjobs.batch',
  'jobs.batch',
  'deployments.apps',
  'replicasets.apps',
  'statefulsets.apps',
  'daemonsets.apps',
];

/** The object, and what it owns, directly or not. */
async function familyOf(object: KubeObject, { client, kinds }: StoryTeller): Promise<readonly KubeObject[]> {
  const namespace = object.metadata.namespace ?? '';
  if (namespace === '') return [object];
  const owning = (await kinds()).filter(({ resourceName }) => owners.includes(resourceName));
  const candidates: KubeObject[] = [];
  for (const kind of [...owning, podKind as Kind<KubeObject>]) candidates.push(...(await client.resource(kind).list({ namespace })).items);
  const family = new Map([[object.metadata.uid, object]]);
  for (let generation = 0; generation < generations; generation++)
    for (const each of candidates) if (isOwnedBy(each, new Set(family.keys()))) family.set(each.metadata.uid, each);
  return [...family.values()];
}

const timeOf = ({ eventTime, lastTimestamp, firstTimestamp, metadata }: Event): string =>
  lastTimestamp ?? eventTime ?? firstTimestamp ?? metadata.creationTimestamp ?? '';

function eventLine(event: Event): string {
  const count = event.series?.count ?? event.count ?? 1;
  return `${timeOf(event)} ${event.type ?? ''} ${event.reason ?? ''}${count > 1 ? ` (${count} times)` : ''}: ${(event.message ?? '').trim()}`;
}

/** Why containers do not run, or how they ended. */
function containerLines({ status }: Pod): readonly string[] {
  return [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].map(({ name, ready, restartCount, state }) => {
    const { waiting, terminated } = state ?? {};
    const now =
      waiting !== undefined
        ? `waits: ${waiting.reason ?? ''}${waiting.message === undefined ? '' : `: ${waiting.message}`}`
        : terminated !== undefined
          ? `ended with code ${terminated.exitCode}${terminated.reason === undefined ? '' : ` (${terminated.reason})`}`
          : ready
            ? 'is ready'
            : 'runs, and is not ready';
    return `container ${name} ${now}${restartCount > 0 ? `, after ${restartCount} restarts` : ''}`;
  });
}

const isPod = (object: KubeObject): object is Pod => object.kind === 'Pod' && object.apiVersion === 'v1';

async function logLines(pod: Pod, teller: StoryTeller): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { name, ready } of [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]) {
    if (ready) continue;
    const text = await teller.lastLines(pod, name, most.lines);
    if (text !== undefined && text.trim() !== '')
      lines.push(
        `log of ${name}:`,
        ...text
          .trimEnd()
          .split('\n')
          .map((line) => `  ${line}`),
      );
  }
  return lines;
}

/** Tells about an object and what it owns: conditions, containers, events in order, last lines of logs. */
export async function storyOf(object: KubeObject, teller: StoryTeller): Promise<string> {
  const family = await familyOf(object, teller);
  const namespace = object.metadata.namespace ?? '';
  const events = (await teller.client.resource<Event>(eventKind).list(namespace === '' ? {} : { namespace })).items.toSorted((a, b) =>
    timeOf(a) < timeOf(b) ? -1 : 1,
  );
  const parts: string[] = [];
  for (const each of family.slice(0, most.objects)) {
    const { uid, name } = each.metadata;
    const about = events.filter(({ involvedObject }) => involvedObject.uid === uid).slice(-most.events);
    const lines = [
      ...conditionsOf(each).map(conditionText),
      ...(isPod(each) ? containerLines(each) : []),
      ...about.map(eventLine),
      ...(isPod(each) ? await logLines(each, teller) : []),
    ];
    parts.push(
      `${each.kind} ${name}${each.metadata.deletionTimestamp === undefined ? '' : ' (being deleted)'}`,
      ...lines.map((line) => `  ${line}`),
    );
  }
  if (family.length > most.objects) parts.push(`… and ${family.length - most.objects} more objects`);
  return parts.join('\n');
}
