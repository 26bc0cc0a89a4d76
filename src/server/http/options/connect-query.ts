/**
 * The options of a connection, as they come in the query. Source: apiserver pkg/endpoints/handlers/get.go
 * (getRequestOptions).
 */
import type { ConnectSubresource } from '../../../api/subresource.ts';
import type { Exchange } from '../exchange.ts';

/** The parameters; for a server at the other end with the path below the sub-resource, a final slash kept. */
export function connectQuery({ query, info }: Exchange, { to }: ConnectSubresource): Iterable<readonly [name: string, value: string]> {
  if (to !== 'server') return query;
  const below = info.rest.length === 0 ? '' : `/${info.rest.join('/')}`;
  const path = info.path.endsWith('/') && !below.endsWith('/') ? `${below}/` : below;
  return [...[...query].filter(([name]) => name !== 'path'), ['path', path]];
}
