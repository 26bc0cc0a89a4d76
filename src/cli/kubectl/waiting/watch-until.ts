/** Watching one object until something is true of it. */
import { StatusError } from '../../../api/status-error.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { resourcePath } from '../resources/discovery.ts';
import type { Info } from '../resources/infos.ts';
import { itemsOf } from '../resources/list.ts';
import { watchEvents } from './watch-events.ts';

/** One object, or, with a selector, any of many. */
export interface WatchTarget extends Pick<Info, 'resource' | 'namespace' | 'name'> {
  readonly selector?: string;
}

/** One watch, from a list: false when the server ended it before the time was up. */
async function watchOnce(
  session: Session,
  info: WatchTarget,
  done: (object: ApiObject | undefined) => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const params = new URLSearchParams(
    info.selector === undefined ? { fieldSelector: `metadata.name=${info.name}` } : { labelSelector: info.selector },
  );
  const path = resourcePath(info.resource, info.namespace);
  const list = await session.object({ method: 'GET', path: `${path}?${params}`, signal });
  if (done(itemsOf(list)[0])) return true;
  params.set('watch', 'true');
  params.set('resourceVersion', list.metadata?.resourceVersion ?? '');
  const body = await session.transport.stream({ method: 'GET', path: `${path}?${params}`, signal });
  try {
    for await (const { type, object } of watchEvents(body)) if (done(type === 'DELETED' ? undefined : object)) return true;
  } catch (error) {
    if (!(error instanceof StatusError) || error.code !== 410) throw error;
  }
  return false;
}

/**
 * Calls back with the object as it is and after every change (undefined when it does not exist) until that says true.
 * Resolves with false when `timeoutMs` passed first; rejects with StatusError, and with what the callback throws.
 */
export async function watchUntil(
  session: Session,
  info: WatchTarget,
  done: (object: ApiObject | undefined) => boolean,
  timeoutMs: number,
): Promise<boolean> {
  const timeout = new AbortController();
  // Node's timers end at 2^31-1 ms; longer waits than 24 days are not distinguished.
  const timer = setTimeout(() => timeout.abort(), Math.min(timeoutMs, 2 ** 31 - 1));
  const signal = AbortSignal.any([session.signal, timeout.signal]);
  try {
    for (;;) if (await watchOnce(session, info, done, signal)) return true;
  } catch (error) {
    if (timeout.signal.aborted) return false;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
