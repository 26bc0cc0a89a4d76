/** Decides for which requests an Upgrade header has an effect. */
import type { IncomingMessage } from 'node:http';
import { requestInfo } from '../request-info.ts';
import type { ServerContext } from '../server-context.ts';
import { isWebSocketUpgrade } from './websocket-accept.ts';

/**
 * Whether a request with an Upgrade header names something that can be upgraded. For all other requests the header is
 * ignored, as Go's server does.
 */
export function mayUpgrade(incoming: IncomingMessage, { registry, remoteApis }: Pick<ServerContext, 'registry' | 'remoteApis'>): boolean {
  const [path = '', query = ''] = (incoming.url ?? '').split('?', 2);
  const info = requestInfo(incoming.method ?? 'GET', path, new URLSearchParams(query));
  if (remoteApis?.known.find(info.apiGroup, info.apiVersion) !== undefined) return true;
  const declared = registry.kinds.byResource(info.apiGroup, info.apiVersion, info.resource)?.subresources[info.subresource];
  if (declared?.does === 'connect') return true;
  return (declared?.does === 'read' || info.verb === 'watch') && isWebSocketUpgrade(incoming);
}
