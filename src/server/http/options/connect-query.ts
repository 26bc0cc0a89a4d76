/** The options of a connection, from the query. Source: apiserver pkg/endpoints/handlers/get.go (getRequestOptions). */
import type { ConnectSubresource } from '../../../api/subresource.ts';
import type { Exchange } from '../exchange.ts';

/** The query parameters. For a proxy they include `path`, the path below the sub-resource with its trailing slash. */
export function connectQuery({ query, info }: Exchange, { to }: ConnectSubresource): Iterable<readonly [name: string, value: string]> {
  if (to !== 'server') return query;
  const below = info.rest.length === 0 ? '' : `/${info.rest.join('/')}`;
  const path = info.path.endsWith('/') && !below.endsWith('/') ? `${below}/` : below;
  return [...[...query].filter(([name]) => name !== 'path'), ['path', path]];
}
