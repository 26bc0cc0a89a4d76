/** Watches a resource over HTTP: the current objects, then every change, until Ctrl-C or the server ends it. */
import type { ApiObject, Session } from '../command/session.ts';
import { resourcePath } from '../resources/discovery.ts';
import { queryText } from '../resources/list.ts';
import type { ResourceSelection } from '../resources/resource-args.ts';
import { TimeIsOver } from '../streams/answer-body.ts';
import { type KubectlWatchEvent, watchEvents } from './watch-events.ts';

export interface WatchRequest {
  readonly selection: ResourceSelection;
  readonly selector: string;
  readonly fieldSelector: string;
  /** Whether existing objects are delivered first, as ADDED. */
  readonly initial: boolean;
  readonly accept?: string;
}

interface Start {
  readonly objects: readonly ApiObject[];
  /** Where the watch begins. With '0' the server first sends the current state as one event, which must be skipped. */
  readonly resourceVersion: string;
}

/** Reads the state before the watch. A named object must exist. */
async function readStart(session: Session, { selection, selector, fieldSelector, accept }: WatchRequest): Promise<Start> {
  const { resource, namespace, names } = selection;
  const [name] = names ?? [];
  const query = name === undefined ? queryText({ labelSelector: selector, fieldSelector }) : '';
  const answer = await session.object({
    method: 'GET',
    path: resourcePath(resource, namespace, name) + query,
    ...(accept === undefined ? {} : { accept }),
  });
  const { items } = answer;
  if (name !== undefined) return { objects: [answer], resourceVersion: '0' };
  return {
    objects: Array.isArray(items) ? (items as readonly ApiObject[]) : [answer],
    resourceVersion: answer.metadata?.resourceVersion ?? '',
  };
}

/**
 * Calls back for each event; resolves when the server ends the watch, or the session's signal does. Rejects with
 * StatusError when it cannot begin or expires, with CommandError when the connection breaks. Differs: kubectl treats a
 * broken connection as a normal end.
 */
export async function watchObjects(session: Session, request: WatchRequest, onEvent: (event: KubectlWatchEvent) => void): Promise<void> {
  const { selection, selector, fieldSelector, accept } = request;
  const { resource, namespace, names } = selection;
  const start = await readStart(session, request);
  if (request.initial) for (const object of start.objects) onEvent({ type: 'ADDED', object });
  const fields = names?.[0] === undefined ? fieldSelector : `metadata.name=${names[0]}`;
  const query = queryText({
    labelSelector: names === undefined ? selector : '',
    fieldSelector: fields,
    resourceVersion: start.resourceVersion,
    watch: 'true',
  });
  // The resource version is text, so `queryText` does not drop the value '0'.
  const path = `${resourcePath(resource, namespace)}${query}`;
  const body = await session.transport.stream({ method: 'GET', path, signal: session.signal, ...(accept === undefined ? {} : { accept }) });
  let skip = start.resourceVersion === '0';
  try {
    for await (const event of watchEvents(body)) {
      if (!skip) onEvent(event);
      skip = false;
    }
  } catch (error) {
    if (!session.signal.aborted && !(error instanceof TimeIsOver)) throw error;
  }
}
