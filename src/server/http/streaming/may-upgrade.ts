/** Which requests an Upgrade header means anything to. */
import type { IncomingMessage } from 'node:http';
import { requestInfo } from '../request-info.ts';
import { isWebSocketUpgrade } from './websocket-accept.ts';

const upgradable: ReadonlySet<string> = new Set(['exec', 'attach', 'portforward', 'proxy']);

/** Whether a request that asks for an upgrade is about something that can be upgraded: for all others Go's server ignores the header. */
export function mayUpgrade(incoming: IncomingMessage): boolean {
  const [path = '', query = ''] = (incoming.url ?? '').split('?', 2);
  const { subresource, verb } = requestInfo(incoming.method ?? 'GET', path, new URLSearchParams(query));
  return upgradable.has(subresource) || ((verb === 'watch' || subresource === 'log') && isWebSocketUpgrade(incoming));
}
