/** Watching a resource over HTTP: the current objects, then every change, until Ctrl-C or the server ends it. */
import { createInterface } from 'node:readline';
import { type Status, StatusError } from '../../api/status-error.ts';
import { resourcePath } from './discovery.ts';
import type { ResourceSelection } from './resource-args.ts';
import type { ApiObject, Session } from './session.ts';

export interface WatchRequest {
  readonly selection: ResourceSelection;
  readonly selector: string;
  readonly fieldSelector: string;
  /** Whether the objects that exist are delivered first, as ADDED. */
  readonly initial: boolean;
  readonly accept?: string;
}

export interface KubectlWatchEvent {
  readonly type: string;
  readonly object: ApiObject;
}

function parameters(request: WatchRequest): URLSearchParams {
  const params = new URLSearchParams();
  const fields = [request.fieldSelector, ...(request.selection.names ?? []).map((name) => `metadata.name=${name}`)].filter((f) => f !== '');
  if (request.selector !== '') params.set('labelSelector', request.selector);
  if (fields.length > 0) params.set('fieldSelector', fields.join(','));
  return params;
}

/** Calls back for each event; resolves when the watch ends. Rejects with StatusError. */
export async function watchObjects(session: Session, request: WatchRequest, onEvent: (event: KubectlWatchEvent) => void): Promise<void> {
  const { resource, namespace } = request.selection;
  const path = resourcePath(resource, namespace);
  const accept = request.accept === undefined ? {} : { accept: request.accept };
  const params = parameters(request);
  const list = await session.object({ method: 'GET', path: `${path}?${params}`, ...accept });
  if (request.initial) {
    const items = Array.isArray(list['items']) ? (list['items'] as ApiObject[]) : undefined;
    if (items === undefined) onEvent({ type: 'ADDED', object: list });
    else for (const item of items) onEvent({ type: 'ADDED', object: item });
  }
  params.set('watch', 'true');
  params.set('resourceVersion', list.metadata?.resourceVersion ?? '');
  const body = await session.transport.stream({ method: 'GET', path: `${path}?${params}`, signal: session.signal, ...accept });
  try {
    for await (const line of createInterface({ input: body, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line === '') continue;
      const event = JSON.parse(line) as KubectlWatchEvent; // the API's watch framing: one event a line
      if (event.type === 'ERROR') throw new StatusError(event.object as unknown as Status);
      if (event.type !== 'BOOKMARK') onEvent(event);
    }
  } catch (error) {
    if (!session.signal.aborted) throw error;
  } finally {
    body.destroy();
  }
}
