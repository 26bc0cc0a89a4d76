/** Watches one object until a condition is true. */
import { StatusError } from '../../../api/status-error.ts';
import type { ApiObject, Session } from '../command/session.ts';
import { resourcePath } from '../resources/discovery.ts';
import type { Info } from '../resources/infos.ts';
import { itemsOf } from '../resources/list.ts';
import { watchEvents } from './watch-events.ts';

/** One object, or with a selector any object that matches. */
export interface WatchTarget extends Pick<Info, 'resource' | 'namespace' | 'name'> {
  readonly selector?: string;
}

/** Makes one list and one watch. False when the server ended the watch before the time-out. */
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
 * Calls `done` with the current object, and again after every change (undefined when it does not exist), until it
 * returns true. Resolves with false when `timeoutMs` passed first; rejects with StatusError, and with what `done`
 * throws.
 */
export async function watchUntil(
  session: Session,
  info: WatchTarget,
  done: (object: ApiObject | undefined) => boolean,
  timeoutMs: number,
): Promise<boolean> {
  const timeout = new AbortController();
  // Node's timers allow at most 2^31-1 ms, so waits are limited to about 24 days.
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
