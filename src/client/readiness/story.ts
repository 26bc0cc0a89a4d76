/** Why an object is not ready, told from what it owns and from the events about it. Pure. */
import { readinessOf, type StatusOf } from './readiness.ts';

/** The fields of an Event that tell the story. */
export interface StoryEvent {
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly series?: { readonly count?: number };
  readonly involvedObject?: { readonly uid?: string; readonly kind?: string; readonly namespace?: string; readonly name?: string };
  readonly lastTimestamp?: string | null;
  readonly eventTime?: string | null;
  readonly metadata?: { readonly creationTimestamp?: string };
}

/** What the story is told from: objects of the same namespace, in any order, and events. */
export interface StorySources {
  readonly objects: readonly StatusOf[];
  readonly events: readonly StoryEvent[];
}

/** When an event last happened, as the API writes times. */
export const timeOf = ({ lastTimestamp, eventTime, metadata }: StoryEvent): string =>
  (lastTimestamp || eventTime) ?? metadata?.creationTimestamp ?? '';

const maxEvents = 3;
/** Of objects that share a trouble, only so many are told. */
const maxOwned = 5;

/** `pod shop/web-1`, `node a`. */
export const objectName = ({ kind = '', metadata }: StatusOf): string =>
  `${kind.toLowerCase()} ${metadata?.namespace === undefined ? '' : `${metadata.namespace}/`}${metadata?.name ?? ''}`;

function eventLines(object: StatusOf, events: readonly StoryEvent[]): readonly string[] {
  return events
    .filter(
      ({ type, involvedObject }) => type === 'Warning' && involvedObject?.uid !== undefined && involvedObject.uid === object.metadata?.uid,
    )
    .sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : 1))
    .slice(-maxEvents)
    .map(({ reason = '', message = '', count, series }) => {
      const times = series?.count ?? count ?? 1;
      return `event: ${reason}${times > 1 ? ` (${times} times)` : ''}: ${message.trim()}`;
    });
}

/**
 * Lines, indented by what owns what: what is missing of the object, its last warnings, then the same of what it owns
 * and is not ready. Empty when all is ready.
 */
export function storyOf(object: StatusOf, { objects, events }: StorySources): readonly string[] {
  const { state, why } = readinessOf(object);
  const owned = objects.filter(({ metadata }) =>
    metadata?.ownerReferences?.some(({ uid }) => uid !== undefined && uid === object.metadata?.uid),
  );
  const stories = owned.map((each) => storyOf(each, { objects, events })).filter((lines) => lines.length > 0);
  if (state === 'ready' && stories.length === 0) return [];
  const more = stories.length - maxOwned;
  const below = [...eventLines(object, events), ...stories.slice(0, maxOwned).flat(), ...(more > 0 ? [`and ${more} more like these`] : [])];
  return [`${objectName(object)}: ${state === 'ready' ? 'is ready' : why}`, ...below.map((line) => `  ${line}`)];
}
