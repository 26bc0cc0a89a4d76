/**
 * Requests for APIs that Services in the cluster serve are sent on to them. Source: kube-aggregator
 * pkg/apiserver/handler_proxy.go.
 */

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { availability } from '../../../api/kinds/apiregistration/api-service.ts';
import type { RemoteApi } from '../../aggregation/remote-apis.ts';
import { type RemoteAddress, userHeaders } from '../../aggregation/remote-connections.ts';
import type { Answer } from '../answer.ts';
import type { Exchange } from '../exchange.ts';
import { relayed, relayRequest } from '../proxy/proxy.ts';
import { relayUpgrade } from '../proxy/proxy-upgrade.ts';
import { authorityOf } from '../proxy/resolve-backend.ts';
import { respondText } from '../respond.ts';
import type { ServerContext } from '../server-context.ts';

/** The API that a request is for, when a Service serves it. */
export function remoteApiOf({ path }: Exchange, { remoteApis }: ServerContext): RemoteApi | undefined {
  if (remoteApis === undefined || remoteApis.known.all.length === 0) return undefined;
  const [, prefix, first, second] = path.split('/');
  if (prefix === 'api') return first === undefined || first === '' ? undefined : remoteApis.known.find('', first);
  return second === undefined || second === '' ? undefined : remoteApis.known.find(first ?? '', second);
}

/** The address; undefined when the API is not available. */
function addressOf(api: RemoteApi, { remoteApis, logger }: ServerContext): RemoteAddress | undefined {
  if (remoteApis === undefined || availability(api)?.status !== 'True') return undefined;
  try {
    return remoteApis.connections.to(api);
  } catch (error) {
    logger.warn('the Service of an API cannot be found', { api: api.metadata.name, error: String(error) });
    return undefined;
  }
}

/** Headers by which the API knows the user; those that a client has sent do not count. */
function vouchFor(incoming: IncomingMessage, { user }: Exchange): void {
  for (const name of Object.keys(incoming.headers)) if (name.startsWith('x-remote-')) delete incoming.headers[name];
  Object.assign(incoming.headers, userHeaders(user));
}

/** Answers with what the API answers; 503 when it is not available. */
export async function proxyToApi(exchange: Exchange, server: ServerContext, api: RemoteApi): Promise<Answer> {
  const to = addressOf(api, server);
  if (to === undefined || exchange.node === undefined) return respondText(exchange, 503, 'service unavailable\n');
  const incoming = relayed(exchange.node);
  vouchFor(incoming, exchange);
  incoming.url = `${exchange.path}${exchange.search === '' ? '' : `?${exchange.search}`}`;
  return relayRequest(exchange, server, incoming, {
    scheme: 'https',
    authority: authorityOf({ scheme: 'https', ...to }),
    prefix: '',
    agent: to.agent,
  });
}

/** Passes an upgraded connection on. Returns false when the API is not available. */
export async function upgradeToApi(
  exchange: Exchange,
  server: ServerContext,
  api: RemoteApi,
  { incoming, socket, head }: { readonly incoming: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
): Promise<boolean> {
  const to = addressOf(api, server);
  if (to === undefined) return false;
  vouchFor(incoming, exchange);
  const { host, port, agent } = to;
  await relayUpgrade(incoming, socket, head, { scheme: 'https', host, port, agent, path: incoming.url ?? '/' });
  return true;
}
